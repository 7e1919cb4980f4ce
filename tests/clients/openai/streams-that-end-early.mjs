import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { ask, running, test, until } from '../harness.mjs';
import { client } from './client.mjs';

const long = { messages: ask('Tell me a long story.'), max_tokens: 30, ignore_eos: true };

/** Reads a stream that breaks: what came, and the error. */
async function readBroken(model, options = {}) {
  const { data, response } = await client.chat.completions.create({ ...long, ...options, model, stream: true })
    .withResponse();
  const parts = [];
  try {
    for await (const chunk of data) {
      parts.push(chunk.choices[0]?.delta.content ?? '');
    }
  } catch (error) {
    return { parts, error, response };
  }
  return assert.fail(`the stream ended as if it were whole, after ${parts.length} chunks`);
}

async function assertInterrupted(model) {
  const { parts, error, response } = await readBroken(model);
  assert.ok(parts.join('').length > 0, 'what came before the break reached the client');
  assert.ok(error instanceof OpenAI.APIError, `${error?.constructor?.name}: ${error?.stack}`);
  assert.equal(error.code, 'stream_interrupted');
  assert.equal(error.type, 'server_error');
  assert.match(error.message, /The stream ended early/);
  assert.equal(error.requestID, response.headers.get('x-request-id'));
}

test('stream_cut', () => assertInterrupted('cut'));
test('stream_stalled', () => assertInterrupted('stalled'));
test('stream_with_an_error_inside', () => assertInterrupted('inside'));

test('stream_cut_in_the_helper', async () => {
  const stream = client.chat.completions.stream({ ...long, model: 'cut' });
  await assert.rejects(stream.finalChatCompletion(), /The stream ended early/);
});

test('cancel_in_the_middle', async () => {
  const stop = new AbortController();
  const stream = await client.chat.completions.create(
    { ...long, model: 'left-node', stream: true }, { signal: stop.signal });
  let chunks = 0;
  for await (const chunk of stream) {
    chunks += chunk.choices.length;
    if (chunks === 5) {
      stop.abort();
    }
  }
  assert.ok(chunks < 30, `${chunks} chunks`);
});

test('cancel_by_leaving_the_loop', async () => {
  for await (const _ of await client.chat.completions.create({ ...long, model: 'left-node', stream: true })) {
    break;
  }
});

async function cancelBeforeTheFirstToken(stream) {
  const before = await running('late-node');
  const stop = new AbortController();
  const call = client.chat.completions.create({ ...long, model: 'late-node', stream }, { signal: stop.signal });
  const outcome = assert.rejects(Promise.resolve(call), OpenAI.APIUserAbortError);
  const arrived = until(async () => await running('late-node') > before, 'a cloud works on the call');
  await Promise.race([arrived, outcome]);
  stop.abort();
  await outcome;
}

test('cancel_before_the_first_token', async () => {
  await cancelBeforeTheFirstToken(true);
  await cancelBeforeTheFirstToken(false);
});

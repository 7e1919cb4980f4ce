import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { ask } from '../harness.mjs';
import { client, isCloud, testEach } from './client.mjs';

const long = (model) => ({ model, max_tokens: 2000, messages: ask('Tell me a long story.') });

/** Reads a stream that breaks: what came, and the error. */
async function readBroken(model) {
  const stream = await client.messages.create({ ...long(model), stream: true });
  const pieces = [];
  try {
    for await (const event of stream) {
      pieces.push(event.delta?.text ?? '');
    }
  } catch (error) {
    return { text: pieces.join(''), error };
  }
  return assert.fail('the stream ended as if it were whole');
}

testEach('stream_with_an_error_inside', async (model) => {
  const { text, error } = await readBroken(model('inside'));
  assert.ok(text.length > 0, 'what came before the break reached the client');
  assert.ok(error instanceof Anthropic.APIError, `${error?.constructor?.name}: ${error?.stack}`);
  assert.equal(error.error.error.type, 'api_error');
  if (!isCloud) {
    assert.match(error.message, /The stream ended early/);
  }
});

testEach('stream_cut', async (model) => {
  if (isCloud) {
    await assert.rejects(client.messages.stream(long(model('cut'))).finalMessage());
    return;
  }
  const { text, error } = await readBroken(model('cut'));
  assert.ok(text.length > 0);
  assert.equal(error.error.error.details.error_code, 'stream_interrupted');
  await assert.rejects(client.messages.stream(long(model('cut'))).finalMessage(), /The stream ended early/);
});

testEach('abort_in_the_middle', async (model) => {
  const stream = client.messages.stream(long(model('slow')));
  let pieces = 0;
  stream.on('text', () => {
    pieces++;
    if (pieces === 3) {
      stream.abort();
    }
  });
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
});

import assert from 'node:assert/strict';
import { APICallError, generateText, streamText } from 'ai';
import { assertRetryAfter, breakModel, running, test, until, watchedFetch } from '../harness.mjs';
import { provider, providerFor } from './provider.mjs';

const call = (model, from = provider) => ({ model: from.chatModel(model), prompt: 'Hello', maxRetries: 0 });

async function refusal(options) {
  const error = await generateText(options).then(() => assert.fail('it did not fail'), (error) => error);
  assert.ok(APICallError.isInstance(error), `${error?.constructor?.name}: ${error?.stack}`);
  assert.ok(error.responseHeaders['x-request-id']);
  return { error, body: JSON.parse(error.responseBody).error };
}

test('errors', async () => {
  for (const [options, status, code] of [
    [{ ...call('small'), temperature: 9 }, 400, null],
    [call('small', providerFor('nobody')), 401, 'invalid_api_key'],
    [call('us-only', providerFor('nordic')), 403, 'country_not_allowed'],
    [call('no-such-model'), 404, 'model_not_found'],
    [{ ...call('small'), prompt: 'x'.repeat(1_100_000) }, 413, 'request_too_large'],
  ]) {
    const { error, body } = await refusal(options);
    assert.equal(error.statusCode, status);
    assert.equal(error.isRetryable, false);
    assert.equal(error.message, body.message, 'the SDK shows our words');
    if (code) {
      assert.equal(body.code, code);
    }
  }
});

test('errors_to_retry', async () => {
  const few = providerFor('few-ai');
  await generateText({ ...call('small', few), maxOutputTokens: 4 });
  for (const [options, status] of [[call('small', few), 429], [call('throttled'), 429], [call('dead'), 503]]) {
    const { error } = await refusal(options);
    assert.equal(error.statusCode, status);
    assert.equal(error.isRetryable, true);
    assertRetryAfter(new Headers(error.responseHeaders));
  }
});

test('retry_when_a_cloud_comes_back', async () => {
  const mend = await breakModel('mended-ai');
  const watched = watchedFetch(async ({ status }) => {
    if (status !== 200) {
      await mend();
    }
  });
  const own = providerFor('demo', { fetch: watched.fetch });
  const { text } = await generateText({ ...call('mended-ai', own), maxOutputTokens: 4, maxRetries: 2 });
  assert.ok(text);
  assert.deepEqual(watched.seen.map((seen) => seen.status), [503, 200]);
});

async function assertInterrupted(model) {
  const streamed = streamText({ ...call(model), maxOutputTokens: 30, onError: () => {} });
  const parts = [];
  try {
    for await (const part of streamed.fullStream) {
      parts.push(part);
    }
  } catch (error) {
    // After the error that was told, the connection ends without the end of a body, which the SDK reports besides.
    assert.match(error.message, /Failed to process successful response/);
  }
  assert.ok(parts.some((part) => part.type === 'text-delta' && part.text), 'what came before the break was told');
  const errors = parts.filter((part) => part.type === 'error');
  assert.ok(errors.length >= 1, `no error among ${parts.map((part) => part.type)}`);
  assert.equal(errors[0].error.code, 'stream_interrupted');
  assert.match(errors[0].error.message, /The stream ended early/);
  const finishes = parts.filter((part) => part.type.startsWith('finish')).map((part) => part.finishReason);
  assert.ok(finishes.every((reason) => reason === 'error'), `it finished with ${finishes}`);
}

test('stream_cut', () => assertInterrupted('cut'));
test('stream_stalled', () => assertInterrupted('stalled'));
test('stream_with_an_error_inside', () => assertInterrupted('inside'));

test('cancel_in_the_middle', async () => {
  const stop = new AbortController();
  const streamed = streamText({ ...call('left-ai'), maxOutputTokens: 40, abortSignal: stop.signal });
  const types = [];
  for await (const part of streamed.fullStream) {
    types.push(part.type);
    if (part.type === 'text-delta') {
      stop.abort();
    }
  }
  assert.ok(types.includes('abort'), types.join());
});

test('cancel_before_the_first_token', async () => {
  const stop = new AbortController();
  const outcome = assert.rejects(
    generateText({ ...call('late-ai'), maxOutputTokens: 5, abortSignal: stop.signal }), { name: 'AbortError' });
  await Promise.race([until(() => running('late-ai'), 'a cloud works on the call'), outcome]);
  stop.abort();
  await outcome;
});

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { ask, assertRetryAfter, breakModel, test, watchedFetch } from '../harness.mjs';
import { client, clientFor } from './client.mjs';

const question = { model: 'small', messages: ask('Hello'), max_tokens: 4 };

/** Makes the call, which must fail with an error of the kind. */
async function refusal(kind, call) {
  const error = await call.then(() => assert.fail('it did not fail'), (error) => error);
  assert.ok(error instanceof kind, `${error?.constructor?.name}: ${error?.stack}`);
  assert.ok(error instanceof OpenAI.APIError);
  return error;
}

function assertError(error, expected) {
  const { status, type, code, param } = error;
  assert.deepEqual({ status, type, code, param }, { param: null, ...expected });
  assert.ok(error.requestID, 'the error names the request');
  assert.ok(error.message.length > 20, error.message);
  assert.deepEqual(Object.keys(error.error).sort(), ['code', 'message', 'param', 'type']);
}

test('error_400', async () => {
  const missing = await refusal(OpenAI.BadRequestError, client.chat.completions.create({ model: 'small' }));
  assertError(missing, {
    status: 400, type: 'invalid_request_error', code: 'missing_required_parameter', param: 'messages',
  });
  const wrong = await refusal(OpenAI.BadRequestError, client.chat.completions.create({ ...question, n: 'two' }));
  assertError(wrong, { status: 400, type: 'invalid_request_error', code: 'invalid_type', param: 'n' });
});

test('error_400_of_the_cloud', async () => {
  const error = await refusal(
    OpenAI.BadRequestError, client.chat.completions.create({ ...question, temperature: 9 }));
  assert.equal(error.status, 400);
  assert.equal(error.param, 'temperature');
  assert.match(error.message, /temperature/);
  assert.ok(error.requestID);
});

test('error_400_streamed', async () => {
  const error = await refusal(
    OpenAI.BadRequestError, client.chat.completions.create({ ...question, stream: true, temperature: 9 }));
  assert.equal(error.param, 'temperature');
});

test('error_400_context', async () => {
  const error = await refusal(
    OpenAI.BadRequestError, client.chat.completions.create({ ...question, max_tokens: 40_000 }));
  assert.equal(error.code, 'context_length_exceeded');
});

test('error_401', async () => {
  const error = await refusal(
    OpenAI.AuthenticationError, clientFor('nobody').chat.completions.create(question));
  assertError(error, { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' });
});

test('error_401_without_key', async () => {
  const bare = clientFor('demo', { defaultHeaders: { authorization: null } });
  const error = await refusal(OpenAI.AuthenticationError, bare.chat.completions.create(question));
  assertError(error, { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' });
  await refusal(OpenAI.AuthenticationError, (async () => bare.models.list())());
});

test('error_403_country', async () => {
  const nordic = clientFor('nordic');
  const { response } = await nordic.chat.completions.create(question).withResponse();
  assert.equal(response.headers.get('x-sahab-region'), 'no');
  const error = await refusal(
    OpenAI.PermissionDeniedError, nordic.chat.completions.create({ ...question, model: 'us-only' }));
  assertError(error, { status: 403, type: 'permission_error', code: 'country_not_allowed', param: 'model' });
});

test('error_404', async () => {
  const unknown = await refusal(
    OpenAI.NotFoundError, client.chat.completions.create({ ...question, model: 'no-such-model' }));
  assertError(unknown, { status: 404, type: 'invalid_request_error', code: 'model_not_found', param: 'model' });
  assert.match(unknown.message, /no-such-model/);
  const retrieved = await refusal(OpenAI.NotFoundError, client.models.retrieve('no/such'));
  assertError(retrieved, { status: 404, type: 'invalid_request_error', code: 'model_not_found', param: 'model' });
  const path = await refusal(OpenAI.NotFoundError, client.vectorStores.list());
  assertError(path, { status: 404, type: 'invalid_request_error', code: 'unknown_url' });
});

test('error_404_model_of_others', async () => {
  const error = await refusal(
    OpenAI.NotFoundError, clientFor('vectors-only').chat.completions.create(question));
  assert.equal(error.code, 'model_not_found');
});

test('error_413', async () => {
  const error = await refusal(
    OpenAI.APIError, client.chat.completions.create({ ...question, messages: ask('x'.repeat(1_100_000)) }));
  assertError(error, { status: 413, type: 'invalid_request_error', code: 'request_too_large' });
  const after = await client.chat.completions.create(question);
  assert.ok(after.choices[0].message.content, 'the client works on');
});

test('error_429_key', async () => {
  const few = clientFor('few-node');
  await few.chat.completions.create(question);
  const error = await refusal(OpenAI.RateLimitError, few.chat.completions.create(question));
  assertError(error, { status: 429, type: 'requests', code: 'rate_limit_exceeded' });
  assertRetryAfter(error.headers);
  const seconds = Number(error.headers.get('retry-after'));
  assert.ok(seconds <= 61, `a minute, and the slice in which it was counted: ${seconds} s`);
  const ms = Number(error.headers.get('retry-after-ms'));
  assert.ok(ms > (seconds - 1) * 1000 && ms <= seconds * 1000, `${ms} ms and ${seconds} s agree`);
  assert.equal(error.headers.get('x-ratelimit-limit-requests'), '1');
  assert.equal(error.headers.get('x-ratelimit-remaining-requests'), '0');
});

test('error_429_capacity', async () => {
  const error = await refusal(
    OpenAI.RateLimitError, client.chat.completions.create({ ...question, model: 'throttled' }));
  assertError(error, { status: 429, type: 'tokens', code: 'rate_limit_exceeded' });
  assertRetryAfter(error.headers);
});

test('error_503', async () => {
  for (const stream of [false, true]) {
    const error = await refusal(
      OpenAI.InternalServerError, client.chat.completions.create({ ...question, model: 'dead', stream }));
    assert.equal(error.status, 503);
    assert.equal(error.type, 'server_error');
    assert.ok(['upstream_failed', 'no_healthy_deployment'].includes(error.code), error.code);
    assert.ok(error.requestID);
    assertRetryAfter(error.headers);
  }
});

test('retry_when_a_limit_frees', async () => {
  const holder = clientFor('one-node');
  const held = await holder.chat.completions.create({
    model: 'slow', messages: ask('Hold the line'), stream: true, max_tokens: 150, ignore_eos: true,
  });
  const watched = watchedFetch(async ({ status }) => {
    if (status === 429) {
      // Only now does the first call end, so that the retry finds room.
      for await (const _ of held) { /* to its end */ }
    }
  });
  const patient = clientFor('one-node', { maxRetries: 2, fetch: watched.fetch });
  const answer = await patient.chat.completions.create(question);
  assert.ok(answer.choices[0].message.content);
  assert.deepEqual(watched.seen.map((call) => call.status), [429, 200]);
  assertRetryAfter(watched.seen[0].headers);
  const asked = Number(watched.seen[0].headers.get('retry-after-ms'));
  const { pause } = watched.seen[1];
  assert.ok(pause > asked - 20, `the client waited for ${pause} ms, having been asked for ${asked} ms`);
});

test('retry_when_a_cloud_comes_back', async () => {
  const mend = await breakModel('mended-node');
  const watched = watchedFetch(async ({ status }) => {
    if (status !== 200) {
      await mend();
    }
  });
  const patient = clientFor('demo', { maxRetries: 2, fetch: watched.fetch });
  const answer = await patient.chat.completions.create({ ...question, model: 'mended-node' });
  assert.ok(answer.choices[0].message.content);
  assert.deepEqual(watched.seen.map((call) => call.status), [503, 200]);
});

test('no_retry_when_none_is_wanted', async () => {
  const watched = watchedFetch();
  const once = clientFor('demo', { fetch: watched.fetch });
  await refusal(OpenAI.InternalServerError, once.chat.completions.create({ ...question, model: 'dead' }));
  assert.equal(watched.seen.length, 1);
});

test('no_retry_of_what_cannot_succeed', async () => {
  const watched = watchedFetch();
  const patient = clientFor('nordic', { maxRetries: 2, fetch: watched.fetch });
  await refusal(OpenAI.PermissionDeniedError, patient.chat.completions.create({ ...question, model: 'us-only' }));
  await refusal(OpenAI.BadRequestError, patient.chat.completions.create({ model: 'small' }));
  assert.equal(watched.seen.length, 2);
});

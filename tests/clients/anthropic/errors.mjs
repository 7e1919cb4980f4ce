import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { ask, test } from '../harness.mjs';
import { baseURL, client, clientFor, isCloud, testEach } from './client.mjs';

const hello = (model) => ({ model, max_tokens: 20, messages: ask('Hello.') });

async function refused(call, status, type, kind, words) {
  const error = await call.then(() => assert.fail('it was not refused'), (reason) => reason);
  assert.ok(error instanceof kind, `${error?.constructor?.name}: ${error?.stack}`);
  assert.equal(error.status, status);
  assert.equal(error.error.type, 'error');
  assert.equal(error.error.error.type, type);
  assert.match(error.error.error.message, words);
  assert.ok(error.requestID, 'the header request-id is there');
  assert.equal(error.error.request_id, error.requestID);
}

test('error_401', () => refused(
  clientFor('nobody').messages.create(hello('claude-fast')), 401, 'authentication_error', Anthropic.AuthenticationError,
  /key/));

test('key_in_either_header', async () => {
  const body = JSON.stringify(hello('claude-fast'));
  const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
  for (const key of [{ 'x-api-key': client.apiKey }, { authorization: `Bearer ${client.apiKey}` }]) {
    const response = await fetch(`${baseURL}/v1/messages`, { method: 'POST', body, headers: { ...headers, ...key } });
    assert.equal(response.status, 200, await response.text());
  }
  const none = await fetch(`${baseURL}/v1/messages`, { method: 'POST', body, headers });
  assert.equal(none.status, 401);
  assert.equal((await none.json()).error.type, 'authentication_error');
});

test('error_404', () => refused(
  client.messages.create(hello('nothing')), 404, 'not_found_error', Anthropic.NotFoundError, /nothing/));

testEach('error_400', async (model) => {
  const { max_tokens: _, ...unlimited } = hello(model('fast'));
  const bad = (request, words) =>
    refused(client.messages.create(request), 400, 'invalid_request_error', Anthropic.BadRequestError, words);
  await bad(unlimited, /max_tokens/);
  await bad({ ...hello(model('fast')), messages: [] }, /messages/);
  await bad({ ...hello(model('fast')), messages: [{ role: 'narrator', content: 'x' }] }, /role|messages/);
  await bad({ ...hello(model('fast')), logit_bias: {} }, /logit_bias/);
  await bad({ ...hello(model('fast')), stream: true, max_tokens: 0 }, /max_tokens/);
  await bad({ ...hello(model('fast')), messages: ask('x'.repeat(200_000)) }, /long|context/);
  await bad({ ...hello(model('fast')), tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, /web_search/);
});

testEach('error_429', async (model) => {
  const call = client.messages.create(hello(model('throttled')));
  await refused(call, 429, 'rate_limit_error', Anthropic.RateLimitError, /./);
});

testEach('error_529', async (model) => {
  await refused(
    client.messages.create(hello(model('dead'))), isCloud ? 529 : 503, 'overloaded_error',
    Anthropic.InternalServerError, /./);
});

testEach('retry', async (model) => {
  let tries = 0;
  const counting = clientFor(client.apiKey, {
    maxRetries: 1,
    fetch: (url, init) => {
      tries++;
      return fetch(url, init);
    },
  });
  await assert.rejects(counting.messages.create(hello(model('dead'))), Anthropic.InternalServerError);
  assert.equal(tries, 2);
});

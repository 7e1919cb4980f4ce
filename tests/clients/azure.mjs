// The official OpenAI client for JavaScript in its form for Azure, against the emulated Azure itself.
import assert from 'node:assert/strict';
import OpenAI, { AzureOpenAI } from 'openai';
import { ask, runAll, test, weather } from './harness.mjs';

const cloud = process.env.CLOUD_URL;
const endpoint = `${cloud}/north`;
const apiVersion = '2024-10-21';

const dated = (options = {}) =>
  new AzureOpenAI({ endpoint, apiKey: 'secret', apiVersion, maxRetries: 0, ...options });

async function signIn(form) {
  const response = await fetch(`${cloud}/contoso/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'https://cognitiveservices.azure.com/.default',
      client_id: 'demo',
      ...form,
    }),
  });
  return { status: response.status, body: await response.json() };
}

test('dated_version', async () => {
  const answer = await dated().chat.completions.create({ model: 'chat', messages: ask('hello') });
  assert.ok(answer.choices[0].message.content.length > 0);
  assert.equal(answer.choices[0].content_filter_results.hate.severity, 'safe');
  assert.equal(answer.prompt_filter_results[0].prompt_index, 0);
});

test('dated_version_streamed', async () => {
  const stream = await dated().chat.completions.create({
    model: 'chat', messages: ask('hello'), stream: true, stream_options: { include_usage: true },
  });
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  assert.deepEqual(chunks[0].choices, []);
  assert.equal(chunks[0].id, '');
  assert.ok(chunks[0].prompt_filter_results);
  assert.ok(chunks.at(-1).usage.completion_tokens > 0);
});

test('deployment_of_the_client', async () => {
  const client = dated({ deployment: 'chat' });
  const answer = await client.chat.completions.create({ model: 'whatever', messages: ask('hello') });
  assert.equal(answer.model, 'chat');
});

test('v1', async () => {
  const client = new OpenAI({ baseURL: `${endpoint}/openai/v1`, apiKey: 'secret', maxRetries: 0 });
  const answer = await client.chat.completions.create({
    model: 'chat', messages: ask('what is the weather?'), tools: [weather], tool_choice: 'required',
  });
  assert.equal(answer.choices[0].message.tool_calls[0].function.name, 'get_weather');
});

test('embeddings', async () => {
  const answer = await dated().embeddings.create({ model: 'vectors', input: ['one', 'two'] });
  assert.equal(answer.data.length, 2);
  assert.equal(answer.data[0].embedding.length, 64);
});

test('entra', async () => {
  const azureADTokenProvider = async () => (await signIn({ client_secret: 'secret' })).body.access_token;
  const client = new AzureOpenAI({ endpoint, apiVersion, azureADTokenProvider, maxRetries: 0 });
  const answer = await client.chat.completions.create({ model: 'chat', messages: ask('hello') });
  assert.ok(answer.usage.total_tokens > 0);
});

test('entra_wrong_secret', async () => {
  const { status, body } = await signIn({ client_secret: 'wrong' });
  assert.equal(status, 401);
  assert.equal(body.error, 'invalid_client');
  assert.match(body.error_description, /^AADSTS7000215/);
});

test('entra_wrong_token', async () => {
  const client = new AzureOpenAI({
    endpoint, apiVersion, azureADTokenProvider: async () => 'a.b.c', maxRetries: 0,
  });
  await assert.rejects(
    client.chat.completions.create({ model: 'chat', messages: ask('hello') }), OpenAI.AuthenticationError);
});

test('wrong_key', async () => {
  await assert.rejects(
    dated({ apiKey: 'wrong' }).chat.completions.create({ model: 'chat', messages: ask('hello') }),
    (error) => error instanceof OpenAI.AuthenticationError && error.code === '401');
});

test('unknown_deployment', async () => {
  await assert.rejects(
    dated().chat.completions.create({ model: 'none', messages: ask('hello') }),
    (error) => error instanceof OpenAI.NotFoundError && error.code === 'DeploymentNotFound');
});

test('without_version', async () => {
  const response = await fetch(`${endpoint}/openai/deployments/chat/chat/completions`, {
    method: 'POST', headers: { 'api-key': 'secret' }, body: '{}',
  });
  assert.equal(response.status, 404);
});

test('content_filter', async () => {
  await assert.rejects(
    dated().chat.completions.create({ model: 'chat', messages: ask('some emulated-violence') }),
    (error) => error instanceof OpenAI.BadRequestError && error.code === 'content_filter'
      && error.error.innererror.code === 'ResponsibleAIPolicyViolation'
      && error.error.innererror.content_filter_result.violence.filtered);
});

test('full', async () => {
  await assert.rejects(
    dated().chat.completions.create({ model: 'full', messages: ask('hello') }),
    (error) => error instanceof OpenAI.RateLimitError && error.code === '429'
      && Number(error.headers.get('retry-after-ms')) > 0 && Number(error.headers.get('retry-after')) > 0);
});

await runAll();

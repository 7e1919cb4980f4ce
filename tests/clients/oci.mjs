// Oracle's own client for OCI Generative AI, against the emulated one.
import assert from 'node:assert/strict';
import common from 'oci-common';
import inference from 'oci-generativeaiinference';
import { runAll, test, weather } from './harness.mjs';

const cloud = process.env.CLOUD_URL;
const [tenancy, user, fingerprint] = process.env.OCI_KEY_ID.split('/');
const compartmentId = 'ocid1.compartment.oc1..demo';

function clientOf(privateKey = process.env.OCI_PRIVATE_KEY, print = fingerprint) {
  const client = new inference.GenerativeAiInferenceClient({
    authenticationDetailsProvider: new common.SimpleAuthenticationDetailsProvider(
      tenancy, user, print, privateKey, null, common.Region.US_CHICAGO_1),
  });
  client.endpoint = `${cloud}/north`;
  return client;
}

const client = clientOf();
const onDemand = (modelId) => ({ servingType: 'ON_DEMAND', modelId });
const say = (text) => [{ role: 'USER', content: [{ type: 'TEXT', text }] }];
const retryConfiguration = common.NoRetryConfigurationDetails;

const chat = (chatRequest, servingMode = onDemand('chat'), from = client) =>
  from.chat({ chatDetails: { compartmentId, servingMode, chatRequest }, retryConfiguration });

const generic = (more) => ({ apiFormat: 'GENERIC', messages: say('hello'), maxTokens: 50, ...more });
const cohere = (more) => ({ apiFormat: 'COHERE', message: 'hello', maxTokens: 50, ...more });

async function events(stream) {
  let text = '';
  for await (const bytes of stream) {
    text += new TextDecoder().decode(bytes);
  }
  assert.ok(!text.includes('[DONE]'));
  return text.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)));
}

test('chat', async () => {
  const answer = await chat(generic());
  assert.ok(answer.opcRequestId);
  const { chatResponse } = answer.chatResult;
  assert.equal(chatResponse.apiFormat, 'GENERIC');
  assert.equal(chatResponse.choices[0].message.role, 'ASSISTANT');
  assert.ok(chatResponse.choices[0].message.content[0].text.length > 0);
  assert.ok(chatResponse.usage.completionTokens > 0);
});

test('few_words_by_default', async () => {
  const answer = await chat({ apiFormat: 'GENERIC', messages: say('tell me much') });
  assert.ok(answer.chatResult.chatResponse.usage.completionTokens <= 20);
});

test('tools', async () => {
  const answer = await chat(generic({
    tools: [{ type: 'FUNCTION', name: 'get_weather', parameters: weather.function.parameters }],
    toolChoice: { type: 'REQUIRED' },
  }));
  const [call] = answer.chatResult.chatResponse.choices[0].message.toolCalls;
  assert.equal(call.name, 'get_weather');
  assert.equal(typeof JSON.parse(call.arguments).town, 'string');
  assert.equal(answer.chatResult.chatResponse.choices[0].finishReason, 'tool_calls');
});

test('stream', async () => {
  const all = await events(await chat(generic({ isStream: true, streamOptions: { isIncludeUsage: true } })));
  assert.ok(all.length > 3);
  assert.ok(all.filter((event) => event.message).every((event) => event.pad));
  assert.ok(all.some((event) => event.finishReason));
  assert.ok(all.at(-1).usage.totalTokens > 0);
});

test('stream_without_usage', async () => {
  const all = await events(await chat(generic({ isStream: true })));
  assert.ok(all.every((event) => !event.usage));
});

test('cohere', async () => {
  const answer = await chat(cohere());
  assert.ok(answer.chatResult.chatResponse.text.length > 0);
  assert.equal(answer.chatResult.chatResponse.chatHistory.length, 2);
});

test('cohere_stream', async () => {
  const all = await events(await chat(cohere({ isStream: true })));
  const last = all.at(-1);
  assert.equal(last.text, all.slice(0, -1).map((event) => event.text).join(''));
  assert.ok(last.finishReason);
});

test('embed_text', async () => {
  const answer = await client.embedText({
    embedTextDetails: { compartmentId, servingMode: onDemand('vectors'), inputs: ['one', 'two'], inputType: 'SEARCH_QUERY' },
    retryConfiguration,
  });
  assert.equal(answer.embedTextResult.embeddings.length, 2);
  assert.equal(answer.embedTextResult.embeddings[0].length, 64);
});

test('dedicated', async () => {
  const answer = await chat(generic(), {
    servingType: 'DEDICATED', endpointId: 'ocid1.generativeaiendpoint.oc1.us-chicago-1.chat',
  });
  assert.equal(answer.chatResult.modelId, 'chat');
});

const refusedWith = (statusCode, serviceCode) => (error) => {
  assert.equal(error.statusCode, statusCode, String(error));
  assert.equal(error.serviceCode, serviceCode);
  assert.ok(error.opcRequestId);
  return true;
};

test('wrong_key', () => assert.rejects(
  chat(generic(), onDemand('chat'), clientOf(process.env.OCI_WRONG_KEY)), refusedWith(401, 'NotAuthenticated')));

test('unknown_key', () => assert.rejects(
  chat(generic(), onDemand('chat'), clientOf(undefined, 'aa:bb')), refusedWith(401, 'NotAuthenticated')));

test('unknown_model', () => assert.rejects(
  chat(generic(), onDemand('none')), refusedWith(404, 'NotAuthorizedOrNotFound')));

test('bad_request', () => assert.rejects(
  chat(generic({ maxTokens: 0 })), refusedWith(400, 'InvalidParameter')));

test('too_many_requests', () => assert.rejects(
  chat(generic(), onDemand('full')), refusedWith(429, 'TooManyRequests')));

test('unsigned', async () => {
  const response = await fetch(`${cloud}/north/20231130/actions/chat`, {
    method: 'POST', headers: { authorization: 'Bearer secret' }, body: '{}',
  });
  assert.equal(response.status, 401);
  assert.equal((await response.json()).code, 'NotAuthenticated');
});

await runAll();

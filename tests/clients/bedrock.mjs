// The official AWS client for Bedrock, against the emulated AWS itself: over HTTP/2, as it speaks unless told otherwise.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import {
  BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand, CountTokensCommand, InvokeModelCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { controlURL, pixel, runAll, test, worldly } from './harness.mjs';

const endpoint = process.env.CLOUD_URL;
const endpointForHttp1 = process.env.CLOUD_URL_HTTP1;
const keys = { accessKeyId: 'AKIDEMULATED', secretAccessKey: 'secret' };
const claude = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const provisioned = 'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/a1b2c3';

const client = (options = {}) =>
  new BedrockRuntimeClient({ region: 'us-east-1', endpoint, credentials: keys, ...options });
const says = (text) => [{ role: 'user', content: [{ text }] }];

const weather = {
  toolSpec: {
    name: 'get_weather',
    description: 'The weather of a town',
    inputSchema: {
      json: { type: 'object', properties: { town: { type: 'string' } }, required: ['town'] },
    },
  },
};
const clock = { toolSpec: { name: 'get_time', inputSchema: { json: { type: 'object', properties: {} } } } };

/** Reads a stream into its blocks. */
async function collect(response) {
  const blocks = [];
  let stopReason;
  let usage;
  for await (const event of response.stream) {
    const start = event.contentBlockStart;
    if (start) {
      blocks[start.contentBlockIndex] = { name: start.start.toolUse.name, id: start.start.toolUse.toolUseId, input: '' };
    }
    const delta = event.contentBlockDelta;
    if (delta) {
      const block = blocks[delta.contentBlockIndex] ??= { text: '', reasoning: '' };
      block.text += delta.delta.text ?? '';
      block.input += delta.delta.toolUse?.input ?? '';
      block.reasoning += delta.delta.reasoningContent?.text ?? '';
      block.signature = delta.delta.reasoningContent?.signature ?? block.signature;
    }
    stopReason = event.messageStop?.stopReason ?? stopReason;
    usage = event.metadata?.usage ?? usage;
  }
  return { blocks, stopReason, usage };
}

/** Puts a fault in force at the cloud; returns what ends it. */
async function addFault(fault) {
  const response = await fetch(new URL('/faults', controlURL), {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ cloud: 'aws', ...fault }),
  });
  const { id } = await response.json();
  return () => fetch(new URL(`/faults/${id}`, controlURL), { method: 'DELETE' });
}

test('converse', async () => {
  const answer = await client().send(new ConverseCommand({
    modelId: 'chat', system: [{ text: 'Be brief.' }], messages: says(worldly),
    inferenceConfig: { maxTokens: 50, temperature: 0.5, topP: 0.9, stopSequences: ['never said'] },
  }));
  assert.ok(answer.output.message.content[0].text.length > 0);
  assert.ok(['end_turn', 'max_tokens'].includes(answer.stopReason));
  assert.equal(answer.usage.totalTokens, answer.usage.inputTokens + answer.usage.outputTokens);
  assert.match(answer.$metadata.requestId, /^req_/);
});

test('stream', async () => {
  const { blocks, stopReason, usage } = await collect(await client().send(new ConverseStreamCommand({
    modelId: 'chat', messages: says('hello'), inferenceConfig: { maxTokens: 5 },
  })));
  assert.equal(blocks.length, 1);
  assert.ok(blocks[0].text.length > 0);
  assert.equal(stopReason, 'max_tokens');
  assert.equal(usage.outputTokens, 5);
});

test('stream_with_tools', async () => {
  const { blocks, stopReason } = await collect(await client().send(new ConverseStreamCommand({
    modelId: 'chat', messages: says('get_weather and get_time, please'), toolConfig: { tools: [weather, clock] },
  })));
  assert.equal(stopReason, 'tool_use');
  assert.deepEqual(blocks.map((block) => block.name), ['get_weather', 'get_time']);
  assert.equal(typeof JSON.parse(blocks[0].input).town, 'string');
});

test('stream_with_reasoning', async () => {
  const bedrock = client();
  const { blocks } = await collect(await bedrock.send(new ConverseStreamCommand({
    modelId: claude, messages: says('think'), inferenceConfig: { maxTokens: 3000 },
    additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1024 } },
  })));
  const [{ reasoning, signature }, { text }] = blocks;
  assert.ok(reasoning.length > 0 && text.length > 0);
  const back = (thought) => bedrock.send(new ConverseCommand({
    modelId: claude,
    messages: [
      ...says('think'),
      { role: 'assistant', content: [{ reasoningContent: { reasoningText: thought } }, { text }] },
      ...says('go on'),
    ],
  }));
  assert.ok((await back({ text: reasoning, signature })).output);
  await assert.rejects(back({ text: 'something else', signature }), { name: 'ValidationException' });
});

test('tool_results', async () => {
  const bedrock = client();
  const toolConfig = { tools: [weather] };
  const messages = says('get_weather');
  const called = await bedrock.send(new ConverseCommand({ modelId: 'chat', messages, toolConfig }));
  const use = called.output.message.content.find((block) => block.toolUse).toolUse;
  const result = { toolResult: { toolUseId: use.toolUseId, content: [{ text: 'sun' }], status: 'success' } };
  messages.push(called.output.message, { role: 'user', content: [result] });
  const answer = await bedrock.send(new ConverseCommand({ modelId: 'chat', messages, toolConfig }));
  assert.equal(answer.stopReason, 'end_turn');
  await assert.rejects(
    bedrock.send(new ConverseCommand({ modelId: 'chat', messages })), { name: 'ValidationException' });
});

test('image_and_schema', async () => {
  const schema = { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] };
  const answer = await client().send(new ConverseCommand({
    modelId: 'chat',
    messages: [{
      role: 'user',
      content: [
        { image: { format: 'png', source: { bytes: Buffer.from(pixel.split(',')[1], 'base64') } } },
        { text: 'Who is it?' },
      ],
    }],
    outputConfig: {
      textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: JSON.stringify(schema), name: 'who' } } },
    },
  }));
  assert.ok(Number.isInteger(JSON.parse(answer.output.message.content[0].text).age));
  assert.ok(answer.usage.inputTokens > 256);
});

test('prompt_cache', async () => {
  const text = 'a long preface '.repeat(600);
  const ask = async () => (await client().send(new ConverseCommand({
    modelId: 'chat', system: [{ text }, { cachePoint: { type: 'default' } }], messages: says('well?'),
    inferenceConfig: { maxTokens: 5 },
  }))).usage;
  const first = await ask();
  const second = await ask();
  assert.ok(first.cacheWriteInputTokens > 1000 && first.cacheReadInputTokens === 0);
  assert.ok(second.cacheReadInputTokens > 1000);
  assert.equal(
    second.totalTokens,
    second.inputTokens + second.cacheReadInputTokens + second.cacheWriteInputTokens + second.outputTokens);
});

test('embeddings', async () => {
  const invoke = async (body) => JSON.parse(Buffer.from((await client().send(new InvokeModelCommand({
    modelId: 'vectors', contentType: 'application/json', body: JSON.stringify(body),
  }))).body).toString());
  const titan = await invoke({ inputText: 'one', dimensions: 32 });
  assert.equal(titan.embedding.length, 32);
  assert.ok(titan.inputTextTokenCount > 0);
  const cohere = await invoke({ texts: ['one', 'two'], input_type: 'search_query' });
  assert.equal(cohere.embeddings.length, 2);
  assert.equal(cohere.embeddings[0].length, 64);
});

test('count_tokens', async () => {
  const counted = await client().send(new CountTokensCommand({
    modelId: 'chat', input: { converse: { messages: says('twelve bytes') } },
  }));
  assert.equal(counted.inputTokens, 3);
});

test('arn', async () => {
  const { stopReason } = await collect(await client().send(new ConverseStreamCommand({
    modelId: provisioned, messages: says('hello'),
  })));
  assert.equal(stopReason, 'end_turn');
});

test('bearer', async () => {
  const bearer = client({
    credentials: undefined, token: { token: 'secret' }, authSchemePreference: ['httpBearerAuth'],
  });
  assert.ok((await bearer.send(new ConverseCommand({ modelId: 'chat', messages: says('hello') }))).output);
  const wrong = client({
    credentials: undefined, token: { token: 'wrong' }, authSchemePreference: ['httpBearerAuth'],
  });
  await assert.rejects(
    wrong.send(new ConverseCommand({ modelId: 'chat', messages: says('hello') })),
    { name: 'UnrecognizedClientException' });
});

test('temporary_keys', async () => {
  const response = await fetch(new URL('/credentials', endpointForHttp1), { headers: { authorization: 'secret' } });
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken } = await response.json();
  const send = (credentials) =>
    client({ credentials }).send(new ConverseCommand({ modelId: 'chat', messages: says('hello') }));
  assert.ok((await send({ accessKeyId, secretAccessKey, sessionToken })).output);
  await assert.rejects(send({ accessKeyId, secretAccessKey }), { name: 'UnrecognizedClientException' });
  await assert.rejects(
    send({ accessKeyId, secretAccessKey: 'wrong', sessionToken }), { name: 'InvalidSignatureException' });
});

test('wrong_secret', async () => {
  const wrong = client({ credentials: { ...keys, secretAccessKey: 'wrong' } });
  await assert.rejects(
    wrong.send(new ConverseCommand({ modelId: 'chat', messages: says('hello') })),
    (error) => error.name === 'InvalidSignatureException' && error.$metadata.httpStatusCode === 403);
});

test('unknown_key', async () => {
  await assert.rejects(
    client({ credentials: { ...keys, accessKeyId: 'AKIDUNKNOWN' } })
      .send(new ConverseCommand({ modelId: 'chat', messages: says('hello') })),
    { name: 'UnrecognizedClientException' });
});

test('other_region', async () => {
  assert.ok((await client({ region: 'eu-north-1' })
    .send(new ConverseCommand({ modelId: 'chat', messages: says('hello') }))).output);
  await assert.rejects(
    client({ region: 'sa-east-1' }).send(new ConverseCommand({ modelId: 'chat', messages: says('hello') })),
    { name: 'InvalidSignatureException' });
});

test('clock_that_is_wrong', async () => {
  // The first try is too late; the client learns the right time from the answer.
  const answer = await client({ systemClockOffset: -3_600_000 })
    .send(new ConverseCommand({ modelId: 'chat', messages: says('hello') }));
  assert.equal(answer.$metadata.attempts, 2);
});

test('unknown_model', async () => {
  await assert.rejects(
    client().send(new ConverseCommand({ modelId: 'none', messages: says('hello') })),
    { name: 'ValidationException', message: 'The provided model identifier is invalid.' });
});

test('http1', async () => {
  const requestHandler = new NodeHttpHandler({ httpAgent: new Agent() });
  const { stopReason } = await collect(await client({ endpoint: endpointForHttp1, requestHandler })
    .send(new ConverseStreamCommand({ modelId: claude, messages: says('hello') })));
  assert.equal(stopReason, 'end_turn');
});

test('region_in_the_path', async () => {
  const answer = await client({ endpoint: new URL('/us-east-1', endpoint).toString() })
    .send(new ConverseCommand({ modelId: claude, messages: says('hello') }));
  assert.ok(answer.output);
});

test('throttled_once', async () => {
  const mend = await addFault({ model: 'throttled', kind: 'throttle' });
  const bedrock = client();
  let answers = 0;
  bedrock.middlewareStack.add((next) => async (args) => {
    try {
      return await next(args);
    } finally {
      if (++answers === 1) {
        await mend();
      }
    }
  }, { step: 'deserialize', priority: 'high' });
  const answer = await bedrock.send(new ConverseCommand({ modelId: 'throttled', messages: says('hello') }));
  assert.equal(answer.$metadata.attempts, 2);
});

test('exception_in_the_stream', async () => {
  const mend = await addFault({ model: 'inside', kind: 'error-in-200', after_tokens: 3 });
  const response = await client().send(new ConverseStreamCommand({ modelId: 'inside', messages: says('hello') }));
  let deltas = 0;
  await assert.rejects(async () => {
    for await (const event of response.stream) {
      deltas += event.contentBlockDelta ? 1 : 0;
    }
  }, { name: 'InternalServerException' });
  assert.equal(deltas, 3);
  await mend();
});

test('stream_cut', async () => {
  const mend = await addFault({ model: 'cut', kind: 'cut', after_tokens: 3 });
  const bedrock = client();
  const stream = async () =>
    collect(await bedrock.send(new ConverseStreamCommand({ modelId: 'cut', messages: says('hello') })));
  await assert.rejects(stream);
  await mend();
  const { stopReason } = await stream();
  assert.equal(stopReason, 'end_turn');
});

await runAll();
// The clients keep their connections, and with them the process, alive.
process.exit();

import assert from 'node:assert/strict';
import {
  embed, embedMany, generateObject, generateText, jsonSchema, stepCountIs, streamObject, streamText, tool,
} from 'ai';
import { assertPerson, clock, person, pixel, test, watchedFetch, weather, worldly } from '../harness.mjs';
import { provider, providerFor } from './provider.mjs';

const question = {
  model: provider.chatModel('small'), prompt: 'Tell me of the clouds.', maxOutputTokens: 24, seed: 7, maxRetries: 0,
};

test('chat', async () => {
  const { text, usage, finishReason, response } = await generateText(question);
  assert.ok(text.length > 0);
  assert.ok(['stop', 'length'].includes(finishReason));
  assert.equal(usage.inputTokens, 6);
  assert.ok(usage.outputTokens > 0 && usage.outputTokens <= 24);
  assert.ok(response.headers['x-request-id']);
  assert.ok(response.headers['x-sahab-deployment']);
});

test('stream', async () => {
  const whole = await generateText(question);
  const streamed = streamText(question);
  const types = [];
  let text = '';
  for await (const part of streamed.fullStream) {
    types.push(part.type);
    assert.notEqual(part.type, 'error', String(part.error));
    text += part.type === 'text-delta' ? part.text : '';
  }
  assert.equal(text, whole.text);
  assert.equal(await streamed.finishReason, whole.finishReason);
  assert.equal((await streamed.usage).outputTokens, whole.usage.outputTokens);
  assert.equal(types[0], 'start');
  assert.equal(types.at(-1), 'finish');
});

test('stream_without_usage', async () => {
  const streamed = streamText({ ...question, model: providerFor('demo', { includeUsage: false }).chatModel('small') });
  assert.ok((await streamed.text).length > 0);
  assert.equal((await streamed.usage).outputTokens, undefined, 'usage comes only when it was asked for');
});

test('image', async () => {
  const bytes = Buffer.from(pixel.split(',')[1], 'base64');
  const { usage } = await generateText({
    ...question,
    prompt: undefined,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'image', image: bytes }] }],
  });
  assert.ok(usage.inputTokens > 250, 'the image counts');
});

const tools = (calls) => Object.fromEntries([weather, clock].map(({ function: { name, description, parameters } }) => [
  name,
  tool({
    description,
    inputSchema: jsonSchema(parameters),
    execute: async (input) => {
      calls.push([name, input]);
      return `the answer of ${name}`;
    },
  }),
]));

const withTools = (calls) => ({
  ...question,
  maxOutputTokens: undefined,
  prompt: 'Use get_weather and get_time.',
  tools: tools(calls),
  stopWhen: stepCountIs(3),
});

test('tools', async () => {
  const calls = [];
  const { text, steps } = await generateText(withTools(calls));
  assert.deepEqual(calls.map(([name]) => name), ['get_weather', 'get_time']);
  assert.equal(typeof calls[0][1].town, 'string');
  assert.equal(steps.length, 2);
  assert.equal(steps[0].finishReason, 'tool-calls');
  assert.ok(text.length > 0);
});

test('tools_streamed', async () => {
  const calls = [];
  const streamed = streamText(withTools(calls));
  assert.ok((await streamed.text).length > 0);
  assert.deepEqual(calls.map(([name]) => name), ['get_weather', 'get_time']);
  assert.equal((await streamed.steps).length, 2);
});

test('json_schema', async () => {
  const { object } = await generateObject({
    ...question, maxOutputTokens: undefined, schema: jsonSchema(person), schemaName: 'person',
  });
  assertPerson(object);
});

test('json_schema_streamed', async () => {
  const streamed = streamObject({ ...question, maxOutputTokens: undefined, schema: jsonSchema(person) });
  let last;
  for await (const partial of streamed.partialObjectStream) {
    last = partial;
  }
  assertPerson(last);
  assert.deepEqual(await streamed.object, last);
});

test('completions', async () => {
  const { text } = await generateText({ ...question, model: provider.completionModel('small') });
  assert.ok(text.length > 0);
  assert.equal(await streamText({ ...question, model: provider.completionModel('small') }).text, text);
});

test('embeddings', async () => {
  const model = provider.embeddingModel('vectors');
  const { embedding, usage } = await embed({ model, value: 'clouds' });
  assert.equal(embedding.length, 64);
  assert.ok(usage.tokens > 0);
  const { embeddings } = await embedMany({ model, values: ['clouds', 'سحاب'] });
  assert.deepEqual(embeddings[0], embedding);
  assert.notDeepEqual(embeddings[1], embedding);
});

test('unicode', async () => {
  const asked = { model: provider.chatModel('echo'), prompt: worldly };
  assert.equal((await generateText(asked)).text, worldly);
  assert.equal(await streamText(asked).text, worldly);
});

test('unknown_fields', async () => {
  const watched = watchedFetch();
  const model = providerFor('demo', { fetch: watched.fetch }).chatModel('echo');
  const providerOptions = { sahab: { vendor_option: { deep: [1, { a: null }] } } };
  await generateText({ model, prompt: 'pass me on', providerOptions });
  await streamText({ model, prompt: 'pass me on', providerOptions }).text;
  return watched.seen.map((call) => call.body);
});

test('fifty_at_once', async () => {
  await Promise.all(Array.from({ length: 50 }, async (_, number) => {
    const prompt = `call number ${number}`;
    const asked = { model: provider.chatModel('echo'), prompt };
    const text = number % 2 === 0 ? (await generateText(asked)).text : await streamText(asked).text;
    assert.equal(text, prompt);
  }));
});

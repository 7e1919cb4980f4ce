import assert from 'node:assert/strict';
import { ask, assertPerson, person, pixel, test, watchedFetch, worldly } from '../harness.mjs';
import { client, clientFor } from './client.mjs';

const question = { model: 'small', messages: ask('Tell me of the clouds.'), max_tokens: 24, seed: 7 };

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return chunks;
}

const textOf = (chunks, index = 0) => chunks
  .flatMap((chunk) => chunk.choices)
  .filter((choice) => choice.index === index)
  .map((choice) => choice.delta.content ?? '')
  .join('');

test('chat', async () => {
  const answer = await client.chat.completions.create(question);
  assert.equal(answer.object, 'chat.completion');
  assert.equal(answer.choices.length, 1);
  assert.equal(answer.choices[0].message.role, 'assistant');
  assert.ok(answer.choices[0].message.content.length > 0);
  assert.ok(['stop', 'length'].includes(answer.choices[0].finish_reason));
  assert.equal(answer.usage.prompt_tokens, 6);
  assert.ok(answer.usage.completion_tokens > 0 && answer.usage.completion_tokens <= 24);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

test('chat_headers', async () => {
  const { data, response, request_id: id } = await client.chat.completions.create(question).withResponse();
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/, 'the request id is a UUIDv7');
  assert.equal(data._request_id, id);
  assert.ok(['azure', 'own'].includes(response.headers.get('x-sahab-provider')));
  assert.ok(['us', 'no'].includes(response.headers.get('x-sahab-region')));
  assert.ok(response.headers.get('x-sahab-deployment').endsWith('small'));
  assert.equal(response.headers.get('x-sahab-attempts'), '1');
  assert.match(response.headers.get('x-sahab-overhead-ms'), /^[0-9]+\.[0-9]{3}$/);
  assert.match(response.headers.get('content-type'), /^application\/json/);
});

test('stream', async () => {
  const whole = await client.chat.completions.create(question);
  const { data, response } = await client.chat.completions.create({ ...question, stream: true }).withResponse();
  assert.match(response.headers.get('content-type'), /^text\/event-stream/);
  assert.ok(response.headers.get('x-request-id'));
  assert.ok(response.headers.get('x-sahab-provider'));
  const chunks = await collect(data);
  assert.ok(chunks.every((chunk) => chunk.object === 'chat.completion.chunk' && chunk.id === chunks[0].id));
  assert.equal(chunks[0].choices[0].delta.role, 'assistant');
  assert.ok(chunks.every((chunk) => chunk.choices.length === 1), 'no chunk without choices unless usage was asked for');
  assert.ok(chunks.every((chunk) => chunk.usage == null), 'no usage unless it was asked for');
  const finishes = chunks.map((chunk) => chunk.choices[0].finish_reason).filter(Boolean);
  assert.deepEqual(finishes, [whole.choices[0].finish_reason]);
  assert.equal(chunks.at(-1).choices[0].finish_reason, finishes[0]);
  assert.equal(textOf(chunks), whole.choices[0].message.content);
});

test('stream_usage', async () => {
  const whole = await client.chat.completions.create(question);
  const chunks = await collect(await client.chat.completions.create({
    ...question, stream: true, stream_options: { include_usage: true },
  }));
  const last = chunks.at(-1);
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.completion_tokens, whole.usage.completion_tokens);
  assert.equal(last.usage.prompt_tokens, whole.usage.prompt_tokens);
  assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage == null));
  assert.equal(textOf(chunks), whole.choices[0].message.content);
});

test('stream_usage_declined', async () => {
  const chunks = await collect(await client.chat.completions.create({
    ...question, stream: true, stream_options: { include_usage: false },
  }));
  assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && chunk.usage == null));
});

test('stream_helper', async () => {
  const whole = await client.chat.completions.create(question);
  const events = [];
  const stream = client.chat.completions.stream({ ...question, stream_options: { include_usage: true } });
  stream.on('content.delta', ({ delta }) => events.push(delta));
  const final = await stream.finalChatCompletion();
  assert.equal(final.choices[0].message.content, whole.choices[0].message.content);
  assert.equal(events.join(''), whole.choices[0].message.content);
  assert.equal(final.choices[0].finish_reason, whole.choices[0].finish_reason);
  assert.equal((await stream.totalUsage()).completion_tokens, whole.usage.completion_tokens);
});

test('choices', async () => {
  const whole = await client.chat.completions.create({ ...question, n: 2 });
  assert.deepEqual(whole.choices.map((choice) => choice.index), [0, 1]);
  assert.notEqual(whole.choices[0].message.content, whole.choices[1].message.content);
  const chunks = await collect(await client.chat.completions.create({ ...question, n: 2, stream: true }));
  for (const index of [0, 1]) {
    assert.equal(textOf(chunks, index), whole.choices[index].message.content);
    const finishes = chunks.flatMap((chunk) => chunk.choices)
      .filter((choice) => choice.index === index && choice.finish_reason);
    assert.equal(finishes.length, 1);
  }
});

test('logprobs', async () => {
  const asked = { ...question, logprobs: true, top_logprobs: 3 };
  const whole = await client.chat.completions.create(asked);
  const tokens = whole.choices[0].logprobs.content;
  assert.equal(tokens.map((token) => token.token).join(''), whole.choices[0].message.content);
  assert.ok(tokens.every((token) => token.logprob <= 0 && token.top_logprobs.length === 3));
  const chunks = await collect(await client.chat.completions.create({ ...asked, stream: true }));
  const streamed = chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.content ?? []);
  assert.deepEqual(streamed.map((token) => token.token), tokens.map((token) => token.token));
});

test('image', async () => {
  const messages = [{
    role: 'user',
    content: [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: pixel, detail: 'low' } },
    ],
  }];
  const answer = await client.chat.completions.create({ ...question, messages });
  assert.ok(answer.usage.prompt_tokens > 250, 'the image counts');
  assert.ok(answer.choices[0].message.content);
});

const personFormat = { type: 'json_schema', json_schema: { name: 'person', strict: true, schema: person } };

test('json_schema', async () => {
  const answer = await client.chat.completions.create({
    model: 'small', messages: ask('Invent a person.'), response_format: personFormat,
  });
  assertPerson(JSON.parse(answer.choices[0].message.content));
});

test('json_schema_parsed', async () => {
  const answer = await client.chat.completions.parse({
    model: 'small', messages: ask('Invent a person.'), response_format: personFormat,
  });
  assertPerson(answer.choices[0].message.parsed);
});

test('json_schema_streamed', async () => {
  const stream = client.chat.completions.stream({
    model: 'small', messages: ask('Invent a person.'), response_format: personFormat,
  });
  const final = await stream.finalChatCompletion();
  assertPerson(JSON.parse(final.choices[0].message.content));
});

test('json_object', async () => {
  const answer = await client.chat.completions.create({
    model: 'small', messages: ask('Answer in JSON.'), response_format: { type: 'json_object' },
  });
  assert.equal(typeof JSON.parse(answer.choices[0].message.content), 'object');
});

test('service_tier', async () => {
  for (const service_tier of ['auto', 'default', 'flex', 'priority']) {
    const answer = await client.chat.completions.create({ ...question, service_tier });
    assert.ok(answer.choices[0].message.content);
  }
});

test('unicode', async () => {
  const answer = await client.chat.completions.create({ model: 'echo', messages: ask(worldly) });
  assert.equal(answer.choices[0].message.content, worldly);
});

test('unicode_streamed', async () => {
  const chunks = await collect(await client.chat.completions.create({
    model: 'echo', messages: ask(worldly), stream: true,
  }));
  assert.equal(textOf(chunks), worldly);
  assert.ok(chunks.length > 20, 'it came in small pieces');
});

test('slow_reader', async () => {
  const long = worldly.repeat(400);
  const stream = await client.chat.completions.create({ model: 'echo', messages: ask(long), stream: true });
  const parts = [];
  for await (const chunk of stream) {
    parts.push(chunk.choices[0]?.delta.content ?? '');
    if (parts.length % 100 === 0) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  assert.equal(parts.join(''), long);
});

test('unknown_fields', async () => {
  const watched = watchedFetch();
  const own = clientFor('demo', { fetch: watched.fetch });
  const marks = {
    model: 'echo', messages: ask('pass me on'), vendor_option: { deep: [1, { a: null }] }, 'x-é': '☁',
  };
  await own.chat.completions.create({ ...marks, temperature: 0.1 });
  await collect(await own.chat.completions.create({ ...marks, stream: true }));
  return watched.seen.map((call) => call.body);
});

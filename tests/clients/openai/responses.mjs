import assert from 'node:assert/strict';
import { assertPerson, clock, person, test, weather } from '../harness.mjs';
import { client, clientFor } from './client.mjs';

const question = { model: 'small', input: 'Tell me of the clouds.', max_output_tokens: 24 };
const asFunction = (tool) => ({ type: 'function', ...tool.function, strict: true });
const tools = [weather, clock].map(asFunction);

async function collect(stream) {
  const events = [];
  for await (const event of stream) {
    events.push(event);
  }
  return events;
}

test('responses', async () => {
  const response = await client.responses.create(question);
  assert.equal(response.object, 'response');
  assert.ok(['completed', 'incomplete'].includes(response.status));
  assert.ok(response.output_text.length > 0);
  assert.equal(response.output[0].type, 'message');
  assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
  assert.ok(response.usage.output_tokens <= 24);
});

test('responses_streamed', async () => {
  const whole = await client.responses.create({ ...question, store: false });
  const events = await collect(await client.responses.create({ ...question, stream: true }));
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, index) => index));
  assert.deepEqual(events.slice(0, 4).map((event) => event.type), [
    'response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added',
  ]);
  const text = events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta).join('');
  const last = events.at(-1);
  assert.equal(last.type, `response.${whole.status}`);
  assert.equal(text, whole.output_text);
  assert.equal(last.response.output[0].content[0].text, text);
  assert.deepEqual(last.response.usage, whole.usage);
});

test('responses_stream_helper', async () => {
  const deltas = [];
  const stream = client.responses.stream(question);
  stream.on('response.output_text.delta', (event) => deltas.push(event.delta));
  const final = await stream.finalResponse();
  assert.equal(final.output_text, deltas.join(''));
  assert.ok(final.output_text.length > 0);
});

async function runTools(ask) {
  let response = await ask({ model: 'small', input: 'Use get_weather and get_time.', tools });
  const calls = response.output.filter((item) => item.type === 'function_call');
  assert.deepEqual(calls.map((call) => call.name), ['get_weather', 'get_time']);
  assert.equal(typeof JSON.parse(calls[0].arguments).town, 'string');
  response = await ask({
    model: 'small',
    previous_response_id: response.id,
    tools,
    input: calls.map((call) => ({
      type: 'function_call_output', call_id: call.call_id, output: `the answer of ${call.name}`,
    })),
  });
  assert.ok(response.output_text.length > 0, 'after its tools the model speaks');
  const again = await ask({ model: 'small', previous_response_id: response.id, input: 'And now?', max_output_tokens: 9 });
  assert.ok(again.usage.input_tokens > response.usage.input_tokens);
}

test('responses_tools', () => runTools((body) => client.responses.create(body)));
test('responses_tools_streamed', () => runTools((body) => client.responses.stream(body).finalResponse()));

test('responses_tools_without_a_store', async () => {
  const input = [{ role: 'user', content: 'Use get_weather and get_time.' }];
  const first = await client.responses.create({ model: 'small', input, tools, store: false });
  input.push(...first.output);
  for (const call of first.output.filter((item) => item.type === 'function_call')) {
    input.push({ type: 'function_call_output', call_id: call.call_id, output: 'fine' });
  }
  const second = await client.responses.create({ model: 'small', input, tools, store: false });
  assert.ok(second.output_text.length > 0);
});

test('responses_tool_choice', async () => {
  const one = await client.responses.create({
    model: 'small', input: 'Hello.', tools, tool_choice: { type: 'function', name: 'get_time' },
  });
  assert.deepEqual(one.output.filter((item) => item.type === 'function_call').map((call) => call.name), ['get_time']);
  const single = await client.responses.create({
    model: 'small', input: 'Use get_weather and get_time.', tools, parallel_tool_calls: false,
  });
  assert.equal(single.output.filter((item) => item.type === 'function_call').length, 1);
});

test('responses_json_schema', async () => {
  const format = { type: 'json_schema', name: 'person', schema: person, strict: true };
  const response = await client.responses.parse({ model: 'small', input: 'Who?', text: { format } });
  assertPerson(JSON.parse(response.output_text));
});

test('responses_kept', async () => {
  const made = await client.responses.create({
    ...question, input: [{ role: 'user', content: 'One' }, { role: 'user', content: 'Two' }], metadata: { a: 'b' },
  });
  const kept = await client.responses.retrieve(made.id);
  assert.deepEqual(kept.output, made.output);
  assert.deepEqual(kept.metadata, { a: 'b' });
  const texts = [];
  for await (const item of client.responses.inputItems.list(made.id, { limit: 1, order: 'asc' })) {
    texts.push(item.content[0].text);
  }
  assert.deepEqual(texts, ['One', 'Two']);
  await assert.rejects(clientFor('vectors-only').responses.cancel(made.id), { status: 400 });
  await client.responses.delete(made.id);
  await assert.rejects(client.responses.retrieve(made.id), { status: 404 });
  await assert.rejects(
    client.responses.create({ ...question, previous_response_id: made.id }),
    { status: 400, code: 'previous_response_not_found', param: 'previous_response_id' });
});

test('responses_where_the_data_may_go', async () => {
  const { id } = await clientFor('nordic').responses.create(question);
  await client.responses.create({ ...question, previous_response_id: id });
  await assert.rejects(
    client.responses.create({ ...question, model: 'us-only', previous_response_id: id }),
    { status: 403, code: 'country_not_allowed' });
});

test('responses_count', async () => {
  const { input_tokens: tokens } = await client.responses.inputTokens.count({ model: 'small', input: 'Hello there' });
  assert.ok(tokens > 0);
});

test('responses_refused', async () => {
  for (const [body, param] of [
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [{ background: true }, 'background'],
    [{ truncation: 'auto' }, 'truncation'],
  ]) {
    await assert.rejects(client.responses.create({ ...question, ...body }), { status: 400, param });
  }
});

test('responses_stream_cut', async () => {
  const seen = [];
  await assert.rejects(async () => {
    for await (const event of await client.responses.create({ ...question, model: 'cut', stream: true })) {
      seen.push(event.type);
    }
  }, { code: 'stream_interrupted' });
  assert.ok(seen.includes('response.output_text.delta'));
  assert.equal(seen.at(-1), 'response.failed');
  assert.ok(!seen.includes('response.completed'));
});

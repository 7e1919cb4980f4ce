import assert from 'node:assert/strict';
import { ask, clock as chatClock, weather as chatWeather } from '../harness.mjs';
import { client, readEvents, testEach, textOf, toolsOf } from './client.mjs';

const toolOf = ({ function: tool }) => ({
  name: tool.name, description: tool.description, input_schema: tool.parameters,
});
const [weather, clock] = [toolOf(chatWeather), toolOf(chatClock)];

const both = (model) => ({
  model: model('fast'), max_tokens: 400, messages: ask('Use get_weather and get_time.'), tools: [weather, clock],
});

function assertBoth(message) {
  assert.equal(message.stop_reason, 'tool_use');
  const [asked, zone] = toolsOf(message);
  assert.deepEqual([asked.name, zone.name], ['get_weather', 'get_time']);
  assert.notEqual(asked.id, zone.id);
  assert.equal(typeof asked.input.town, 'string');
  assert.ok(asked.input.days >= 1 && asked.input.days <= 7);
  assert.ok(['UTC', 'CET'].includes(zone.input.zone));
}

testEach('tools', async (model) => assertBoth(await client.messages.create(both(model))));

testEach('tools_streamed', async (model) => {
  const stream = client.messages.stream(both(model));
  const json = [];
  stream.on('inputJson', (delta) => json.push(delta));
  assertBoth(await stream.finalMessage());
  assert.ok(json.length > 0);
  const events = await readEvents(await client.messages.create({ ...both(model), stream: true }));
  assert.deepEqual(
    events.filter((event) => event.type === 'content_block_start').map((event) => event.content_block.type),
    ['tool_use', 'tool_use']);
});

testEach('tools_one_at_a_time', async (model) => {
  const message = await client.messages.create({
    ...both(model), tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  });
  assert.equal(toolsOf(message).length, 1);
});

testEach('tool_choice', async (model) => {
  const quiet = { ...both(model), messages: ask('Hello.') };
  const named = await client.messages.create({ ...quiet, tool_choice: { type: 'tool', name: 'get_time' } });
  assert.deepEqual(toolsOf(named).map((call) => call.name), ['get_time']);
  const any = await client.messages.create({ ...quiet, tool_choice: { type: 'any' } });
  assert.equal(toolsOf(any).length, 1);
  const none = await client.messages.create({ ...both(model), tool_choice: { type: 'none' } });
  assert.equal(toolsOf(none).length, 0);
  assert.ok(textOf(none).length > 0);
});

/** Calls tools until the model speaks. */
async function loop(send, first) {
  const messages = [...first.messages];
  for (let turn = 0; turn < 5; turn++) {
    const message = await send({ ...first, messages });
    messages.push({ role: 'assistant', content: message.content });
    if (message.stop_reason !== 'tool_use') {
      assert.ok(textOf(message).length > 0, 'after its tools the model speaks');
      return messages;
    }
    messages.push({
      role: 'user',
      content: [
        ...toolsOf(message).map((call, index) => ({
          type: 'tool_result', tool_use_id: call.id, is_error: index === 1,
          content: index === 0 ? `the answer of ${call.name}` : [{ type: 'text', text: 'it failed' }],
        })),
        ...(turn === 0 ? [{ type: 'text', text: 'And what do you say now?' }] : []),
      ],
    });
  }
  return assert.fail('the model never speaks');
}

testEach('tools_loop', async (model) => {
  const messages = await loop((request) => client.messages.create(request), both(model));
  assert.deepEqual(messages.map((message) => message.role), ['user', 'assistant', 'user', 'assistant']);
});

testEach('tools_loop_streamed', async (model) => {
  await loop((request) => client.messages.stream(request).finalMessage(), both(model));
});

testEach('tool_without_arguments', async (model) => {
  const request = {
    ...both(model), messages: ask('Use ring_bell.'),
    tools: [{ name: 'ring_bell', input_schema: { type: 'object', properties: {}, additionalProperties: false } }],
  };
  for (const message of [await client.messages.create(request), await client.messages.stream(request).finalMessage()]) {
    assert.deepEqual(toolsOf(message).map((call) => [call.name, call.input]), [['ring_bell', {}]]);
  }
});

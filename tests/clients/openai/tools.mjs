import assert from 'node:assert/strict';
import { ask, clock, test, weather } from '../harness.mjs';
import { client } from './client.mjs';

const both = { model: 'small', messages: ask('Use get_weather and get_time.'), tools: [weather, clock] };

function assertBoth(calls) {
  assert.deepEqual(calls.map((call) => call.function.name), ['get_weather', 'get_time']);
  assert.ok(calls.every((call) => call.type === 'function' && call.id));
  assert.notEqual(calls[0].id, calls[1].id);
  const [asked, zone] = calls.map((call) => JSON.parse(call.function.arguments));
  assert.equal(typeof asked.town, 'string');
  assert.ok(asked.days >= 1 && asked.days <= 7);
  assert.ok(['UTC', 'CET'].includes(zone.zone));
}

test('tools', async () => {
  const answer = await client.chat.completions.create(both);
  assert.equal(answer.choices[0].finish_reason, 'tool_calls');
  assertBoth(answer.choices[0].message.tool_calls);
});

test('tools_streamed', async () => {
  const stream = client.chat.completions.stream(both);
  const done = [];
  stream.on('tool_calls.function.arguments.done', (call) => done.push(call.name));
  const final = await stream.finalChatCompletion();
  assert.equal(final.choices[0].finish_reason, 'tool_calls');
  assertBoth(final.choices[0].message.tool_calls);
  assert.deepEqual(done, ['get_weather', 'get_time']);
});

test('tools_one_at_a_time', async () => {
  const answer = await client.chat.completions.create({ ...both, parallel_tool_calls: false });
  assert.equal(answer.choices[0].message.tool_calls.length, 1);
});

test('tool_choice', async () => {
  const answer = await client.chat.completions.create({
    ...both, messages: ask('Hello.'), tool_choice: { type: 'function', function: { name: 'get_time' } },
  });
  assert.deepEqual(answer.choices[0].message.tool_calls.map((call) => call.function.name), ['get_time']);
  const none = await client.chat.completions.create({ ...both, tool_choice: 'none' });
  assert.equal(none.choices[0].message.tool_calls, undefined);
});

const withFunctions = (calls) => [weather, clock].map((tool) => ({
  type: 'function',
  function: {
    ...tool.function,
    parse: JSON.parse,
    function: (args) => {
      calls.push([tool.function.name, args]);
      return `the answer of ${tool.function.name}`;
    },
  },
}));

async function assertRun(stream) {
  const calls = [];
  const asked = { ...both, tools: withFunctions(calls) };
  const runner = client.chat.completions.runTools(stream ? { ...asked, stream } : asked);
  const content = await runner.finalContent();
  assert.ok(content.length > 0, 'after its tools the model speaks');
  assert.deepEqual(calls.map(([name]) => name), ['get_weather', 'get_time']);
  assert.deepEqual(
    runner.messages.map((message) => message.role), ['user', 'assistant', 'tool', 'tool', 'assistant']);
}

test('run_tools', () => assertRun(false));
test('run_tools_streamed', () => assertRun(true));

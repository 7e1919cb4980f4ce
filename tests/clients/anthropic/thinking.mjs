import assert from 'node:assert/strict';
import { ask, clock as chatClock } from '../harness.mjs';
import { client, readEvents, testEach, textOf, toolsOf } from './client.mjs';

// vLLM shows what the model thinks; this model is served by such a cloud only.
const request = (model) => ({
  model: model('thinker'), max_tokens: 2000, messages: ask('Think well.'), thinking: { type: 'adaptive' },
  output_config: { effort: 'low' },
});

function assertThought(message, family) {
  const [thinking, ...rest] = message.content;
  assert.equal(thinking.type, 'thinking');
  assert.ok(thinking.thinking.length > 0);
  assert.equal(thinking.signature.length > 0, family === 'claude', 'only Anthropic signs');
  assert.deepEqual(rest.map((block) => block.type), ['text']);
  assert.ok(message.usage.output_tokens_details.thinking_tokens > 0, JSON.stringify(message.usage));
  assert.ok(message.usage.output_tokens > message.usage.output_tokens_details.thinking_tokens);
}

testEach('thinking', async (model, family) => {
  assertThought(await client.messages.create(request(model)), family);
  assertThought(await client.messages.create({
    ...request(model), output_config: undefined, thinking: { type: 'enabled', budget_tokens: 1500 },
  }), family);
});

testEach('thinking_streamed', async (model, family) => {
  const stream = client.messages.stream(request(model));
  const thoughts = [];
  stream.on('thinking', (delta) => thoughts.push(delta));
  const message = await stream.finalMessage();
  assertThought(message, family);
  assert.equal(thoughts.join(''), message.content[0].thinking);
  const events = await readEvents(await client.messages.create({ ...request(model), stream: true }));
  assert.deepEqual(
    events.filter((event) => event.type === 'content_block_start').map((event) => event.content_block.type),
    ['thinking', 'text']);
});

testEach('thinking_before_tools', async (model) => {
  const tools = [{ name: 'get_time', input_schema: chatClock.function.parameters }];
  // The more effort, the longer it thinks; else so short an answer would need no thought.
  const first = { ...request(model), messages: ask('Use get_time.'), tools, output_config: { effort: 'high' } };
  const message = await client.messages.stream(first).finalMessage();
  assert.deepEqual(message.content.map((block) => block.type), ['thinking', 'tool_use']);
  const [call] = toolsOf(message);
  // What was thought goes back as it came: its signature is checked.
  const last = await client.messages.create({
    ...first,
    messages: [
      ...first.messages,
      { role: 'assistant', content: message.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'noon' }] },
    ],
  });
  assert.ok(textOf(last).length > 0);
});

testEach('thinking_off', async (model) => {
  const message = await client.messages.create({
    ...request(model), thinking: { type: 'disabled' }, output_config: undefined,
  });
  assert.deepEqual(message.content.map((block) => block.type), ['text']);
});

testEach('thinking_redacted', async (model, family) => {
  if (family !== 'claude') {
    return;
  }
  const first = {
    ...request(model), messages: ask('ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING'),
  };
  for (const message of [await client.messages.create(first), await client.messages.stream(first).finalMessage()]) {
    assert.deepEqual(message.content.map((block) => block.type), ['redacted_thinking', 'text']);
    assert.ok(message.content[0].data.length > 0);
    await client.messages.create({
      ...first, messages: [...first.messages, { role: 'assistant', content: message.content }, ...ask('Go on.')],
    });
  }
});

testEach('refusal', async (model, family) => {
  if (family !== 'claude') {
    return;
  }
  const first = { ...request(model), thinking: undefined, output_config: undefined };
  first.messages = ask('ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL');
  for (const message of [await client.messages.create(first), await client.messages.stream(first).finalMessage()]) {
    assert.equal(message.stop_reason, 'refusal');
  }
});

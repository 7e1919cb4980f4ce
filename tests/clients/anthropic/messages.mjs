import assert from 'node:assert/strict';
import { ask, person, assertPerson, pixel, worldly } from '../harness.mjs';
import { client, isCloud, readEvents, testEach, textOf } from './client.mjs';

const hello = (model) => ({ model, max_tokens: 40, messages: ask('Hello there.') });

function assertMessage(message, model) {
  assert.match(message.id, /^msg_[0-9a-z]+$/);
  assert.equal(message.type, 'message');
  assert.equal(message.role, 'assistant');
  assert.equal(message.model, model);
  assert.ok(textOf(message).length > 0);
  assert.ok(message.usage.input_tokens > 0, JSON.stringify(message.usage));
  assert.ok(message.usage.output_tokens > 0 && message.usage.output_tokens <= 40, JSON.stringify(message.usage));
  assert.ok(['end_turn', 'max_tokens'].includes(message.stop_reason), message.stop_reason);
}

testEach('text', async (model) => {
  const { data, response } = await client.messages.create(hello(model('fast'))).withResponse();
  assertMessage(data, model('fast'));
  assert.ok(response.headers.get('request-id'));
  assert.equal(data._request_id, response.headers.get('request-id'));
});

testEach('stream', async (model) => {
  const events = await readEvents(await client.messages.create({ ...hello(model('fast')), stream: true }));
  const start = events[0].message;
  assert.equal(start.stop_reason, null);
  assert.deepEqual(start.content, []);
  const deltas = events.filter((event) => event.delta?.type === 'text_delta');
  assert.ok(deltas.length > 0);
  const end = events.at(-2);
  assert.ok(end.usage.output_tokens > 0);
  assert.ok(end.delta.stop_reason);
});

testEach('final_message', async (model) => {
  const whole = await client.messages.create(hello(model('fast')));
  const stream = client.messages.stream(hello(model('fast')));
  const pieces = [];
  stream.on('text', (text) => pieces.push(text));
  const message = await stream.finalMessage();
  assertMessage(message, model('fast'));
  assert.equal(pieces.join(''), textOf(message));
  assert.equal(textOf(message), textOf(whole), 'streamed or not, it is the same answer');
  assert.deepEqual(
    [message.usage.input_tokens, message.usage.output_tokens],
    [whole.usage.input_tokens, whole.usage.output_tokens]);
  assert.equal(await stream.finalText(), textOf(message));
});

testEach('limit', async (model) => {
  const message = await client.messages.create({ ...hello(model('fast')), max_tokens: 2 });
  assert.equal(message.stop_reason, 'max_tokens');
  assert.equal(message.usage.output_tokens, 2);
});

testEach('stop_sequence', async (model, family) => {
  const whole = await client.messages.create({ ...hello(model('fast')), max_tokens: 200 });
  const word = textOf(whole).split(' ')[2];
  const request = { ...hello(model('fast')), max_tokens: 200, stop_sequences: ['nowhere', ` ${word}`] };
  for (const message of [await client.messages.create(request), await client.messages.stream(request).finalMessage()]) {
    assert.ok(!textOf(message).includes(` ${word}`));
    // OpenAI's protocol does not tell what ended an answer.
    assert.equal(message.stop_reason, family === 'claude' ? 'stop_sequence' : 'end_turn');
    assert.equal(message.stop_sequence, family === 'claude' ? ` ${word}` : null);
  }
});

testEach('system_and_turns', async (model) => {
  const message = await client.messages.create({
    ...hello(model('fast')),
    system: [{ type: 'text', text: 'You are kind.', cache_control: { type: 'ephemeral' } }, { type: 'text', text: 'And short.' }],
    messages: [
      ...ask('Hello.'),
      ...ask('Are you there?'),
      { role: 'assistant', content: [{ type: 'text', text: 'Yes.' }, { type: 'text', text: 'I am.' }] },
      { role: 'user', content: [{ type: 'text', text: 'Good.' }] },
    ],
    metadata: { user_id: `user_${'0123456789abcdef'.repeat(8)}` },
  });
  assertMessage(message, model('fast'));
});

testEach('image', async (model) => {
  const [head, data] = pixel.split(',');
  const messages = [{
    role: 'user',
    content: [
      { type: 'text', text: 'What is it?' },
      { type: 'image', source: { type: 'base64', media_type: head.slice(5).split(';')[0], data } },
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    ],
  }];
  const plain = await client.messages.create({ ...hello(model('fast')), messages: ask('What is it?') });
  const message = await client.messages.create({ ...hello(model('fast')), messages });
  assert.equal(message.usage.input_tokens, plain.usage.input_tokens + 2 * 256, 'the images reached the cloud');
});

testEach('unicode', async (model) => {
  const stream = client.messages.stream({ ...hello(model('fast')), messages: ask(worldly) });
  assertMessage(await stream.finalMessage(), model('fast'));
});

testEach('json_schema', async (model) => {
  const request = {
    ...hello(model('fast')), max_tokens: 500, output_config: { format: { type: 'json_schema', schema: person } },
  };
  assertPerson(JSON.parse(textOf(await client.messages.create(request))));
  assertPerson(JSON.parse(textOf(await client.messages.stream(request).finalMessage())));
});

testEach('cache', async (model, family) => {
  // Every run another prompt, so that nothing is in the cache before.
  const request = {
    ...hello(model('fast')),
    system: [{
      type: 'text', text: `${family} ${performance.now()} ${'clouds over hills and rivers. '.repeat(400)}`,
      cache_control: { type: 'ephemeral' },
    }],
  };
  const total = ({ usage }) => usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
  const first = await client.messages.create(request);
  assert.equal(first.usage.cache_read_input_tokens, 0);
  const second = await client.messages.create(request);
  const third = await client.messages.stream(request).finalMessage();
  assert.equal(total(first), total(second));
  assert.equal(total(first), total(third));
  // Over several clouds the second call may find another cache than the first filled; the third finds one of the two.
  assert.ok(second.usage.cache_read_input_tokens + third.usage.cache_read_input_tokens > 0);
  if (family === 'claude') {
    assert.ok(first.usage.cache_creation_input_tokens > 1000);
    assert.equal(second.usage.cache_creation_input_tokens, 0);
  }
});

testEach('count_tokens', async (model) => {
  const request = { model: model('fast'), messages: ask('How many tokens are there, please? '.repeat(60)) };
  const { input_tokens: few } = await client.messages.countTokens({ ...request, messages: ask('Hi.') });
  const { input_tokens: many } = await client.messages.countTokens(request);
  assert.ok(many > few && few > 0, `${few} and ${many}`);
  if (isCloud) {
    const message = await client.messages.create({ ...request, max_tokens: 5 });
    assert.equal(many, message.usage.input_tokens);
  }
});

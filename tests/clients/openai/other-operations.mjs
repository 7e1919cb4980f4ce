import assert from 'node:assert/strict';
import { test } from '../harness.mjs';
import { client } from './client.mjs';

const plain = { model: 'small', prompt: 'Once upon a time', max_tokens: 12, seed: 3 };

test('completions', async () => {
  const answer = await client.completions.create({ ...plain, logprobs: 2 });
  assert.equal(answer.object, 'text_completion');
  assert.ok(answer.choices[0].text);
  assert.equal(answer.choices[0].logprobs.tokens.join(''), answer.choices[0].text);
  assert.ok(answer._request_id);
});

test('completions_of_several_prompts', async () => {
  const answer = await client.completions.create({ ...plain, prompt: ['One', 'Two'] });
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1]);
});

test('completions_streamed', async () => {
  const whole = await client.completions.create(plain);
  const chunks = [];
  for await (const chunk of await client.completions.create({ ...plain, stream: true })) {
    chunks.push(chunk);
  }
  assert.ok(chunks.every((chunk) => chunk.object === 'text_completion' && chunk.choices.length === 1 && !chunk.usage));
  assert.equal(chunks.map((chunk) => chunk.choices[0].text).join(''), whole.choices[0].text);
  assert.equal(chunks.at(-1).choices[0].finish_reason, whole.choices[0].finish_reason);
});

test('embeddings', async () => {
  const input = ['clouds over Oslo', 'سحاب'];
  // The client asks for base64 by itself unless told otherwise, and decodes it.
  const decoded = await client.embeddings.create({ model: 'vectors', input });
  const float = await client.embeddings.create({ model: 'vectors', input, encoding_format: 'float' });
  const base64 = await client.embeddings.create({ model: 'vectors', input, encoding_format: 'base64' });
  assert.equal(decoded.data.length, 2);
  assert.equal(decoded.data[0].embedding.length, 64);
  for (const index of [0, 1]) {
    assert.equal(typeof base64.data[index].embedding, 'string');
    const bytes = Buffer.from(base64.data[index].embedding, 'base64');
    const values = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
    assert.deepEqual(Array.from(decoded.data[index].embedding), values);
    assert.deepEqual(float.data[index].embedding.map(Math.fround), values);
    assert.equal(decoded.data[index].index, index);
  }
  assert.notDeepEqual(float.data[0].embedding, float.data[1].embedding);
  assert.ok(decoded.usage.prompt_tokens > 0);
  assert.equal(decoded.usage.prompt_tokens, float.usage.prompt_tokens);
});

test('embeddings_of_a_cloud_that_knows_only_floats', async () => {
  const decoded = await client.embeddings.create({ model: 'floats', input: 'x' });
  assert.deepEqual(Array.from(decoded.data[0].embedding), [0.5, -1.25, 3]);
});

test('embeddings_dimensions', async () => {
  const answer = await client.embeddings.create({ model: 'vectors', input: 'x', dimensions: 16 });
  assert.equal(answer.data[0].embedding.length, 16);
});

test('models', async () => {
  const names = [];
  for await (const model of client.models.list()) {
    assert.equal(model.object, 'model');
    assert.ok(Number.isInteger(model.created));
    assert.ok(model.owned_by);
    names.push(model.id);
  }
  for (const name of ['small', 'tiny', 'lab/open-7b', 'vectors']) {
    assert.ok(names.includes(name), `${name} is in the list`);
  }
});

test('model', async () => {
  assert.equal((await client.models.retrieve('small')).id, 'small');
  assert.equal((await client.models.retrieve('tiny')).id, 'tiny', 'an alias');
  assert.equal((await client.models.retrieve('lab/open-7b')).id, 'lab/open-7b', 'a name with a slash');
});

test('model_names_as_asked', async () => {
  for (const model of ['tiny', 'lab/open-7b']) {
    const answer = await client.chat.completions.create({
      model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 4,
    });
    assert.ok(answer.choices[0].message.content);
  }
});

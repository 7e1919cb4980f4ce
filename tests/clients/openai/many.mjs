import assert from 'node:assert/strict';
import { ask, test } from '../harness.mjs';
import { client } from './client.mjs';

const kinds = [
  async (mark) => {
    const content = `${mark} نص`;
    const answer = await client.chat.completions.create({ model: 'echo', messages: ask(content) });
    assert.equal(answer.choices[0].message.content, content);
  },
  async (mark) => {
    let text = '';
    const stream = await client.chat.completions.create({ model: 'echo', messages: ask(mark), stream: true });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, mark);
  },
  async (mark) => {
    const stream = client.chat.completions.stream({ model: 'small', messages: ask(mark), max_tokens: 20 });
    assert.ok((await stream.finalContent()).length > 0);
  },
  async (mark) => {
    const answer = await client.embeddings.create({ model: 'vectors', input: [mark, mark] });
    assert.deepEqual(answer.data[0].embedding, answer.data[1].embedding);
  },
  async (mark) => {
    const answer = await client.completions.create({ model: 'small', prompt: mark, max_tokens: 5 });
    assert.ok(answer.choices[0].text);
  },
];

test('fifty_at_once', async () => {
  const ids = new Set();
  await Promise.all(Array.from({ length: 50 }, async (_, number) => {
    await kinds[number % kinds.length](`call number ${number}`);
    ids.add(number);
  }));
  assert.equal(ids.size, 50);
});

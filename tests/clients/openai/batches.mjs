import assert from 'node:assert/strict';
import { toFile } from 'openai';
import { ask, test, until } from '../harness.mjs';
import { client, clientFor } from './client.mjs';

const endpoint = '/v1/chat/completions';
const line = (id, body) => JSON.stringify({ custom_id: id, method: 'POST', url: endpoint, body });
const question = (id) => line(id, { model: 'small', messages: ask(`Say ${id}.`), max_tokens: 8 });

const upload = (lines) => toFile(Buffer.from(lines.join('\n')), 'lines.jsonl')
  .then((file) => client.files.create({ file, purpose: 'batch' }));

const ended = (id) => until(async () => {
  const batch = await client.batches.retrieve(id);
  return ['completed', 'failed', 'cancelled', 'expired'].includes(batch.status) && batch;
}, `the batch ${id} ends`);

async function resultsOf(id) {
  const content = await (await client.files.content(id)).text();
  return content.trim().split('\n').map((text) => JSON.parse(text));
}

test('files', async () => {
  const file = await upload([question('a')]);
  assert.equal(file.object, 'file');
  assert.equal(file.purpose, 'batch');
  assert.equal(file.filename, 'lines.jsonl');
  assert.deepEqual(await client.files.retrieve(file.id), file);
  assert.equal(await (await client.files.content(file.id)).text(), question('a'));
  const listed = [];
  for await (const one of client.files.list({ limit: 2 })) {
    listed.push(one.id);
  }
  assert.ok(listed.includes(file.id));
  assert.equal(new Set(listed).size, listed.length);
  await assert.rejects(client.files.create({ file: await toFile(Buffer.from('x'), 'x'), purpose: 'fine-tune' }), {
    status: 400, param: 'purpose',
  });
  const gone = await client.files.delete(file.id);
  assert.equal(gone.deleted, true);
  await assert.rejects(client.files.retrieve(file.id), { status: 404 });
});

test('batches', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `line-${index}`);
  const file = await upload([...ids.map(question), line('wrong', { model: 'nothing', messages: ask('x') })]);
  const made = await client.batches.create({
    input_file_id: file.id, endpoint, completion_window: '24h', metadata: { a: 'b' },
  });
  assert.equal(made.object, 'batch');
  const batch = await ended(made.id);
  assert.equal(batch.status, 'completed');
  assert.deepEqual(batch.request_counts, { total: 13, completed: 12, failed: 1 });
  assert.deepEqual(batch.metadata, { a: 'b' });
  const results = await resultsOf(batch.output_file_id);
  assert.deepEqual(results.map((result) => result.custom_id).sort(), [...ids].sort());
  assert.ok(results.every((result) => result.response.body.choices[0].message.content));
  const [failed] = await resultsOf(batch.error_file_id);
  assert.equal(failed.custom_id, 'wrong');
  assert.equal(failed.response.status_code, 404);
  const listed = [];
  for await (const one of client.batches.list({ limit: 1 })) {
    listed.push(one.id);
  }
  assert.ok(listed.includes(batch.id));
});

test('batches_cancelled', async () => {
  const file = await upload([line('a', { model: 'throttled', messages: ask('x') })]);
  const { id } = await client.batches.create({ input_file_id: file.id, endpoint, completion_window: '24h' });
  await assert.rejects(client.files.delete(file.id), { status: 400, code: 'file_in_use' });
  const cancelling = await client.batches.cancel(id);
  assert.ok(['cancelling', 'cancelled'].includes(cancelling.status));
  assert.equal((await ended(id)).status, 'cancelled');
});

test('batches_with_faults', async () => {
  const file = await upload([question('a'), '{', question('a')]);
  const { id } = await client.batches.create({ input_file_id: file.id, endpoint, completion_window: '24h' });
  const batch = await ended(id);
  assert.equal(batch.status, 'failed');
  assert.deepEqual(batch.errors.data.map((fault) => [fault.line, fault.code]), [
    [2, 'invalid_json_line'], [3, 'duplicate_custom_id'],
  ]);
});

test('batches_of_others', async () => {
  const file = await upload([question('a')]);
  const stranger = clientFor('admin');
  await assert.rejects(stranger.files.retrieve(file.id), { status: 404 });
  await assert.rejects(
    stranger.batches.create({ input_file_id: file.id, endpoint, completion_window: '24h' }), { status: 400 });
});

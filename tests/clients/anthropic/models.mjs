import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { test } from '../harness.mjs';
import { client, clientFor, isCloud } from './client.mjs';

const all = async (list) => {
  const found = [];
  for await (const model of list) {
    found.push(model.id);
  }
  return found;
};

// The emulated cloud's own list is not what these are about.
if (!isCloud) {
  test('models_list', async () => {
    const page = await client.models.list({ limit: 1000 });
    assert.equal(page.has_more, false);
    assert.equal(page.first_id, page.data[0].id);
    assert.equal(page.last_id, page.data.at(-1).id);
    const fast = page.data.find((model) => model.id === 'claude-fast');
    assert.equal(fast.type, 'model');
    assert.equal(fast.display_name, 'claude-fast');
    assert.equal(fast.lifecycle, 'active');
    assert.equal(fast.max_input_tokens, 32_768);
    assert.ok(!Number.isNaN(Date.parse(fast.created_at)));
    assert.deepEqual(await all(client.models.list({ lifecycle: ['active', 'deprecated'] })), page.data.map((m) => m.id));
    assert.deepEqual(await all(client.models.list({ lifecycle: ['retired'] })), []);
  });

  test('models_paged', async () => {
    const ids = (await client.models.list({ limit: 1000 })).data.map((model) => model.id);
    assert.ok(ids.length > 12);
    assert.deepEqual(await all(client.models.list()), ids);
    assert.deepEqual(await all(client.models.list({ limit: 4 })), ids);
    assert.deepEqual(await all(client.models.list({ limit: 4, after_id: ids[5] })), ids.slice(6));

    // Backwards the pages come from the last to the first, each in the list's order.
    const before = await client.models.list({ limit: 4, before_id: ids[6] });
    assert.deepEqual(before.data.map((model) => model.id), ids.slice(2, 6));
    assert.equal(before.has_more, true);
    const first = await before.getNextPage();
    assert.deepEqual(first.data.map((model) => model.id), ids.slice(0, 2));
    assert.equal(first.has_more, false);
  });

  test('models_retrieve', async () => {
    const model = await client.models.retrieve('claude-thinker');
    assert.equal(model.id, 'claude-thinker');
    assert.equal(model.type, 'model');
  });

  test('models_refused', async () => {
    const refused = async (call, status, type, kind) => {
      const error = await call.then(() => assert.fail('it was not refused'), (reason) => reason);
      assert.ok(error instanceof kind, `${error?.constructor?.name}: ${error?.stack}`);
      assert.equal(error.status, status);
      assert.equal(error.error.type, 'error');
      assert.equal(error.error.error.type, type);
      assert.ok(error.requestID);
      assert.equal(error.error.request_id, error.requestID);
    };
    await refused(clientFor('nobody').models.list(), 401, 'authentication_error', Anthropic.AuthenticationError);
    await refused(client.models.retrieve('nothing'), 404, 'not_found_error', Anthropic.NotFoundError);
    const bad = (query) => refused(client.models.list(query), 400, 'invalid_request_error', Anthropic.BadRequestError);
    await bad({ limit: 0 });
    await bad({ limit: 1001 });
    await bad({ after_id: 'nothing' });
    await bad({ after_id: 'claude-fast', before_id: 'claude-fast' });
  });
}

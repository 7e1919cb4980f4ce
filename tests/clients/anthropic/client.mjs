import Anthropic from '@anthropic-ai/sdk';
import assert from 'node:assert/strict';
import { test } from '../harness.mjs';

/**
 * Who is called: `cloud`, an emulated Anthropic cloud, or `sahab`, in front of one and of clouds that speak OpenAI's
 * protocol. The client adds /v1 itself.
 */
export const target = process.env.ANTHROPIC_TARGET;
export const isCloud = target === 'cloud';
export const baseURL = process.env.ANTHROPIC_URL;

export const clientFor = (key, options = {}) => new Anthropic({ baseURL, apiKey: key, maxRetries: 0, ...options });

export const client = clientFor(process.env.ANTHROPIC_KEY);

/** Families of models: those of Anthropic's cloud, and those of clouds that speak OpenAI's protocol. */
export const families = isCloud ? ['claude'] : ['claude', 'open'];

/** A case for each family of models; the name of its model for a purpose is `${family}-${purpose}`. */
export function testEach(name, run) {
  for (const family of families) {
    test(`${family}_${name}`, () => run((purpose) => `${family}-${purpose}`, family));
  }
}

/** Reads the events of a stream and checks their order: blocks one after another, each opened and closed. */
export async function readEvents(stream) {
  const events = [];
  let open = -1;
  let next = 0;
  for await (const event of stream) {
    events.push(event);
    if (event.type === 'content_block_start') {
      assert.equal(open, -1, 'a block begins when the one before has ended');
      assert.equal(event.index, next++);
      open = event.index;
    } else if (event.type === 'content_block_delta' || event.type === 'content_block_stop') {
      assert.equal(event.index, open);
      open = event.type === 'content_block_stop' ? -1 : open;
    }
  }
  assert.equal(open, -1, 'every block has ended');
  assert.equal(events[0].type, 'message_start');
  assert.deepEqual(events.slice(-2).map((event) => event.type), ['message_delta', 'message_stop']);
  return events;
}

export const textOf = (message) => message.content.filter((block) => block.type === 'text').map((b) => b.text).join('');

export const toolsOf = (message) => message.content.filter((block) => block.type === 'tool_use');

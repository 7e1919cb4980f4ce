// An agent's loop of npm `ai` with tools: over one cloud, and over all of them, the cloud changing with every step.
import assert from 'node:assert/strict';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { baseURL, runAll, secretOf, test } from './harness.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;

const clouds = process.env.SAHAB_MODELS.split(',');
const sahab = createOpenAICompatible({ name: 'sahab', baseURL, apiKey: secretOf('demo'), includeUsage: true });
const calls = 6;

/** What each loop is told and given; `visited` takes what the tools were called with. */
function task(visited) {
  const look = (place) => tool({
    description: `Looks around in the ${place}.`,
    inputSchema: jsonSchema({
      type: 'object', properties: { depth: { type: 'integer' }, note: { type: 'string' } }, required: ['depth', 'note'],
    }),
    execute: async (input) => {
      assert.equal(typeof input.depth, 'number');
      assert.equal(typeof input.note, 'string');
      visited.push(place);
      return { found: visited.length, place };
    },
  });
  return {
    system: 'You look for something, step by step.',
    prompt: 'Find it. Begin in the attic.',
    tools: { attic: look('attic'), cellar: look('cellar') },
    stopWhen: stepCountIs(calls + 2),
    maxRetries: 0,
  };
}

/** The first steps must call a tool, by turns; the last one answers. */
const stepOf = (models) => ({ stepNumber }) => ({
  model: sahab(models[stepNumber % models.length]),
  toolChoice: stepNumber < calls ? { type: 'tool', toolName: stepNumber % 2 ? 'cellar' : 'attic' } : 'auto',
});

function check(result, visited) {
  assert.equal(visited.length, calls);
  assert.deepEqual(visited, Array.from({ length: calls }, (_, i) => (i % 2 ? 'cellar' : 'attic')));
  assert.ok(result.text.length > 0);
  assert.equal(result.steps.length, calls + 1);
  assert.ok(result.steps.every((step) => step.usage.inputTokens > 0 && step.usage.outputTokens > 0));
}

async function whole(models) {
  const visited = [];
  const result = await generateText({ ...task(visited), model: sahab(models[0]), prepareStep: stepOf(models) });
  check({ text: result.text, steps: result.steps }, visited);
}

async function streamed(models) {
  const visited = [];
  const result = streamText({
    ...task(visited), model: sahab(models[0]), prepareStep: stepOf(models), onError: ({ error }) => { throw error; },
  });
  await result.consumeStream();
  check({ text: await result.text, steps: await result.steps }, visited);
}

for (const cloud of clouds) {
  test(`${cloud}_whole`, () => whole([cloud]));
  test(`${cloud}_streamed`, () => streamed([cloud]));
}

test('changing_whole', () => whole(clouds));
test('changing_streamed', () => streamed(clouds));
test('changing_back_whole', () => whole([...clouds].reverse()));

await runAll();

// Every vendor's own client, unmodified, at the front door: each reaches each cloud, streamed and with a tool.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI, { toFile } from 'openai';
import { baseURL, runAll, secretOf, test, until } from './harness.mjs';

const apiKey = secretOf('demo');
const root = new URL(baseURL).origin;
const openai = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: root, apiKey, maxRetries: 0 });
const google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: root } });

const ask = 'Use look_up for the word cloud.';
const parameters = { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] };
const tool = { name: 'look_up', description: 'Looks a word up.' };

async function chat(model) {
  const stream = openai.chat.completions.stream({
    model, messages: [{ role: 'user', content: ask }], stream_options: { include_usage: true },
    tools: [{ type: 'function', function: { ...tool, parameters } }],
  });
  const answer = await stream.finalChatCompletion();
  return [answer.choices[0].message.tool_calls[0].function.name, answer.usage.prompt_tokens];
}

async function responses(model) {
  const stream = openai.responses.stream({
    model, input: ask, store: false, tools: [{ type: 'function', ...tool, parameters, strict: false }],
  });
  const answer = await stream.finalResponse();
  return [answer.output.find((item) => item.type === 'function_call').name, answer.usage.input_tokens];
}

async function messages(model) {
  const stream = anthropic.messages.stream({
    model, max_tokens: 300, messages: [{ role: 'user', content: ask }],
    tools: [{ ...tool, input_schema: parameters }],
  });
  const answer = await stream.finalMessage();
  const { usage } = answer;
  return [
    answer.content.find((block) => block.type === 'tool_use').name,
    usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0),
  ];
}

async function gemini(model) {
  const stream = await google.models.generateContentStream({
    model, contents: ask,
    config: { tools: [{ functionDeclarations: [{ ...tool, parametersJsonSchema: parameters }] }] },
  });
  let name;
  let prompt = 0;
  for await (const chunk of stream) {
    name ??= chunk.functionCalls?.[0]?.name;
    prompt = chunk.usageMetadata?.promptTokenCount ?? prompt;
  }
  return [name, prompt];
}

const clouds = process.env.SAHAB_MODELS.split(',');

test('batch', async () => {
  const lines = clouds.map((model) => JSON.stringify({
    custom_id: model, method: 'POST', url: '/v1/chat/completions',
    body: {
      model, messages: [{ role: 'user', content: ask }],
      tools: [{ type: 'function', function: { ...tool, parameters } }],
    },
  }));
  const file = await openai.files.create({
    file: await toFile(Buffer.from(lines.join('\n')), 'lines.jsonl'), purpose: 'batch',
  });
  const made = await openai.batches.create({
    input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h',
  });
  const batch = await until(async () => {
    const now = await openai.batches.retrieve(made.id);
    return ['completed', 'failed', 'cancelled', 'expired'].includes(now.status) && now;
  }, 'the batch ends');
  assert.deepEqual(batch.request_counts, { total: clouds.length, completed: clouds.length, failed: 0 });
  const results = (await (await openai.files.content(batch.output_file_id)).text()).trim().split('\n')
    .map((text) => JSON.parse(text));
  assert.deepEqual(results.map((result) => result.custom_id).sort(), [...clouds].sort());
  for (const { response } of results) {
    assert.equal(response.body.choices[0].message.tool_calls[0].function.name, 'look_up');
  }
});

for (const cloud of clouds) {
  for (const [face, run] of Object.entries({ chat, responses, messages, gemini })) {
    test(`${face}_${cloud}`, async () => {
      const [name, prompt] = await run(cloud);
      assert.equal(name, 'look_up');
      assert.ok(prompt > 0);
    });
  }
}

await runAll();

// The official Google client for JavaScript, unmodified, against the emulated Google itself.
import assert from 'node:assert/strict';
import { GoogleGenAI, ApiError, FunctionCallingConfigMode, Type } from '@google/genai';
import { runAll, test } from './harness.mjs';

const cloud = process.env.CLOUD_URL;

/** Vertex AI in express mode: an API key stands for the project. */
const express = (more = {}) =>
  new GoogleGenAI({ vertexai: true, apiKey: 'secret', httpOptions: { baseUrl: `${cloud}/north`, ...more } });

/** The Gemini API. */
const gemini = () => new GoogleGenAI({ apiKey: 'secret', httpOptions: { baseUrl: cloud } });

/** Vertex AI with a project and a place, signed in as a workload that shows the token of its own platform. */
const workload = (file = process.env.SUBJECT_FILE) =>
  new GoogleGenAI({
    vertexai: true,
    project: 'demo-project',
    location: 'south',
    httpOptions: { baseUrl: cloud },
    googleAuthOptions: {
      credentials: {
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/here',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${cloud}/v1/token`,
        credential_source: { file },
      },
      projectId: 'demo-project',
    },
  });

const weather = {
  name: 'get_weather',
  description: 'The weather of a town',
  parametersJsonSchema: {
    type: 'object',
    properties: { town: { type: 'string' }, days: { type: 'integer', minimum: 1, maximum: 7 } },
    required: ['town', 'days'],
  },
};

async function failure(promise) {
  const error = await promise.then(() => null, (thrown) => thrown);
  assert.ok(error instanceof ApiError, `it should have failed as an ApiError: ${error}`);
  return error;
}

for (const [name, client] of [['express', express], ['gemini_api', gemini], ['workload', workload]]) {
  test(`${name}_whole`, async () => {
    const answer = await client().models.generateContent({
      model: 'chat',
      contents: 'hello there',
      config: { maxOutputTokens: 5, systemInstruction: 'be brief', seed: 3 },
    });
    assert.ok(answer.text.length > 0);
    assert.equal(answer.candidates[0].finishReason, 'MAX_TOKENS');
    assert.equal(answer.usageMetadata.candidatesTokenCount, 5);
    assert.equal(answer.usageMetadata.totalTokenCount, answer.usageMetadata.promptTokenCount + 5);
    assert.ok(answer.responseId);
    assert.equal(answer.usageMetadata.trafficType, name === 'gemini_api' ? undefined : 'ON_DEMAND');
  });

  test(`${name}_streamed`, async () => {
    const whole = await client().models.generateContent({ model: 'chat', contents: 'tell me' });
    const stream = await client().models.generateContentStream({ model: 'chat', contents: 'tell me' });
    const chunks = [];
    for await (const chunk of stream) {
      chunks.push(chunk);
    }
    assert.equal(chunks.map((chunk) => chunk.text ?? '').join(''), whole.text);
    assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP');
    assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usageMetadata.promptTokenCount === undefined));
    assert.ok(chunks.at(-1).usageMetadata.promptTokenCount > 0);
  });
}

test('tools', async () => {
  const config = { tools: [{ functionDeclarations: [weather] }] };
  const contents = [{ role: 'user', parts: [{ text: 'please get_weather' }] }];
  const first = await express().models.generateContent({ model: 'gemini-3-pro', contents, config });
  assert.equal(first.functionCalls.length, 1);
  assert.equal(first.functionCalls[0].name, 'get_weather');
  assert.equal(typeof first.functionCalls[0].args.town, 'string');
  contents.push(first.candidates[0].content, {
    role: 'user',
    parts: [{ functionResponse: { name: 'get_weather', response: { output: 'rain' } } }],
  });
  const second = await express().models.generateContent({ model: 'gemini-3-pro', contents, config });
  assert.ok(second.text.length > 0);
  assert.equal(second.functionCalls, undefined);
});

test('tools_streamed', async () => {
  const stream = await express().models.generateContentStream({
    model: 'chat',
    contents: 'anything',
    config: {
      tools: [{ functionDeclarations: [weather] }],
      toolConfig: {
        functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['get_weather'] },
      },
    },
  });
  const calls = [];
  for await (const chunk of stream) {
    calls.push(...(chunk.functionCalls ?? []));
  }
  assert.equal(calls.length, 1);
  assert.ok(Number.isInteger(calls[0].args.days));
});

test('a_signature_is_wanted_back', async () => {
  const call = { functionCall: { name: 'get_weather', args: { town: 'Oslo', days: 1 } } };
  const ask = (part) => express().models.generateContent({
    model: 'gemini-3-pro',
    contents: [
      { role: 'user', parts: [{ text: 'get_weather' }] },
      { role: 'model', parts: [part] },
      { role: 'user', parts: [{ functionResponse: { name: 'get_weather', response: { output: 'rain' } } }] },
    ],
    config: { tools: [{ functionDeclarations: [weather] }] },
  });
  const missing = await failure(ask(call));
  assert.equal(missing.status, 400);
  assert.match(missing.message, /thought_signature/);
  await failure(ask({ ...call, thoughtSignature: btoa('made up') }));
  const skipped = await ask({ ...call, thoughtSignature: btoa('skip_thought_signature_validator') });
  assert.ok(skipped.text.length > 0);
});

test('thoughts', async () => {
  const answer = await express().models.generateContent({
    model: 'chat',
    contents: 'think about it',
    config: { thinkingConfig: { thinkingBudget: 8192, includeThoughts: true } },
  });
  assert.ok(answer.candidates[0].content.parts[0].thought);
  assert.ok(answer.usageMetadata.thoughtsTokenCount > 0);
});

test('schema', async () => {
  const byJson = await express().models.generateContent({
    model: 'chat',
    contents: 'a person',
    config: {
      responseMimeType: 'application/json',
      responseJsonSchema: { type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] },
    },
  });
  assert.ok(Number.isInteger(JSON.parse(byJson.text).age));
  const byType = await express().models.generateContent({
    model: 'chat',
    contents: 'a person',
    config: {
      responseMimeType: 'application/json',
      responseSchema: { type: Type.OBJECT, properties: { name: { type: Type.STRING } }, required: ['name'] },
    },
  });
  assert.equal(typeof JSON.parse(byType.text).name, 'string');
});

test('candidates_and_logprobs', async () => {
  const answer = await express().models.generateContent({
    model: 'chat',
    contents: 'twice',
    config: { candidateCount: 2, responseLogprobs: true, logprobs: 2, maxOutputTokens: 4 },
  });
  assert.equal(answer.candidates.length, 2);
  assert.equal(answer.candidates[0].logprobsResult.chosenCandidates.length, 4);
  assert.equal(answer.candidates[0].logprobsResult.topCandidates[0].candidates.length, 2);
});

test('count_tokens', async () => {
  const counted = await express().models.countTokens({ model: 'chat', contents: 'how long is this?' });
  const answer = await express().models.generateContent({ model: 'chat', contents: 'how long is this?' });
  assert.equal(counted.totalTokens, answer.usageMetadata.promptTokenCount);
});

test('embed_predict', async () => {
  const answer = await express().models.embedContent({
    model: 'vectors', contents: ['one', 'two'], config: { outputDimensionality: 16 },
  });
  assert.deepEqual(answer.embeddings.map((one) => one.values.length), [16, 16]);
  assert.ok(answer.embeddings[0].statistics.tokenCount > 0);
});

test('embed_content', async () => {
  const answer = await express().models.embedContent({
    model: 'gemini-embedding-2', contents: 'one', config: { outputDimensionality: 16 },
  });
  assert.equal(answer.embeddings[0].values.length, 16);
});

test('embed_gemini_api', async () => {
  const answer = await gemini().models.embedContent({ model: 'vectors', contents: ['one', 'two'] });
  assert.equal(answer.embeddings.length, 2);
});

test('exhausted', async () => {
  const error = await failure(express().models.generateContent({ model: 'full', contents: 'hello' }));
  assert.equal(error.status, 429);
  assert.match(error.message, /RESOURCE_EXHAUSTED/);
});

test('an_error_in_the_middle', async () => {
  const stream = await express().models.generateContentStream({ model: 'inside', contents: 'hello' });
  const texts = [];
  const error = await failure((async () => {
    for await (const chunk of stream) {
      texts.push(chunk.text);
    }
  })());
  assert.ok(texts.length > 0);
  assert.equal(error.status, 500);
});

test('blocked', async () => {
  const answer = await express().models.generateContent({ model: 'chat', contents: 'some emulated-violence' });
  assert.equal(answer.candidates, undefined);
  assert.equal(answer.promptFeedback.blockReason, 'PROHIBITED_CONTENT');
});

test('wrong_key', async () => {
  const client = new GoogleGenAI({ vertexai: true, apiKey: 'wrong', httpOptions: { baseUrl: cloud } });
  const error = await failure(client.models.generateContent({ model: 'chat', contents: 'hello' }));
  assert.equal(error.status, 400);
  assert.match(error.message, /API key not valid/);
});

test('wrong_subject', async () => {
  await assert.rejects(
    workload(process.env.WRONG_SUBJECT_FILE).models.generateContent({ model: 'chat', contents: 'hello' }),
    /rejected/);
});

test('unknown_model', async () => {
  const error = await failure(express().models.generateContent({ model: 'nobody', contents: 'hello' }));
  assert.equal(error.status, 404);
});

test('unknown_member', async () => {
  const error = await failure(express().models.generateContent({
    model: 'chat', contents: 'hello', config: { httpOptions: { extraBody: { surprise: 1 } } },
  }));
  assert.equal(error.status, 400);
  assert.match(error.message, /surprise/);
});

test('pools', async () => {
  const ask = async (pool) => {
    const headers = pool ? { 'X-Vertex-AI-LLM-Request-Type': pool } : {};
    const client = express({ headers });
    const answer = await client.models.generateContent({ model: 'bought', contents: 'hello' });
    return answer.usageMetadata.trafficType;
  };
  assert.equal(await ask('dedicated'), 'PROVISIONED_THROUGHPUT');
  assert.equal(await ask('shared'), 'ON_DEMAND');
  assert.equal(await ask(), 'PROVISIONED_THROUGHPUT');
  const client = express({ headers: { 'X-Vertex-AI-LLM-Request-Type': 'dedicated' } });
  const error = await failure(client.models.generateContent({ model: 'chat', contents: 'hello' }));
  assert.match(error.message, /Exceeded the Provisioned Throughput/);
});

test('openai_compatible', async () => {
  const ask = (model) => fetch(`${cloud}/v1/projects/p/locations/north/endpoints/openapi/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  });
  const answer = await ask('google/chat');
  assert.equal(answer.status, 200);
  assert.ok((await answer.json()).choices[0].message.content.length > 0);
  const refused = await ask('nobody');
  assert.equal(refused.status, 404);
  assert.equal((await refused.json())[0].error.status, 'NOT_FOUND');
});

await runAll();

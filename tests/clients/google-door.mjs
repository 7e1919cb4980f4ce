// The official Google client for JavaScript, unmodified, pointed at Sahab: over clouds that speak OpenAI's protocol
// and over Google's own.
import assert from 'node:assert/strict';
import { GoogleGenAI, ApiError, FunctionCallingConfigMode, Type } from '@google/genai';
import { OAuth2Client } from 'google-auth-library';
import { baseURL, person, assertPerson, pixel, runAll, secretOf, test, worldly } from './harness.mjs';

const baseUrl = new URL('/', baseURL).toString().replace(/\/$/, '');
const apiKey = secretOf('demo');

/** The three ways in which the client may be pointed at a server. */
const geminiApi = () => new GoogleGenAI({ apiKey, httpOptions: { baseUrl } });
const express = () => new GoogleGenAI({ vertexai: true, apiKey, httpOptions: { baseUrl } });
const project = () => {
  const authClient = new OAuth2Client();
  authClient.setCredentials({ access_token: apiKey });
  return new GoogleGenAI({
    vertexai: true, project: 'any', location: 'anywhere', httpOptions: { baseUrl }, googleAuthOptions: { authClient },
  });
};

const tools = [{
  functionDeclarations: [
    {
      name: 'get_weather',
      parametersJsonSchema: {
        type: 'object', properties: { town: { type: 'string' } }, required: ['town'], additionalProperties: false,
      },
    },
    {
      name: 'get_time',
      parameters: { type: Type.OBJECT, properties: { zone: { type: Type.STRING } }, required: ['zone'] },
    },
  ],
}];

async function failure(promise) {
  const error = await promise.then(() => null, (thrown) => thrown);
  assert.ok(error instanceof ApiError, `it should have failed as an ApiError: ${error}`);
  return error;
}

const told = (error) => JSON.parse(error.message).error;

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return chunks;
}

for (const [name, client] of [['gemini_api', geminiApi], ['express', express], ['project', project]]) {
  test(`by_${name}`, async () => {
    const answer = await client().models.generateContent({ model: 'small', contents: 'hello' });
    assert.ok(answer.text.length > 0);
    const chunks = await collect(await client().models.generateContentStream({ model: 'small', contents: 'hello' }));
    assert.equal(chunks.map((chunk) => chunk.text ?? '').join(''), answer.text);
  });
}

for (const model of ['small', 'gemini', 'flash']) {
  test(`whole_${model}`, async () => {
    const answer = await geminiApi().models.generateContent({
      model,
      contents: [{ role: 'user', parts: [{ text: worldly }] }],
      config: { maxOutputTokens: 4, systemInstruction: 'be brief', temperature: 0.5, topP: 0.9 },
    });
    assert.ok(answer.text.length > 0);
    assert.equal(answer.candidates[0].finishReason, 'MAX_TOKENS');
    assert.equal(answer.usageMetadata.candidatesTokenCount, 4);
    assert.equal(answer.modelVersion, model);
    assert.ok(answer.responseId);
  });

  test(`streamed_${model}`, async () => {
    const chunks = await collect(await geminiApi().models.generateContentStream({ model, contents: 'tell me more' }));
    assert.ok(chunks.length > 2);
    assert.ok(chunks.slice(0, -1).every((chunk) => !chunk.candidates[0].finishReason));
    assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP');
    assert.ok(chunks.at(-1).usageMetadata.promptTokenCount > 0);
  });

  test(`tools_${model}`, async () => {
    const client = geminiApi();
    const contents = [];
    for (let turn = 0; turn < 3; turn++) {
      contents.push({ role: 'user', parts: [{ text: `turn ${turn}: get_weather and get_time` }] });
      const asked = await client.models.generateContent({ model, contents, config: { tools } });
      assert.deepEqual(asked.functionCalls.map((call) => call.name), ['get_weather', 'get_time']);
      assert.equal(typeof asked.functionCalls[0].args.town, 'string');
      contents.push(asked.candidates[0].content, {
        role: 'user',
        parts: asked.functionCalls.map((call) => ({
          functionResponse: { id: call.id, name: call.name, response: { output: 'fine' } },
        })),
      });
      const answered = await client.models.generateContent({ model, contents, config: { tools } });
      assert.equal(answered.functionCalls, undefined);
      assert.ok(answered.text.length > 0);
      contents.push(answered.candidates[0].content);
    }
  });

  test(`tools_streamed_${model}`, async () => {
    const chunks = await collect(await geminiApi().models.generateContentStream({
      model,
      contents: 'whatever',
      config: {
        tools,
        toolConfig: {
          functionCallingConfig: { mode: FunctionCallingConfigMode.ANY, allowedFunctionNames: ['get_time'] },
        },
      },
    }));
    const calls = chunks.flatMap((chunk) => chunk.functionCalls ?? []);
    assert.deepEqual(calls.map((call) => call.name), ['get_time']);
    assert.equal(chunks.at(-1).candidates[0].finishReason, 'STOP');
  });

  test(`schema_${model}`, async () => {
    const answer = await geminiApi().models.generateContent({
      model, contents: 'a person', config: { responseMimeType: 'application/json', responseJsonSchema: person },
    });
    assertPerson(JSON.parse(answer.text));
  });

  test(`image_${model}`, async () => {
    const [head, data] = pixel.split(';base64,');
    const answer = await geminiApi().models.generateContent({
      model,
      contents: [{ role: 'user', parts: [{ text: 'what?' }, { inlineData: { mimeType: head.slice(5), data } }] }],
      config: { maxOutputTokens: 3 },
    });
    assert.ok(answer.usageMetadata.promptTokenCount > 200);
  });

  test(`count_tokens_${model}`, async () => {
    const counted = await geminiApi().models.countTokens({ model, contents: 'x'.repeat(4000) });
    assert.ok(counted.totalTokens > 500 && counted.totalTokens < 3000, `${counted.totalTokens}`);
  });
}

for (const model of ['small', 'gemini']) {
  test(`thoughts_${model}`, async () => {
    const ask = (includeThoughts) => geminiApi().models.generateContent({
      model, contents: 'think', config: { thinkingConfig: { thinkingBudget: 8192, includeThoughts } },
    });
    const shown = await ask(true);
    assert.ok(shown.candidates[0].content.parts[0].thought);
    assert.ok(shown.usageMetadata.thoughtsTokenCount > 0);
    const hidden = await ask(false);
    assert.ok(hidden.candidates[0].content.parts.every((part) => !part.thought));
  });
}

for (const [model, several] of [['vectors', true], ['embedding', true], ['embedding-2', false]]) {
  test(`embed_${model}`, async () => {
    const contents = several ? ['one', 'two'] : ['one'];
    const answer = await geminiApi().models.embedContent({ model, contents, config: { outputDimensionality: 16 } });
    assert.deepEqual(answer.embeddings.map((one) => one.values.length), contents.map(() => 16));
    const vertex = await project().models.embedContent({ model, contents, config: { outputDimensionality: 16 } });
    assert.deepEqual(vertex.embeddings.map((one) => one.values), answer.embeddings.map((one) => one.values));
  });
}

test('safety_settings_reach_google', async () => {
  const safetySettings = [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }];
  const answer = await geminiApi().models.generateContent({
    model: 'gemini', contents: 'hello', config: { safetySettings, maxOutputTokens: 2 },
  });
  assert.ok(answer.text.length > 0);
});

test('exhausted', async () => {
  const error = await failure(geminiApi().models.generateContent({ model: 'full', contents: 'hello' }));
  assert.equal(error.status, 429);
  assert.equal(told(error).status, 'RESOURCE_EXHAUSTED');
});

for (const model of ['inside', 'inside-own']) {
  test(`an_error_in_the_middle_${model}`, async () => {
    const texts = [];
    const stream = await geminiApi().models.generateContentStream({ model, contents: 'hello' });
    const error = await failure((async () => {
      for await (const chunk of stream) {
        texts.push(chunk.text);
        assert.equal(chunk.candidates[0].finishReason, undefined);
      }
    })());
    assert.ok(texts.length > 0);
    assert.equal(error.status, 503);
  });
}

test('unknown_model', async () => {
  const error = await failure(geminiApi().models.generateContent({ model: 'nobody', contents: 'hello' }));
  assert.equal(error.status, 404);
  assert.equal(told(error).status, 'NOT_FOUND');
});

test('wrong_key', async () => {
  const client = new GoogleGenAI({ apiKey: 'wrong', httpOptions: { baseUrl } });
  const error = await failure(client.models.generateContent({ model: 'small', contents: 'hello' }));
  assert.equal(error.status, 401);
  assert.equal(told(error).status, 'UNAUTHENTICATED');
});

test('models_list', async () => {
  const all = [];
  for await (const model of await geminiApi().models.list({ config: { pageSize: 1000 } })) {
    all.push(model);
  }
  const small = all.find((model) => model.name === 'models/small');
  assert.equal(small.displayName, 'small');
  assert.equal(small.inputTokenLimit, 32_768);
  assert.deepEqual(small.supportedActions, ['generateContent', 'streamGenerateContent', 'countTokens']);
  const vectors = all.find((model) => model.name === 'models/vectors');
  assert.deepEqual(vectors.supportedActions, ['embedContent', 'batchEmbedContents']);

  const paged = [];
  const pager = await geminiApi().models.list({ config: { pageSize: 3 } });
  assert.equal(pager.page.length, 3);
  for await (const model of pager) {
    paged.push(model.name);
  }
  assert.deepEqual(paged, all.map((model) => model.name));
  assert.ok(paged.length > 6);
});

test('models_get', async () => {
  const model = await geminiApi().models.get({ model: 'embedding' });
  assert.equal(model.name, 'models/embedding');
  assert.equal(model.inputTokenLimit, 8192);
});

test('models_refused', async () => {
  const refused = async (call, code, status) => {
    const error = await failure(call);
    assert.equal(error.status, code);
    assert.equal(told(error).code, code);
    assert.equal(told(error).status, status);
  };
  const stranger = new GoogleGenAI({ apiKey: 'wrong', httpOptions: { baseUrl } });
  await refused(stranger.models.list(), 401, 'UNAUTHENTICATED');
  await refused(geminiApi().models.get({ model: 'nobody' }), 404, 'NOT_FOUND');
  await refused(geminiApi().models.list({ config: { pageToken: 'nonsense' } }), 400, 'INVALID_ARGUMENT');
  await refused(geminiApi().models.list({ config: { pageSize: -1 } }), 400, 'INVALID_ARGUMENT');
});

test('search_is_refused_by_its_name', async () => {
  const error = await failure(geminiApi().models.generateContent({
    model: 'small', contents: 'hello', config: { tools: [{ googleSearch: {} }] },
  }));
  assert.equal(error.status, 400);
  assert.equal(told(error).status, 'INVALID_ARGUMENT');
  assert.match(error.message, /tools\[0\]\.googleSearch/);
});

await runAll();

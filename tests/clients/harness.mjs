// What every client's cases share: how they are named and run, and the house that they call.
import assert from 'node:assert/strict';

/** The front door, and the control port of the emulated clouds behind it. */
export const baseURL = process.env.SAHAB_URL;
export const controlURL = process.env.SAHAB_CONTROL;

/** The secret of a key of the test house, by the key's id. */
export const secretOf = (id) => `sk-test-${id}`;

/** Cases that run at once. */
const lanes = 6;

/** No case may take longer, in milliseconds. */
const patience = 150_000;

const cases = [];

/** Adds a case. What it returns is handed to the test that started this script. */
export function test(name, run) {
  assert.ok(!cases.some((known) => known.name === name), `the case ${name} is there twice`);
  cases.push({ name, run });
}

// What one case leaves behind must not take the others with it; it is told, and the script ends with 1.
process.on('unhandledRejection', (error) => {
  console.error(error);
  process.exitCode = 1;
});

/** Runs all cases and prints one line of JSON for each. */
export async function runAll() {
  const waiting = [...cases];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      console.log(JSON.stringify(await runOne(next)));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function runOne({ name, run }) {
  const began = performance.now();
  const ms = () => Math.round(performance.now() - began);
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${patience} ms`)), patience);
    });
    const data = await Promise.race([run(), late]);
    return { case: name, ok: true, ms: ms(), data: data ?? null };
  } catch (error) {
    return { case: name, ok: false, ms: ms(), error: error?.stack ?? String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until the answer is truthy. */
export async function until(question, what) {
  const began = performance.now();
  while (performance.now() - began < patience) {
    const answer = await question();
    if (answer) {
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain until ${what}`);
}

/** Calls that the emulated clouds work on for a model. */
export async function running(model) {
  const clouds = await (await fetch(new URL('/clouds', controlURL))).json();
  return clouds
    .flatMap((cloud) => cloud.deployments)
    .filter((deployment) => deployment.model === model)
    .reduce((sum, deployment) => sum + deployment.running, 0);
}

/** Breaks a model at every cloud with a 500; returns what mends it. */
export async function breakModel(model) {
  const ids = await Promise.all(['azure', 'own'].map(async (cloud) => {
    const response = await fetch(new URL('/faults', controlURL), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ cloud, model, kind: 'error', status: 500 }),
    });
    assert.equal(response.status, 201, await response.clone().text());
    return (await response.json()).id;
  }));
  return () => Promise.all(ids.map((id) => fetch(new URL(`/faults/${id}`, controlURL), { method: 'DELETE' })));
}

/** A fetch that remembers what went out and came back and when, and lets a test act before the client sees it. */
export function watchedFetch(onResponse = async () => {}) {
  const seen = [];
  const watched = async (url, init) => {
    const pause = performance.now() - (seen.at(-1)?.answered ?? 0);
    const response = await fetch(url, init);
    const entry = { body: init?.body, status: response.status, headers: response.headers, pause };
    seen.push(entry);
    await onResponse(entry);
    entry.answered = performance.now();
    return response;
  };
  return { fetch: watched, seen };
}

export const ask = (text) => [{ role: 'user', content: text }];

/** An image of one pixel. */
export const pixel = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA'
  + 'WjR9awAAAABJRU5ErkJggg==';

/** Characters of one to four bytes, joined ones, and some that run from right to left. */
export const worldly = 'Ærø — naïve “clouds” ☁️ 雲の上 구름 سحاب עננים 👩‍👩‍👧‍👦 🇳🇴 𝒳 e\u0301 '
  + '"quoted" \\ back\nline\ttab';

export const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a town',
    parameters: {
      type: 'object',
      properties: { town: { type: 'string' }, days: { type: 'integer', minimum: 1, maximum: 7 } },
      required: ['town', 'days'],
      additionalProperties: false,
    },
  },
};

export const clock = {
  type: 'function',
  function: {
    name: 'get_time',
    description: 'The time in a zone',
    parameters: {
      type: 'object',
      properties: { zone: { type: 'string', enum: ['UTC', 'CET'] } },
      required: ['zone'],
      additionalProperties: false,
    },
  },
};

export const person = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    age: { type: 'integer', minimum: 0, maximum: 130 },
    member: { type: 'boolean' },
  },
  required: ['name', 'age', 'member'],
  additionalProperties: false,
};

/** Whether an object is a valid {@link person}. */
export function assertPerson(value) {
  assert.equal(typeof value.name, 'string');
  assert.ok(Number.isInteger(value.age) && value.age >= 0 && value.age <= 130, `age ${value.age}`);
  assert.equal(typeof value.member, 'boolean');
  assert.deepEqual(Object.keys(value).sort(), ['age', 'member', 'name']);
}

/** Whether a retry is asked for as official clients understand it: whole seconds, from 1. */
export function assertRetryAfter(headers) {
  const seconds = headers.get('retry-after');
  assert.match(seconds ?? '', /^[1-9][0-9]*$/, `Retry-After is ${seconds}`);
}

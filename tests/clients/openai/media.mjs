// Moderations, images and sound.
import assert from 'node:assert/strict';
import { toFile } from 'openai';
import { test, pixel } from '../harness.mjs';
import { client, clientFor } from './client.mjs';

const png = Buffer.from(pixel.split(',')[1], 'base64');
const isPng = (base64) => Buffer.from(base64, 'base64').subarray(1, 4).toString() === 'PNG';

const speak = async (input, more = {}) => {
  const answer = await client.audio.speech.create(
    { model: 'voice', voice: 'alloy', input, response_format: 'wav', ...more });
  return Buffer.from(await answer.arrayBuffer());
};

test('moderations', async () => {
  const answer = await client.moderations.create(
    { model: 'guard', input: ['What a lovely day', 'I will kill you with a bomb'] });
  assert.equal(answer.model, 'guard');
  assert.deepEqual(answer.results.map((result) => result.flagged), [false, true]);
  assert.equal(answer.results[1].categories['illicit/violent'], true);
  assert.ok(answer.results[1].category_scores.violence > 0.5);
  assert.ok(answer.results[0].category_scores.violence < 0.5);
});

test('moderations_without_a_model', async () => {
  const answer = await client.moderations.create({ input: [{ type: 'image_url', image_url: { url: pixel } }] });
  assert.equal(answer.model, 'guard');
  assert.deepEqual(answer.results[0].category_applied_input_types.violence, ['text', 'image']);
});

test('images', async () => {
  const answer = await client.images.generate({ model: 'painter', prompt: 'Clouds over Oslo', n: 2, quality: 'low' });
  assert.equal(answer.data.length, 2);
  assert.ok(answer.data.every((image) => isPng(image.b64_json)));
  assert.notEqual(answer.data[0].b64_json, answer.data[1].b64_json);
  assert.equal(answer.usage.output_tokens, 544);
  assert.equal(answer.usage.total_tokens, answer.usage.input_tokens + 544);
  await assert.rejects(client.images.generate({ prompt: 'By whom?' }), (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.param, 'model');
    assert.match(error.message, /2 do/);
    return true;
  });
});

test('image_edits', async () => {
  const edit = (image, prompt = 'More rain') => client.images.edit({ model: 'painter', image, prompt });
  const file = () => toFile(png, 'sky.png', { type: 'image/png' });
  const one = await edit(await file());
  const two = await edit([await file(), await file()]);
  assert.ok(isPng(one.data[0].b64_json) && isPng(two.data[0].b64_json));
  assert.ok(two.usage.input_tokens_details.image_tokens > one.usage.input_tokens_details.image_tokens);
  await assert.rejects(edit(await toFile(Buffer.from('no image'), 'x.png')), { status: 400, param: 'image' });
});

test('image_variations', async () => {
  const answer = await client.images.createVariation({ image: await toFile(png, 'sky.png'), n: 2 });
  assert.equal(answer.data.length, 2);
  assert.equal(answer.usage, undefined);
});

test('transcriptions', async () => {
  const sound = await speak('A sentence that takes a while to say.');
  const transcribe = async () => client.audio.transcriptions.create(
    { model: 'scribe', file: await toFile(sound, 'a.wav'), prompt: 'clouds' });
  const [first, second] = await Promise.all([transcribe(), transcribe()]);
  assert.ok(first.text);
  assert.equal(first.text, second.text);
  assert.equal(first.usage.type, 'tokens');
  assert.ok(first.usage.input_tokens > 5 && first.usage.output_tokens > 0);
});

test('transcriptions_in_every_form', async () => {
  const sound = await speak('Another sentence that takes a while to say.');
  const transcribe = async (response_format) => client.audio.transcriptions.create(
    { model: 'old-scribe', file: await toFile(sound, 'a.wav'), response_format });
  const json = await transcribe('json');
  assert.equal(json.usage.type, 'duration');
  assert.equal(await transcribe('text'), `${json.text}\n`);
  const verbose = await transcribe('verbose_json');
  assert.equal(verbose.text, json.text);
  assert.equal(verbose.segments.map((segment) => segment.text).join(' '), json.text);
  assert.match(await transcribe('srt'), /^1\n00:00:00,000 --> /);
  assert.match(await transcribe('vtt'), /^WEBVTT\n\n00:00:00\.000 --> /);
});

test('translations', async () => {
  const file = async () => toFile(await speak('Noe som skal oversettes.'), 'a.wav');
  const translated = await client.audio.translations.create({ model: 'old-scribe', file: await file() });
  const heard = await client.audio.transcriptions.create({ model: 'old-scribe', file: await file() });
  assert.ok(translated.text);
  assert.notEqual(translated.text, heard.text);
});

test('speech', async () => {
  const short = await speak('One');
  const long = await speak('One, two, three, four');
  assert.equal(short.subarray(0, 4).toString(), 'RIFF');
  assert.equal(short.readInt32LE(40), short.length - 44);
  assert.equal((long.length - 44) / (short.length - 44), 'One, two, three, four'.length / 'One'.length);
  const answer = await client.audio.speech.create(
    { model: 'voice', voice: 'alloy', input: 'One', response_format: 'pcm' });
  assert.equal(answer.headers.get('content-type'), 'audio/pcm');
  assert.ok(answer.headers.get('x-request-id') && answer.headers.get('x-sahab-deployment'));
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), short.subarray(44));
});

test('speech_streamed', async () => {
  const answer = await client.audio.speech.create(
    { model: 'voice', voice: 'alloy', input: 'A tale that is long enough for several pieces.' });
  const pieces = [];
  for await (const piece of answer.body) {
    pieces.push(Buffer.from(piece));
  }
  assert.ok(pieces.length > 1, `${pieces.length} pieces`);
  assert.deepEqual(Buffer.concat(pieces), await speak('A tale that is long enough for several pieces.'));
});

test('speech_refused', async () => {
  await assert.rejects(speak('One', { response_format: 'mp3' }), { status: 400, param: 'response_format' });
});

test('media_of_the_wrong_model', async () => {
  const refusedFor = (code) => (error) => {
    assert.equal(error.code, code);
    return true;
  };
  await assert.rejects(client.moderations.create({ model: 'small', input: 'x' }), refusedFor('operation_not_supported'));
  await assert.rejects(client.moderations.create({ model: 'none', input: 'x' }), refusedFor('model_not_found'));
  await assert.rejects(
    clientFor('vectors-only').images.generate({ model: 'painter', prompt: 'x' }), refusedFor('model_not_found'));
});

test('media_too_large', async () => {
  const file = await toFile(Buffer.alloc(1_200_000), 'a.wav');
  await assert.rejects(client.audio.transcriptions.create({ model: 'scribe', file }), { status: 413 });
});

import OpenAI from 'openai';
import { baseURL, secretOf } from '../harness.mjs';

/** The client as anybody makes it, with the demo key unless told otherwise. */
export const clientFor = (key = 'demo', options = {}) =>
  new OpenAI({ baseURL, apiKey: secretOf(key), maxRetries: 0, ...options });

export const client = clientFor();

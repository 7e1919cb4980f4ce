import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { baseURL, secretOf } from '../harness.mjs';

/** The provider as anybody makes it, with the demo key unless told otherwise. */
export const providerFor = (key = 'demo', options = {}) => createOpenAICompatible({
  name: 'sahab', baseURL, apiKey: secretOf(key), includeUsage: true, supportsStructuredOutputs: true, ...options,
});

export const provider = providerFor();

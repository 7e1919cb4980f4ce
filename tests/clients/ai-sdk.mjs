// Vercel's AI SDK with its provider for OpenAI-compatible services.
import './ai-sdk/text.mjs';
import './ai-sdk/troubles.mjs';
import { runAll } from './harness.mjs';

// The SDK warns of features that it leaves to the service; the tests are about the service.
globalThis.AI_SDK_LOG_WARNINGS = false;

await runAll();

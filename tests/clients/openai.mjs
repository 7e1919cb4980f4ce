// The official OpenAI client for JavaScript.
import './openai/chat.mjs';
import './openai/tools.mjs';
import './openai/other-operations.mjs';
import './openai/media.mjs';
import './openai/responses.mjs';
import './openai/batches.mjs';
import './openai/errors.mjs';
import './openai/streams-that-end-early.mjs';
import './openai/many.mjs';
import { runAll } from './harness.mjs';

await runAll();

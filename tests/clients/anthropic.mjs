// The official Anthropic client for JavaScript, against Anthropic's cloud itself (as emulated) or against Sahab.
import './anthropic/messages.mjs';
import './anthropic/tools.mjs';
import './anthropic/thinking.mjs';
import './anthropic/errors.mjs';
import './anthropic/models.mjs';
import './anthropic/streams-that-end-early.mjs';
import { runAll } from './harness.mjs';

await runAll();

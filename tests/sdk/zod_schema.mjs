// Prints zod's JSON Schema of the TypeScript SDK's own `SerializedRunState`, a second referee for schemas/typescript/.
// `node zod_schema.mjs` describes what the loader accepts, `node zod_schema.mjs output` what the SDK writes (defaults are
// then required). Refinements, strings inside any-values and everything that the loader checks by hand are not in it.
//
// RUNSTATE_SDK_TYPESCRIPT: see typescript_graph.mjs.
import { load } from './typescript_graph.mjs';

const io = process.argv[2] ?? 'input';
if (!['input', 'output'].includes(io)) {
  process.stderr.write('usage: zod_schema.mjs [input|output]\n');
  process.exit(2);
}
const { z } = await load('zod/index.js');
const { SerializedRunState } = await load('@openai/agents-core/dist/runState.mjs');
process.stdout.write(`${JSON.stringify(z.toJSONSchema(SerializedRunState, { unrepresentable: 'any', reused: 'ref', io }), null, 2)}\n`);

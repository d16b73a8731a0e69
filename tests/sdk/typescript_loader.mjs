// Asks the TypeScript SDK whether it loads a state. One JSON document a line on stdin, one answer a line on stdout,
// in the same order:
//
//   {"id":…, "state":"<text of the state>", "agents":{graph document}, "dump":true}
//   {"id":…, "loaded":true, "warnings":[…], "dump":"<the text that the SDK writes for what it loaded>"}
//   {"id":…, "loaded":false, "error":"ZodError: expected string (/currentAgent/name)", "warnings":[…]}
//
// `dump` is optional; a state that loads but cannot be written again has "dump_error". "crashed":true says that the SDK
// gave no verdict: the state took longer than RUNSTATE_SDK_TIMEOUT_MS (10000), or its thread ran out of memory.
// The states are loaded in a worker thread, so that neither an endless loop nor an exhausted heap ends the process.
//
// RUNSTATE_SDK_TYPESCRIPT: see typescript_graph.mjs.
import readline from 'node:readline';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const TIMEOUT_MS = Number(process.env.RUNSTATE_SDK_TIMEOUT_MS ?? 10_000);
const HEAP_MB = 2048;
const BATCH = 64;

if (isMainThread) await main();
else await work();

// ---- the thread that reads, sends and writes ----

async function main() {
  const waiting = []; // requests that have no answer yet, oldest first
  let worker;
  let ready = false;
  let timer;
  let unsent = 0; // how many of the newest requests the worker has not got
  let drained = () => {};

  const answer = (record) => {
    waiting.shift();
    process.stdout.write(`${JSON.stringify(record)}\n`);
    drained();
  };
  const watch = () => {
    clearTimeout(timer);
    if (ready && waiting.length > unsent) timer = setTimeout(() => restart('Timeout'), TIMEOUT_MS);
  };
  const restart = (why) => {
    clearTimeout(timer);
    const gone = worker;
    gone.removeAllListeners();
    gone.on('error', () => {});
    gone.terminate();
    if (!ready) {
      process.stderr.write(`the SDK cannot be imported: ${why}\n`);
      process.exit(2);
    }
    if (waiting.length > unsent) {
      const { id } = waiting[0];
      answer({ id, loaded: false, error: why, crashed: true, warnings: [] });
    }
    unsent = waiting.length;
    start();
  };
  const flush = () => {
    if (!ready || unsent === 0) return;
    worker.postMessage(waiting.slice(waiting.length - unsent));
    unsent = 0;
    watch();
  };
  const start = () => {
    ready = false;
    worker = new Worker(new URL(import.meta.url), {
      stdout: false,
      // A worker has a larger stack than the main thread of node, where these states are loaded for real.
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, stackSizeMb: 1 },
    });
    worker.on('message', (message) => {
      if (message === 'ready') ready = true;
      else answer(message);
      watch();
      flush();
    });
    worker.on('error', (error) => restart(`${error?.name ?? 'Error'}: ${error?.message ?? error}`));
    worker.on('exit', (code) => restart(`the loading thread ended with code ${code}`));
  };
  start();

  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    let request;
    try {
      request = JSON.parse(line);
      if (typeof request?.state !== 'string') throw new Error('expected a string in "state"');
    } catch (error) {
      request = { id: request?.id ?? null, unusable: error.message };
    }
    waiting.push(request);
    unsent += 1;
    if (unsent >= BATCH) flush();
    // Bounded memory: the input may be much larger than what is in flight.
    while (waiting.length > 4 * BATCH) await new Promise((resolve) => (drained = resolve));
  }
  flush();
  while (waiting.length > 0) {
    flush();
    await new Promise((resolve) => (drained = resolve));
  }
  clearTimeout(timer);
  worker.removeAllListeners();
  await worker.terminate();
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
}

// ---- the thread that loads ----

async function work() {
  const warnings = [];
  const note = (...parts) => warnings.push(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
  for (const level of ['log', 'info', 'debug', 'warn', 'error']) console[level] = note;
  const { build, core } = await import('./typescript_graph.mjs');
  // The SDK uses errors as answers while it searches for evidence; their stacks would cost a quarter of the time.
  Error.stackTraceLimit = 0;
  const escaped = (error) => note('unhandled', describe(error));
  process.on('uncaughtException', escaped);
  process.on('unhandledRejection', escaped);

  const graphs = new Map();
  const graphOf = (document) => {
    const key = JSON.stringify(document);
    let graph = graphs.get(key);
    if (!graph) {
      if (graphs.size > 1000) graphs.clear();
      graphs.set(key, (graph = build(document)));
    }
    return graph;
  };

  const load = async ({ id, state, agents, dump, unusable }) => {
    warnings.length = 0;
    if (unusable !== undefined) return { id, loaded: false, error: `Input: ${unusable}`, crashed: true };
    let start;
    try {
      ({ start } = await graphOf(agents));
    } catch (error) {
      return { id, loaded: false, error: `Graph: ${describe(error)}`, crashed: true };
    }
    let loaded;
    try {
      loaded = await core.RunState.fromString(start, state);
    } catch (error) {
      return { id, loaded: false, error: describe(error) };
    }
    const record = { id, loaded: true };
    if (dump) {
      try {
        record.dump = loaded.toString();
      } catch (error) {
        record.dump_error = describe(error);
      }
    }
    return record;
  };

  // One request at a time: warnings belong to the state that caused them, and answers keep the order. Every answer is
  // sent at once, so that a state that never ends is the oldest one without an answer.
  let turn = Promise.resolve();
  parentPort.on('message', (requests) => {
    turn = turn.then(async () => {
      for (const request of requests) parentPort.postMessage({ ...(await load(request)), warnings: [...warnings] });
    });
  });
  parentPort.postMessage('ready');
}

// ZodErrors carry a list of issues as JSON; the first issue that is not a mere "no union member fits" says the most.
function describe(error) {
  try {
    const name = error?.constructor?.name ?? error?.name ?? 'Error';
    if (Array.isArray(error?.issues) && error.issues.length > 0) {
      const { message, path } = deepest(error.issues, []);
      const more = error.issues.length > 1 ? ` and ${error.issues.length - 1} more` : '';
      return `${name}: ${message} (${pointer(path)})${more}`;
    }
    return `${name}: ${error?.message ?? error}`.slice(0, 2000);
  } catch {
    return 'Error: an error without a readable text';
  }
}

// The issues of a union's members have paths from the member on, in zod 3 (`unionErrors`) from the root on.
function deepest(issues, base) {
  let best;
  for (const issue of issues) {
    const path = [...base, ...(issue.path ?? [])];
    let found = { message: issue.message, path };
    const options = [
      ...(issue.errors ?? []).map((option) => [option, path]),
      ...(issue.unionErrors ?? []).map((error) => [error.issues, []]),
    ];
    for (const [option, start] of options) {
      const inner = deepest(option, start);
      if (inner.path.length > found.path.length) found = inner;
    }
    if (!best || found.path.length > best.path.length) best = found;
  }
  return best;
}

function pointer(path) {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

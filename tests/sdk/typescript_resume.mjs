// Resumes states in the real TypeScript SDK and tells what happened: NDJSON questions on stdin, answers on stdout. Questions
// and answers are those of python_resume.py, which describes them.
//
// A tool returns what `results` says of its name, "<name> ran" otherwise. "crashed":true says that the SDK gave no answer:
// the run took longer than RUNSTATE_SDK_TIMEOUT_MS (10000).
//
// RUNSTATE_SDK_TYPESCRIPT: see typescript_graph.mjs.
import readline from 'node:readline';
import { build, core } from './typescript_graph.mjs';
import { says, scriptedModel } from './typescript_model.mjs';

const TIMEOUT_MS = Number(process.env.RUNSTATE_SDK_TIMEOUT_MS ?? 10_000);

// What a tool gets, as python_graph.py shows it.
const SHOWN = {
  shell: ({ commands, timeoutMs, maxOutputLength }) => ({
    commands,
    timeout_ms: timeoutMs ?? null,
    max_output_length: maxOutputLength ?? null,
  }),
  apply_patch: ({ type, path, diff }) => ({ type, path, diff: diff ?? null }),
  // The SDK adds the context of the run to what the model asked for.
  computer: ({ type, arguments: given }) => ({
    type,
    arguments: given.filter((value) => typeof value !== 'object' || Array.isArray(value)),
  }),
};

const warnings = [];
const note = (...parts) => warnings.push(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
for (const level of ['log', 'info', 'debug', 'warn', 'error']) console[level] = note;
process.on('uncaughtException', (error) => note('unhandled', describe(error)));
process.on('unhandledRejection', (error) => note('unhandled', describe(error)));
// A state loses its trace where tracing is off; nothing receives what is traced here.
core.setTracingDisabled(false);

for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() === '') continue;
  warnings.length = 0;
  let answer;
  try {
    const request = JSON.parse(line);
    answer = { id: request.id, ...(await within(TIMEOUT_MS, resume(request))) };
  } catch (error) {
    answer = { id: null, loaded: false, error: `Input: ${describe(error)}`, crashed: true };
  }
  process.stdout.write(`${JSON.stringify({ ...answer, warnings: [...warnings] })}\n`);
}
// What is written to a pipe may still be on its way.
process.stdout.write('', () => process.exit(0));

async function resume(question) {
  const { state: text, agents, decisions = [], turns = [], stream = false, chat, session, results = {} } = question;
  const executed = [];
  const requests = [];
  const { model } = scriptedModel(turns, { chat, otherwise: [says('Done.', { id: 'msg_done' })], requests });
  const { start } = await build(agents, {
    model,
    ran: (_agent, tool, input, { kind, call_id, text: written }) => {
      const shown = SHOWN[kind]?.(input) ?? written ?? (typeof input === 'string' ? input : JSON.stringify(input));
      executed.push({ kind, tool, input: shown, call_id: call_id ?? null });
      return Object.hasOwn(results, tool) ? results[tool] : `${tool} ran`;
    },
  });
  let state;
  try {
    state = await core.RunState.fromString(start, text);
  } catch (error) {
    return { loaded: false, error: describe(error) };
  }
  const answer = { loaded: true, error: null, pending: interruptions(state).map(waiting) };
  if (question.save) answer.saved = written(state, answer);
  if (question.save_decided) {
    try {
      answer.undecidable = decisions.filter((decision) => !decide(state, decision)).map(({ call_id }) => call_id);
    } catch (error) {
      return { ...answer, decide_error: describe(error) };
    }
    answer.decided = written(state, answer);
    if (question.resume === false) return answer;
  }
  if (question.resume === false) return answer;
  answer.executed = executed;
  answer.resume_error = null;
  try {
    if (!question.save_decided) {
      answer.undecidable = decisions.filter((decision) => !decide(state, decision)).map(({ call_id }) => call_id);
    }
    const memory = session && new core.MemorySession({ sessionId: 'session_1', initialItems: session });
    const options = { ...(stream ? { stream: true } : {}), ...(memory ? { session: memory } : {}) };
    const result = await new core.Runner().run(start, state, options);
    if (stream) {
      for await (const event of result) void event;
      await result.completed;
    }
    answer.paused = (result.interruptions ?? []).map(waiting);
    answer.final_output = result.finalOutput ?? null;
    answer.last_agent = result.lastAgent?.name ?? null;
    if (memory) answer.session = await memory.getItems();
    if (answer.paused.length > 0) answer.paused_state = written(result.state, answer);
  } catch (error) {
    answer.resume_error = describe(error);
  }
  answer.model_calls = requests.map(({ agent, request }) => ({
    agent: agent ?? null,
    input: request.input,
    ...(request.messages ? { messages: request.messages } : {}),
    ...(request.previous_response_id ? { previous_response_id: request.previous_response_id } : {}),
    ...(request.conversation ? { conversation: request.conversation } : {}),
  }));
  return answer;
}

function waiting(item) {
  return { call_id: callId(item), tool: item.toolName ?? item.name ?? item.rawItem.name, agent: item.agent.name };
}

function written(state, answer) {
  try {
    return state.toString();
  } catch (error) {
    answer.save_error = describe(error);
    return null;
  }
}

// Before 0.1 a state had no method for it.
function interruptions(state) {
  return state.getInterruptions?.() ?? state._currentStep?.data?.interruptions ?? [];
}

function callId(item) {
  return item.rawItem.callId ?? item.rawItem.providerData?.id ?? item.rawItem.id;
}

function decide(state, { call_id, action, always = false, message }) {
  const chosen = interruptions(state).filter((item) => call_id === '*' || callId(item) === call_id);
  for (const item of chosen) {
    if (action === 'approve') state.approve(item, { alwaysApprove: always });
    else if (action === 'reject') state.reject(item, { alwaysReject: always, ...(message === undefined ? {} : { message }) });
    else throw new Error(`unknown action ${JSON.stringify(action)}`);
  }
  return chosen.length > 0 || call_id === '*';
}

async function within(ms, promise) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve({ loaded: false, error: 'Timeout', crashed: true }), ms)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function describe(error) {
  return `${error?.constructor?.name ?? 'Error'}: ${String(error?.message ?? error).slice(0, 2000)}`;
}

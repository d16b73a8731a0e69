// Loads states in the TypeScript SDK, decides, resumes and says what really happened. One JSON document a line on stdin,
// one answer a line on stdout, in the same order:
//
//   {"id":…, "state":"<text>", "agents":{graph document}, "decisions":[{"call_id":"c9","action":"approve","always":true}],
//    "turns":[[wire items], …], "stream":true, "session":{"id":"session_1","items":[…]}, "outputs":{"wire":{"ok":true}}}
//   {"id":…, "loaded":true, "pending":[{"call_id","tool","agent"}], "executed":[{"agent","tool","input"}],
//    "final_output":…, "last_agent":…, "repaused":["c10"], "model_inputs":[{"agent","input",…}], "warnings":[…]}
//
// A decision may carry "message", and "call_id":"*" decides all that waits. `turns` are answers of the model as Responses
// wire items; when they end the model says "Done.". `outputs` are the tools' return values, "ok" otherwise. "error" says why a
// state was not loaded, "resume_error" why the run failed. Every answer is about one run: it stops where the run pauses again.
//
// RUNSTATE_SDK_TYPESCRIPT: see typescript_graph.mjs.
import readline from 'node:readline';
import { build, core } from './typescript_graph.mjs';
import { says, scriptedModel } from './typescript_model.mjs';

const TIMEOUT_MS = Number(process.env.RUNSTATE_SDK_TIMEOUT_MS ?? 10_000);

const warnings = [];
const note = (...parts) => warnings.push(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
for (const level of ['log', 'info', 'debug', 'warn', 'error']) console[level] = note;
process.on('uncaughtException', (error) => note('unhandled', describe(error)));
process.on('unhandledRejection', (error) => note('unhandled', describe(error)));
core.setTracingDisabled(true);

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
process.exit(0);

async function resume({ state: text, agents, decisions = [], turns = [], stream = false, session, outputs = {} }) {
  const executed = [];
  const requests = [];
  const { model } = scriptedModel(turns, { otherwise: [says('Done.')], requests });
  const { start } = await build(agents, {
    model,
    ran: (agent, tool, input) => {
      executed.push({ agent, tool, input });
      return Object.hasOwn(outputs, tool) ? outputs[tool] : 'ok';
    },
  });
  let state;
  try {
    state = await core.RunState.fromString(start, text);
  } catch (error) {
    return { loaded: false, error: describe(error) };
  }
  const answer = {
    loaded: true,
    pending: interruptions(state).map((item) => ({
      call_id: callId(item),
      tool: item.name ?? item.rawItem.name,
      agent: item.agent.name,
    })),
    executed,
  };
  try {
    decide(state, decisions);
    const options = {
      ...(stream ? { stream: true } : {}),
      ...(session
        ? { session: new core.MemorySession({ sessionId: session.id, initialItems: session.items ?? [] }) }
        : {}),
    };
    const result = await new core.Runner({ tracingDisabled: true }).run(start, state, options);
    if (stream) {
      for await (const event of result) void event;
      await result.completed;
    }
    answer.repaused = (result.interruptions ?? []).map(callId);
    answer.final_output = result.finalOutput ?? null;
    answer.last_agent = result.lastAgent?.name ?? null;
  } catch (error) {
    answer.resume_error = describe(error);
  }
  answer.model_inputs = requests.map(({ agent, request }) => ({
    agent,
    input: request.input,
    ...(request.previous_response_id ? { previous_response_id: request.previous_response_id } : {}),
    ...(request.conversation ? { conversation: request.conversation } : {}),
  }));
  return answer;
}

// Before 0.1 a state had no method for it.
function interruptions(state) {
  return state.getInterruptions?.() ?? state._currentStep?.data?.interruptions ?? [];
}

function callId(item) {
  return item.rawItem.callId ?? item.rawItem.providerData?.id ?? item.rawItem.id;
}

function decide(state, decisions) {
  for (const { call_id, action, always = false, message } of decisions) {
    const chosen = interruptions(state).filter((item) => call_id === '*' || callId(item) === call_id);
    if (chosen.length === 0) throw new Error(`no pending call ${JSON.stringify(call_id)}`);
    for (const item of chosen) {
      if (action === 'approve') state.approve(item, { alwaysApprove: always });
      else if (action === 'reject') state.reject(item, { alwaysReject: always, ...(message === undefined ? {} : { message }) });
      else throw new Error(`unknown action ${JSON.stringify(action)}`);
    }
  }
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

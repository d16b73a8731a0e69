// Builds live agents of the TypeScript SDK from a graph document, the same file that `runstate --agents` reads.
//
// {"version":1,"start":"Triage","agents":[{"name":"Triage","tools":[…],"handoffs":["Bank"]},{"name":"Bank"}]}
//
// agent     name; optional identity, tools, handoffs, mcp_servers, sandbox (true: a sandbox agent), tool_use_behavior
//           (run_llm_again, stop_on_first_tool or {"stop_at_tool_names":[…]}). Agents that share a name are listed several times;
//           the SDK calls them `name`, `name#2`, …: the start agent first, then in the order of the document.
// handoff   a name or identity, or {"agent":"…","tool_name":"…"} when the tool is not called transfer_to_<name>.
// tool      type and name; optional needs_approval, namespace, defer_loading, allowed_callers (direct, programmatic),
//           agent (an agent used as a tool) and its parameters (JSON Schema; {"input":text} otherwise), server_label and require_approval (hosted_mcp), execution (tool_search).
//           Types that the release has no tool for are left out: local_shell and custom always, others by the older ones.
// server    {"name":"ledger","tools":["post",{"name":"read"}],"require_approval":true}, a local MCP server; require_approval may
//           name the tools that need it, and mcp_tool_prefix on the agent puts the server's name before its tools' names.
//
// RUNSTATE_SDK_TYPESCRIPT names the folder whose node_modules holds the SDK, any release from 0.0.1 on. What a release has no
// setting for is left out: namespaces, deferred tools, sandbox agents, approvals of agents used as tools.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
/** The folder whose node_modules holds the SDK under test. */
export const FOLDER = path.resolve(
  process.env.RUNSTATE_SDK_TYPESCRIPT ?? path.join(HERE, '../../target/sdk/typescript-0.20.0'),
);

/** Imports a file of a package of the SDK under test. */
export function load(file) {
  return import(pathToFileURL(path.join(FOLDER, 'node_modules', file)).href);
}

// Error texts name the tool or the agent only when tool data may be logged.
process.env.OPENAI_AGENTS_DONT_LOG_TOOL_DATA ??= '0';
process.env.OPENAI_AGENTS_DONT_LOG_MODEL_DATA ??= '0';

export const core = await load('@openai/agents-core/dist/index.mjs');
export const openai = await load('@openai/agents-openai/dist/index.mjs');
// Sandbox agents came with 0.9.0.
export const sandbox = await load('@openai/agents-core/dist/sandbox/local.mjs').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  return {};
});
core.setTraceProcessors([]);
core.setDefaultModelProvider({
  getModel() {
    throw new Error('every agent of a graph has a model of its own');
  },
});

const HOSTED = {
  web_search: () => openai.webSearchTool(),
  file_search: () => openai.fileSearchTool(['vs_1']),
  code_interpreter: () => openai.codeInterpreterTool(),
  image_generation: () => openai.imageGenerationTool(),
  tool_search: (row) => openai.toolSearchTool?.(row.execution ? { execution: row.execution } : {}),
  programmatic_tool_calling: () => openai.programmaticToolCallingTool?.(),
};

const PARAMETERS = { type: 'object', properties: {}, required: [], additionalProperties: true };

/**
 * Builds every agent of the document and returns {start, agents}, agents in the order of the document.
 *
 * `ran(agent, tool, arguments, {kind, call_id, text})` is called when a tool really runs and returns its output; the last
 * two, the call's id and its arguments as the model wrote them, only where the SDK tells them.
 * `options(agent, tool)` adds options to the SDK's tool constructor (guardrails, timeouts, …).
 */
export async function build(graph, { model, ran = () => 'ok', options = () => ({}) } = {}) {
  if (graph?.version !== 1) throw new Error('expected an agents document of version 1');
  const rows = graph.agents ?? [];
  const seen = new Map();
  const agents = rows.map((row, index) => {
    const nth = seen.get(row.name) ?? 0;
    seen.set(row.name, nth + 1);
    return {
      row,
      names: new Set([row.identity, nth === 0 ? row.name : `${row.name}#${nth + 1}`].filter(Boolean)),
      // RunState orders agents of one name by a text of their settings; the description comes first in it.
      agent: new ((row.sandbox && sandbox.SandboxAgent) || core.Agent)({
        name: row.name,
        instructions: `You are ${row.name}.`,
        handoffDescription: String(index).padStart(4, '0'),
        ...(model ? { model } : {}),
        ...(row.tool_use_behavior ? { toolUseBehavior: behavior(row.tool_use_behavior) } : {}),
      }),
    };
  });
  const find = (reference) => {
    const found =
      agents.find((entry) => entry.names.has(reference)) ?? agents.find((entry) => entry.row.name === reference);
    if (!found) throw new Error(`the agents document names an unknown agent ${JSON.stringify(reference)}`);
    return found.agent;
  };
  for (const { row, agent } of agents) {
    agent.handoffs = (row.handoffs ?? []).map((entry) =>
      typeof entry === 'string'
        ? find(entry)
        : core.handoff(find(entry.agent), entry.tool_name ? { toolNameOverride: entry.tool_name } : {}),
    );
    const tools = [];
    for (const tool of row.tools ?? []) {
      const live = makeTool(tool, agent, find, ran, options);
      if (live) tools.push(live);
    }
    agent.tools = [...(await mcpTools(row, agent, ran)), ...tools];
  }
  return { start: find(graph.start ?? rows[0]?.name), agents: agents.map((entry) => entry.agent) };
}

function behavior(value) {
  return typeof value === 'string' ? value : { stopAtToolNames: value.stop_at_tool_names };
}

function makeTool(row, agent, find, ran, options) {
  const kind = row.type ?? 'function';
  const run = (input, details) =>
    ran(agent.name, row.name ?? row.type, input, {
      kind,
      call_id: details?.toolCall?.callId,
      text: details?.toolCall?.arguments,
    });
  const gate = row.needs_approval === undefined ? {} : { needsApproval: row.needs_approval };
  const callers = row.allowed_callers === undefined ? {} : { allowedCallers: row.allowed_callers };
  const name = row.name === undefined ? {} : { name: row.name };
  const more = options(agent.name, row.name ?? row.type) ?? {};
  switch (kind) {
    case 'function': {
      if (row.agent !== undefined) {
        return find(row.agent).asTool({
          toolName: row.name,
          toolDescription: `Asks ${row.agent}.`,
          ...(row.parameters === undefined ? {} : { parameters: row.parameters }),
          ...gate,
          ...more,
        });
      }
      const live = core.tool({
        name: row.name,
        description: `Runs ${row.name}.`,
        parameters: PARAMETERS,
        strict: false,
        execute: (input, _context, details) => run(input, details),
        ...(row.defer_loading === undefined ? {} : { deferLoading: row.defer_loading }),
        ...gate,
        ...callers,
        ...more,
      });
      return row.namespace === undefined || !core.toolNamespace
        ? live
        : core.toolNamespace({
            name: row.namespace,
            description: `Tools of ${row.namespace}.`,
            tools: [live],
          })[0];
    }
    case 'shell':
      return core.shellTool?.({
        ...name,
        shell: {
          run: async (action) => ({
            output: [{ stdout: String(await run(action)), stderr: '', outcome: { type: 'exit', exitCode: 0 } }],
          }),
        },
        ...gate,
        ...callers,
        ...more,
      });
    case 'apply_patch': {
      const edit = async (operation) => ({ output: String(await run(operation)) });
      return core.applyPatchTool?.({
        ...name,
        editor: { createFile: edit, updateFile: edit, deleteFile: edit },
        ...gate,
        ...callers,
        ...more,
      });
    }
    case 'computer': {
      const step = (type) => async (...given) => void (await run({ type, arguments: given }));
      return core.computerTool({
        ...name,
        computer: {
          environment: 'browser',
          dimensions: [1024, 768],
          screenshot: async () => String(await run({ type: 'screenshot', arguments: [] })),
          click: step('click'),
          doubleClick: step('double_click'),
          scroll: step('scroll'),
          type: step('type'),
          wait: step('wait'),
          move: step('move'),
          keypress: step('keypress'),
          drag: step('drag'),
        },
        ...gate,
        ...more,
      });
    }
    case 'hosted_mcp':
      return core.hostedMcpTool?.({
        serverLabel: row.server_label ?? row.name,
        serverUrl: 'https://example.invalid/mcp',
        requireApproval: (row.require_approval ?? row.needs_approval) ? 'always' : 'never',
        ...(row.defer_loading === undefined ? {} : { deferLoading: row.defer_loading }),
        ...callers,
        ...more,
      });
    case 'local_shell':
    case 'custom':
      return undefined;
    default: {
      const hosted = HOSTED[row.type];
      if (!hosted) throw new Error(`the agents document names an unknown tool type ${JSON.stringify(row.type)}`);
      return hosted(row);
    }
  }
}

// Tools of local MCP servers are made once and put on the agent: the SDK keeps server, position and tool name with
// them, and only so can they be gated, because the SDK has no approval setting for a local server.
async function mcpTools(row, agent, ran) {
  const servers = (row.mcp_servers ?? []).map((server) => ({
    row: server,
    name: server.name,
    cacheToolsList: false,
    connect: async () => {},
    close: async () => {},
    invalidateToolsCache: async () => {},
    listTools: async () =>
      (server.tools ?? []).map((tool) => ({
        name: typeof tool === 'string' ? tool : tool.name,
        description: '',
        inputSchema: {
          type: 'object',
          properties: { n: { type: 'number' } },
          required: [],
          additionalProperties: false,
        },
      })),
    callTool: async (tool, input) => [
      { type: 'text', text: String(await ran(agent.name, `${server.name}.${tool}`, input, { kind: 'mcp' })) },
    ],
  }));
  if (servers.length === 0) return [];
  // Releases before 0.3 list tools inside a trace only.
  const tools = await core.withTrace('tools', () =>
    row.mcp_tool_prefix
      ? core.getAllMcpTools({ mcpServers: servers, includeServerInToolNames: true })
      : core.getAllMcpTools(servers),
  );
  const gated = new Set(
    servers.flatMap(({ row: { name, tools = [], require_approval: gate } }) =>
      tools
        .map((tool) => (typeof tool === 'string' ? tool : tool.name))
        .filter((tool) => (Array.isArray(gate) ? gate.includes(tool) : gate))
        .map((tool) => (row.mcp_tool_prefix ? `mcp_${name}__${tool}` : tool)),
    ),
  );
  return tools.map((tool) => (gated.has(tool.name) ? { ...tool, needsApproval: async () => true } : tool));
}

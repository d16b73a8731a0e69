// Prints what `runstate validate --agents` wants to know of a program that uses the TypeScript SDK (0.20.0).
//
// `console.log(JSON.stringify(await agentsFile(start)))`, where `start` is the agent that runs are started and resumed with.
import { Agent, RunContext, getHandoff, tool } from '@openai/agents';

export async function agentsFile(start) {
  const queue = [start];
  const agents = [];
  for (const agent of queue) {
    const handoffs = agent.handoffs.map((entry) => getHandoff(entry));
    for (const { agent: next } of handoffs) if (!queue.includes(next)) queue.push(next);
    const tools = [];
    for (const entry of await agent.getAllTools(new RunContext())) {
      const data = entry.providerData ?? {};
      const namespace = Object.getOwnPropertySymbols(entry).find((key) => key.description === 'functionToolNamespace');
      tools.push({
        type: entry.type === 'hosted_tool' ? (data.type === 'mcp' ? 'hosted_mcp' : data.type) : entry.type,
        name: entry.name,
        ...(data.server_label ? { server_label: data.server_label } : {}),
        ...(namespace ? { namespace: entry[namespace] } : {}),
        ...(entry.deferLoading ? { defer_loading: true } : {}),
        ...(entry.allowedCallers ? { allowed_callers: entry.allowedCallers } : {}),
        ...(entry.needsApproval && (await entry.needsApproval(new RunContext(), {})) ? { needs_approval: true } : {}),
      });
    }
    agents.push({ name: agent.name, tools, handoffs: handoffs.map((h) => ({ agent: h.agent.name, tool_name: h.toolName })) });
  }
  // Which agent is behind a tool made with `asTool()` cannot be asked: add `"agent": "Name"` to such a tool by hand.
  return { version: 1, start: start.name, agents };
}

if (process.argv[1]?.endsWith('agents_file.mjs')) {
  const parameters = { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'], additionalProperties: false };
  const wire = tool({ name: 'wire', description: 'Sends money.', parameters, needsApproval: true, execute: () => 'sent' });
  const bank = new Agent({ name: 'Bank', tools: [wire] });
  console.log(JSON.stringify(await agentsFile(Agent.create({ name: 'Triage', handoffs: [bank] })), null, 2));
}

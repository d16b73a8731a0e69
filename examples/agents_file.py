"""Prints what `runstate validate --agents` wants to know of a program that uses the Python SDK (0.24.0).

`print(json.dumps(await agents_file(start)))`, where `start` is the agent that runs are started and resumed with; its MCP
servers must be connected.
"""

import asyncio
import json

from agents import Agent
from agents.run_state import _build_agent_identity_map  # The SDK's own walk: only it knows the order of same-name agents.

KINDS = {
    "FunctionTool": "function",
    "ShellTool": "shell",
    "LocalShellTool": "local_shell",
    "ApplyPatchTool": "apply_patch",
    "ComputerTool": "computer",
    "CustomTool": "custom",
    "HostedMCPTool": "hosted_mcp",
    "WebSearchTool": "web_search",
    "FileSearchTool": "file_search",
    "CodeInterpreterTool": "code_interpreter",
    "ImageGenerationTool": "image_generation",
    "ToolSearchTool": "tool_search",
    "ProgrammaticToolCallingTool": "programmatic_tool_calling",
}


async def agents_file(start: Agent) -> dict:
    identities = {id(agent): identity for identity, agent in _build_agent_identity_map(start).items()}

    def tool(entry) -> dict:
        config = getattr(entry, "tool_config", None) or {}
        inner = getattr(entry, "_agent_instance", None)
        found = {
            "name": entry.name,
            "type": KINDS.get(type(entry).__name__, "function"),
            "needs_approval": True if getattr(entry, "needs_approval", False) else None,
            "namespace": getattr(entry, "_tool_namespace", None),
            "defer_loading": getattr(entry, "defer_loading", False) or None,
            "allowed_callers": getattr(entry, "allowed_callers", None),
            "server_label": config.get("server_label"),
            "agent": identities.get(id(inner)) if inner else None,
        }
        return {key: value for key, value in found.items() if value is not None}

    def handoff(entry) -> str | dict:
        if isinstance(entry, Agent):
            return identities[id(entry)]
        return {"agent": identities[id(entry._agent_ref())], "tool_name": entry.tool_name}

    agents = _build_agent_identity_map(start).items()
    return {
        "version": 1,
        "start": identities[id(start)],
        "agents": [
            {
                "name": agent.name,
                "identity": identity,
                "tools": [tool(entry) for entry in agent.tools],
                "handoffs": [handoff(entry) for entry in agent.handoffs],
                "mcp_servers": [
                    {"name": server.name, "tools": [tool.name for tool in await server.list_tools()]}
                    for server in agent.mcp_servers
                ],
            }
            for identity, agent in agents
        ],
    }


if __name__ == "__main__":
    from agents import function_tool

    @function_tool(needs_approval=True)
    def wire(amount: int) -> str:
        return f"sent {amount}"

    bank = Agent(name="Bank", tools=[wire])
    print(json.dumps(asyncio.run(agents_file(Agent(name="Triage", handoffs=[bank]))), indent=2))

"""Live agents of the Python SDK from an agents document, and the document from live agents.

The document is what `runstate --agents` reads and what both SDK harnesses share:

    {"version": 1, "start": "Triage", "agents": [
      {"name": "Triage", "handoffs": ["Bank", {"agent": "Bank#2", "tool_name": "to_second_bank"}]},
      {"name": "Bank", "tools": [
        {"name": "wire", "type": "function", "needs_approval": true},
        {"name": "ask_auditor", "type": "function", "agent": "Auditor"}]},
      {"name": "Bank", "identity": "Bank#2"},
      {"name": "Auditor", "mcp_servers": [
        {"name": "ledger", "tools": ["post"], "require_approval": ["post"]}]}]}

`start`, `handoffs` and `agent` refer to identities. An agent without `identity` has its name when it is the
first one of that name in the list, and `name#2`, `name#3` afterwards.

Tool members: `name`, `type` (see `TOOL_TYPES`), `needs_approval`, `namespace`, `defer_loading`,
`allowed_callers`, `agent` (the tool runs that agent), `structured_input` (that agent takes other parameters than one
text), `server_label` (hosted MCP). Servers: `name`, `tools`,
`require_approval` ("always", "never" or the names that need it), and `mcp_tool_prefix` on the agent when tool names
start with the server's, and `tool_use_behavior` ("stop_on_first_tool" or {"stop_at_tool_names": [...]}).

Older releases lack some of this; there a tool is built without the members that its class does not know, and left
out when there is no class for it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import agents as sdk
from agents.agent import MCPConfig
from agents.editor import ApplyPatchResult
from agents.mcp import MCPServer
from agents.tool import LocalShellTool
from mcp.types import CallToolResult, TextContent
from mcp.types import Tool as McpTool
from pydantic import BaseModel, ConfigDict

try:
    from agents._run_state_agent_identity import _build_agent_identity_map
except ImportError:  # before 0.22.1 it was in run_state; before 0.14.0 agents of one name were one agent
    from agents import run_state

    _build_agent_identity_map = getattr(run_state, "_build_agent_identity_map", None) or run_state._build_agent_map

Call = Callable[..., Any]
"""Receives a tool's name, its input, its kind and the call's id (None where the SDK does not tell it) when the tool runs,
and returns what the tool returns."""


class AnyInput(BaseModel):
    """Parameters of an agent tool, whatever they are. The SDK only takes schemas that allow nothing more."""

    model_config = ConfigDict(extra="allow", json_schema_extra=lambda schema: schema.pop("additionalProperties"))


ANY_OBJECT = {"type": "object", "properties": {}, "additionalProperties": True}


def build(document: dict[str, Any], call: Call, model: sdk.Model | None = None) -> sdk.Agent[Any]:
    """The start agent of `document`, whose tools only report to `call`."""
    if document.get("version") != 1:
        raise ValueError("expected an agents document of version 1")
    entries: dict[str, dict[str, Any]] = {}
    live: dict[str, sdk.Agent[Any]] = {}
    for entry in document["agents"]:
        identity = entry.get("identity") or _next_identity(entry["name"], entries)
        if identity in entries:
            raise ValueError(f"two agents with the identity {identity}")
        entries[identity] = entry
        live[identity] = sdk.Agent(name=entry["name"], instructions=f"You are {entry['name']}.", model=model)
    # The SDK numbers same-name agents by the text of their configuration, in which this description comes first
    # of what differs between them here.
    for position, identity in enumerate(sorted(entries, key=_identity_order)):
        live[identity].handoff_description = f"{position:06}"
    for identity, entry in entries.items():
        agent = live[identity]
        agent.tools = _tools(entry.get("tools", []), live, call)
        agent.handoffs = [_handoff(target, live) for target in entry.get("handoffs", [])]
        agent.mcp_servers = _servers(entry, call)
        agent.tool_use_behavior = entry.get("tool_use_behavior", "run_llm_again")
        if entry.get("mcp_tool_prefix"):
            agent.mcp_config = {"include_server_in_tool_names": True}
    return live[document["start"]]


def describe(start: sdk.Agent[Any]) -> dict[str, Any]:
    """The agents document of a live graph, in the order in which the SDK walks it."""
    graph = _build_agent_identity_map(start)
    identity_of = {id(agent): identity for identity, agent in graph.items()}
    return {
        "version": 1,
        "start": identity_of[id(start)],
        "agents": [_describe_agent(agent, identity, identity_of) for identity, agent in graph.items()],
    }


def _next_identity(name: str, taken: dict[str, Any]) -> str:
    identity, number = name, 1
    while identity in taken:
        number += 1
        identity = f"{name}#{number}"
    return identity


def _identity_order(identity: str) -> tuple[str, int]:
    name, _, number = identity.rpartition("#")
    return (name, int(number)) if name and number.isdigit() else (identity, 1)


def _handoff(target: str | dict[str, Any], live: dict[str, sdk.Agent[Any]]) -> Any:
    if isinstance(target, str):
        return live[target]
    return sdk.handoff(live[target["agent"]], tool_name_override=target.get("tool_name"))


# ---------------------------------------------------------------------------------------------------------------------
# Tools


def _tools(entries: list[dict[str, Any]], live: dict[str, sdk.Agent[Any]], call: Call) -> list[Any]:
    tools: list[Any] = []
    for entry in entries:
        if "agent" in entry:
            tool = live[entry["agent"]].as_tool(
                entry["name"],
                "Asks an agent.",
                needs_approval=bool(entry.get("needs_approval")),
                parameters=AnyInput if entry.get("structured_input") else None,
            )
        else:
            tool = TOOL_TYPES[entry["type"]](entry, call)
        if tool is None:
            continue
        if entry.get("namespace") and hasattr(sdk, "tool_namespace"):
            [tool] = sdk.tool_namespace(name=entry["namespace"], description="Tools.", tools=[tool])
        tools.append(tool)
    return tools


def _make(type_name: str, **members: Any) -> Any:
    """A tool of the class with this name, with the members that this release knows; None without the class."""
    kind = getattr(sdk, type_name, None)
    if kind is None:
        return None
    known = {field.name for field in dataclasses.fields(kind) if field.init}
    return kind(**{member: value for member, value in members.items() if member in known})


def _function(entry: dict[str, Any], call: Call) -> Any:
    async def invoke(context: Any, arguments: str) -> Any:
        return call(entry["name"], arguments, "function", getattr(context, "tool_call_id", None))

    return _make(
        "FunctionTool",
        name=entry["name"],
        description="A tool.",
        params_json_schema=dict(ANY_OBJECT),
        on_invoke_tool=invoke,
        strict_json_schema=False,
        defer_loading=bool(entry.get("defer_loading")),
        **_gate(entry),
        **_callers(entry),
    )


def _shell(entry: dict[str, Any], call: Call) -> Any:
    async def execute(request: Any) -> Any:
        action = request.data.action
        input = {
            "commands": list(action.commands),
            "timeout_ms": action.timeout_ms,
            "max_output_length": action.max_output_length,
        }
        return call(entry["name"], input, "shell", request.data.call_id)

    return _make("ShellTool", executor=execute, name=entry["name"], **_gate(entry), **_callers(entry))


def _apply_patch(entry: dict[str, Any], call: Call) -> Any:
    editor = _Editor(entry["name"], call)
    return _make("ApplyPatchTool", editor=editor, name=entry["name"], **_gate(entry), **_callers(entry))


def _local_shell(entry: dict[str, Any], call: Call) -> LocalShellTool:
    async def execute(request: Any) -> str:
        return str(call("local_shell", list(request.data.action.command), "local_shell", request.data.call_id))

    return LocalShellTool(executor=execute)


def _custom(entry: dict[str, Any], call: Call) -> Any:
    async def invoke(_context: Any, text: str) -> str:
        return str(call(entry["name"], text, "custom"))

    return _make(
        "CustomTool",
        name=entry["name"],
        description="A tool.",
        on_invoke_tool=invoke,
        defer_loading=bool(entry.get("defer_loading")),
        **_gate(entry),
        **_callers(entry),
    )


def _hosted_mcp(entry: dict[str, Any], _call: Call) -> sdk.HostedMCPTool:
    config: dict[str, Any] = {
        "type": "mcp",
        "server_label": entry["server_label"],
        "server_url": "https://mcp.example/",
        "require_approval": "always" if entry.get("needs_approval") else "never",
        **_callers(entry),
    }
    if entry.get("defer_loading"):
        config["defer_loading"] = True
    return sdk.HostedMCPTool(tool_config=config)


def _gate(entry: dict[str, Any]) -> dict[str, Any]:
    return {"needs_approval": True} if entry.get("needs_approval") else {}


def _callers(entry: dict[str, Any]) -> dict[str, Any]:
    return {"allowed_callers": entry["allowed_callers"]} if entry.get("allowed_callers") else {}


TOOL_TYPES: dict[str, Callable[[dict[str, Any], Call], Any]] = {
    "function": _function,
    "shell": _shell,
    "apply_patch": _apply_patch,
    "computer": lambda entry, call: sdk.ComputerTool(computer=_Computer(call)),
    "local_shell": _local_shell,
    "custom": _custom,
    "hosted_mcp": _hosted_mcp,
    "web_search": lambda entry, call: sdk.WebSearchTool(),
    "file_search": lambda entry, call: sdk.FileSearchTool(vector_store_ids=["vs_1"]),
    "code_interpreter": lambda entry, call: sdk.CodeInterpreterTool(
        tool_config={"type": "code_interpreter", "container": {"type": "auto"}, **_callers(entry)}
    ),
    "image_generation": lambda entry, call: sdk.ImageGenerationTool(tool_config={"type": "image_generation"}),
    "tool_search": lambda entry, call: _make("ToolSearchTool", execution=entry.get("execution")),
    "programmatic_tool_calling": lambda entry, call: _make("ProgrammaticToolCallingTool"),
}


class _Editor:
    """Reports patches instead of applying them."""

    def __init__(self, name: str, call: Call) -> None:
        self._name, self._call = name, call

    def _report(self, operation: Any) -> ApplyPatchResult:
        input = {"type": operation.type, "path": operation.path, "diff": operation.diff}
        return ApplyPatchResult(output=str(self._call(self._name, input, "apply_patch")))

    create_file = update_file = delete_file = _report


class _Computer(sdk.Computer):
    """Reports actions instead of performing them."""

    environment = "browser"
    dimensions = (10, 10)

    def __init__(self, call: Call) -> None:
        self._call = call

    def _report(self, type: str, *arguments: Any) -> None:
        self._call("computer", {"type": type, "arguments": list(arguments)}, "computer")

    def screenshot(self) -> str:
        self._report("screenshot")
        return "aGk="

    def click(self, x: int, y: int, button: str) -> None:
        self._report("click", x, y, button)

    def double_click(self, x: int, y: int) -> None:
        self._report("double_click", x, y)

    def scroll(self, x: int, y: int, scroll_x: int, scroll_y: int) -> None:
        self._report("scroll", x, y, scroll_x, scroll_y)

    def type(self, text: str) -> None:
        self._report("type", text)

    def wait(self) -> None:
        self._report("wait")

    def move(self, x: int, y: int) -> None:
        self._report("move", x, y)

    def keypress(self, keys: list[str]) -> None:
        self._report("keypress", keys)

    def drag(self, path: list[tuple[int, int]]) -> None:
        self._report("drag", path)


def _servers(entry: dict[str, Any], call: Call) -> list[MCPServer]:
    """The servers of an agent. Releases that cannot tell them apart by name take no two tools of one name."""
    servers = entry.get("mcp_servers", [])
    if entry.get("mcp_tool_prefix") and "include_server_in_tool_names" not in MCPConfig.__annotations__:
        names = [name for server in servers for name in server["tools"]]
        servers = [server for server in servers if all(names.count(name) == 1 for name in server["tools"])]
    return [_Server(server, call) for server in servers]


class _Server(MCPServer):
    """A local MCP server that lives in this process."""

    def __init__(self, entry: dict[str, Any], call: Call) -> None:
        gate = entry.get("require_approval")
        super().__init__(require_approval={"always": {"tool_names": gate}} if isinstance(gate, list) else gate)
        self.entry, self._call = entry, call
        self._tools = [McpTool(name=name, description="A tool.", inputSchema=ANY_OBJECT) for name in entry["tools"]]

    @property
    def name(self) -> str:
        return self.entry["name"]

    async def connect(self) -> None:
        pass

    async def cleanup(self) -> None:
        pass

    async def list_tools(self, run_context: Any = None, agent: Any = None) -> list[McpTool]:
        return self._tools

    async def call_tool(self, tool_name: str, arguments: dict[str, Any] | None, meta: Any = None) -> CallToolResult:
        result = self._call(f"{self.name}.{tool_name}", json.dumps(arguments), "mcp")
        return CallToolResult(content=[TextContent(type="text", text=str(result))])

    async def list_prompts(self) -> Any:
        raise NotImplementedError

    async def get_prompt(self, name: str, arguments: dict[str, Any] | None = None) -> Any:
        raise NotImplementedError


# ---------------------------------------------------------------------------------------------------------------------
# Describing live agents

TOOL_NAMES = {
    "FunctionTool": "function",
    "ShellTool": "shell",
    "ApplyPatchTool": "apply_patch",
    "ComputerTool": "computer",
    "LocalShellTool": "local_shell",
    "CustomTool": "custom",
    "HostedMCPTool": "hosted_mcp",
    "WebSearchTool": "web_search",
    "FileSearchTool": "file_search",
    "CodeInterpreterTool": "code_interpreter",
    "ImageGenerationTool": "image_generation",
    "ToolSearchTool": "tool_search",
    "ProgrammaticToolCallingTool": "programmatic_tool_calling",
}


def _describe_agent(agent: sdk.Agent[Any], identity: str, identity_of: dict[int, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": agent.name}
    if identity != agent.name:
        entry["identity"] = identity
    if agent.tools:
        entry["tools"] = [_describe_tool(tool, identity_of) for tool in agent.tools]
    if agent.handoffs:
        entry["handoffs"] = [_describe_handoff(handoff, identity_of) for handoff in agent.handoffs]
    if agent.mcp_servers:
        entry["mcp_servers"] = [server.entry for server in agent.mcp_servers]
    if agent.mcp_config.get("include_server_in_tool_names"):
        entry["mcp_tool_prefix"] = True
    return entry


def _describe_tool(tool: Any, identity_of: dict[int, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": tool.name, "type": TOOL_NAMES[type(tool).__name__]}
    if getattr(tool, "needs_approval", False):
        entry["needs_approval"] = True
    if getattr(tool, "_tool_namespace", None):
        entry["namespace"] = tool._tool_namespace
    if getattr(tool, "defer_loading", False):
        entry["defer_loading"] = True
    if getattr(tool, "_is_agent_tool", False):
        entry["agent"] = identity_of[id(tool._agent_instance)]
        if list(tool.params_json_schema.get("properties", {})) != ["input"]:
            entry["structured_input"] = True
    config = getattr(tool, "tool_config", None) or {}
    if isinstance(tool, sdk.HostedMCPTool):
        entry["server_label"] = config["server_label"]
        if config.get("require_approval") != "never":
            entry["needs_approval"] = True
    callers = getattr(tool, "allowed_callers", None) or config.get("allowed_callers")
    if callers:
        entry["allowed_callers"] = list(callers)
    return entry


def _describe_handoff(handoff: Any, identity_of: dict[int, str]) -> Any:
    if isinstance(handoff, sdk.Agent):
        return identity_of[id(handoff)]
    target = handoff._agent_ref()
    if handoff.tool_name == sdk.Handoff.default_tool_name(target):
        return identity_of[id(target)]
    return {"agent": identity_of[id(target)], "tool_name": handoff.tool_name}

"""Derive an agent graph document from a serialized state of either dialect.

A state does not carry its agents; it names them. The graph made here is the smallest one in which
every name of the state resolves, so that the real loader judges the state and not the harness.

    python3 graph.py STATE.json [STATE.json ...]      one graph document per line

    {"version": 1, "start": "Triage", "agents": [
        {"name": "Triage", "tools": [{"name": "wire", "type": "function", "needs_approval": true}],
         "handoffs": ["Bank", {"agent": "Bank#2", "tool_name": "escalate"}]},
        {"name": "Bank", "tools": [], "handoffs": []},
        {"name": "Bank", "identity": "Bank#2", "tools": [], "handoffs": []}]}

`identity` stands where it differs from `name`, and agents of one name stand in the order of their
identities; `start`, `handoffs` and a tool's `agent` are identities. A handoff is an object where its tool
does not have the SDK's default name. Optional members of a tool: `needs_approval`, `namespace`,
`defer_loading`, `agent` (the tool runs that agent), `allowed_callers`, `server_label` (hosted_mcp). An agent's `mcp_servers` are local MCP servers,
`{"name": "ledger", "tools": ["post"], "require_approval": ["post"]}`, `mcp_tool_prefix` says that the
names of their tools begin with the server's, and `tool_use_behavior` how a tool's output ends the run.
"""

import json
import re
import sys

# Raw call type -> (tool type, name the SDK gives that tool).
CALL_TOOLS = {
    "shell_call": ("shell", "shell"),
    "local_shell_call": ("local_shell", "local_shell"),
    "apply_patch_call": ("apply_patch", "apply_patch"),
    "computer_call": ("computer", "computer_use_preview"),
    "custom_tool_call": ("custom", None),
    "web_search_call": ("web_search", "web_search"),
    "file_search_call": ("file_search", "file_search"),
    "code_interpreter_call": ("code_interpreter", "code_interpreter"),
    "image_generation_call": ("image_generation", "image_generation"),
    "mcp_call": ("hosted_mcp", "hosted_mcp"),
    "mcp_list_tools": ("hosted_mcp", "hosted_mcp"),
    "mcp_approval_request": ("hosted_mcp", "hosted_mcp"),
    "tool_search_call": ("tool_search", "tool_search"),
    "tool_search_output": ("tool_search", "tool_search"),
    "program": ("programmatic_tool_calling", "programmatic_tool_calling"),
}
# Names that trackers use for tools that are not functions.
TRACKED_TOOLS = {name: kind for kind, name in CALL_TOOLS.values() if name}
TRACKED_TOOLS |= {"computer": "computer", "mcp": "hosted_mcp", "web_search_preview": "web_search"}
ONE_OF_A_KIND = {"web_search", "file_search", "code_interpreter", "image_generation", "tool_search",
                 "programmatic_tool_calling", "computer"}
# Action list of a processed response -> (tool member, tool type), in Python's spelling.
ACTIONS = {
    "computer_actions": ("computer", "computer"),
    "custom_tool_actions": ("custom_tool", "custom"),
    "local_shell_actions": ("local_shell", "local_shell"),
    "shell_actions": ("shell", "shell"),
    "apply_patch_actions": ("apply_patch", "apply_patch"),
}
APPROVAL_DEPTH = 16


def dialect_of(state):
    """Python and TypeScript spell every member of a state differently; these two always stand there."""
    members = mapping(state)
    camel = sum(key in members for key in ("currentAgent", "currentTurn", "originalInput", "maxTurns"))
    snake = sum(key in members for key in ("current_agent", "current_turn", "original_input", "max_turns"))
    return "typescript" if camel > snake else "python"


def mapping(value):
    return value if isinstance(value, dict) else {}


def sequence(value):
    return value if isinstance(value, list) else []


def text(value):
    return value if isinstance(value, str) and value else None


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


class Graph:
    """Agents in the order in which the state names them, each with its tools and handoffs."""

    def __init__(self, dialect):
        self.dialect = dialect
        self.agents = {}      # identity -> name
        self.tools = {}       # identity -> {(type, namespace, name): tool}
        self.edges = {}       # identity -> {(target, tool name or None): None}
        self.servers = {}     # identity -> {server name: {tool name: needs approval}}
        self.prefixed = set() # identities whose local MCP tools carry their server's name
        self.bound = {}       # (identity, name of a call) -> server
        self.handed_over = {} # handoff call id -> target
        self.unresolved = {}  # identity -> call ids whose tool its owner lacked when the state was written
        self.behaviors = {}   # identity -> how a tool's output ends its run
        self.fingerprinted = {} # (identity, call id) -> tool name

    def key(self, name):
        return camel(name) if self.dialect == "typescript" else name

    def get(self, value, name):
        return mapping(value).get(self.key(name))

    def agent(self, reference):
        """The identity of an agent reference, known from now on."""
        if isinstance(reference, str):
            return self.identity(reference)
        name, identity = text(mapping(reference).get("name")), text(mapping(reference).get("identity"))
        if name is None and identity is None:
            return None
        identity = identity or name
        if self.agents.get(identity) in (None, identity):
            self.agents[identity] = name or bare_name(identity)
        return identity

    def identity(self, identity):
        """An agent that is known by its identity only: `Bank#2` is the second `Bank`."""
        if not text(identity):
            return None
        self.agents.setdefault(identity, bare_name(identity))
        return identity

    def tool(self, owner, kind, name, **members):
        if owner is None or not name:
            return
        if kind == "hosted_mcp":
            name = "hosted_mcp"
            slot = (kind, members.get("server_label"), name)
            if members.get("server_label") is None:
                return
        elif kind in ONE_OF_A_KIND:
            slot = (kind, None, None)
        else:
            slot = (kind, members.get("namespace"), name)
        entry = self.tools.setdefault(owner, {}).setdefault(slot, {"name": name, "type": kind})
        entry.update({member: value for member, value in members.items() if value})

    def function(self, owner, name, namespace=None, **members):
        """A function tool; a namespace equal to the name marks a tool that is loaded on demand."""
        if not text(name):
            return
        if namespace == name:
            namespace, members["defer_loading"] = None, True
        self.tool(owner, "function", name, namespace=text(namespace), **members)
        if members.get("defer_loading"):
            self.tool(owner, "tool_search", "tool_search")

    def server_tool(self, owner, server, name, approval=False):
        """A tool of a local MCP server; `mcp_<server>__<tool>` where the agent tells servers apart by name."""
        if name.startswith(f"mcp_{server}__"):
            name = name.removeprefix(f"mcp_{server}__")
            self.prefixed.add(owner)
        tools = self.servers.setdefault(owner, {}).setdefault(server, {})
        tools[name] = tools.get(name, False) or approval

    def keyed_function(self, owner, key, **members):
        """A function tool from a lookup key of either dialect, unless a local MCP server has it."""
        if isinstance(key, dict):
            kind, namespace, name = key.get("kind"), key.get("namespace"), key.get("name")
        elif isinstance(key, str) and key.startswith("["):
            try:
                kind, *names = json.loads(key)
            except ValueError:
                return
            namespace, name = (names if len(names) == 2 else [None, *names, None][:2])
        elif isinstance(key, str):
            kind, _, name = key.partition(":") if key.startswith("deferred_top_level:") else ("bare", "", key)
            namespace, _, last = name.rpartition(".")
            namespace, name = (namespace, last) if namespace else (None, name)
        else:
            return
        if kind == "deferred_top_level":
            namespace, members = None, members | {"defer_loading": True}
        if namespace is None and (owner, name) in self.bound:
            return
        self.function(owner, name, text(namespace), **members)

    def handoff(self, source, target, tool_name=None):
        if source is None or target is None:
            return
        if tool_name == default_handoff_name(self.dialect, self.agents[target]):
            tool_name = None
        known = self.edges.setdefault(source, {})
        if tool_name is None and any(target == other for other, _ in known):
            return
        if tool_name is not None:
            known.pop((target, None), None)
        known[(target, tool_name)] = None

    def call(self, owner, raw, lookup_key=None, tool_name=None, origin=None, approval=False):
        """The tool that a raw call needs on the agent that made it."""
        raw = mapping(raw)
        members = {"needs_approval": approval}
        caller = mapping(raw.get("caller"))
        if caller.get("type") == "program":
            members["allowed_callers"] = ["direct", "programmatic"]
            self.tool(owner, "programmatic_tool_calling", "programmatic_tool_calling")
        kind = raw.get("type")
        provider = mapping(self.get(raw, "provider_data"))
        if kind == "hosted_tool_call":
            kind = provider.get("type") or raw.get("name")
            kind = kind if kind in CALL_TOOLS else f"{kind}_call"
            if text(provider.get("server_label")):
                kind = "mcp_approval_request"
        if kind == "function_call":
            name, namespace = raw.get("name"), raw.get("namespace")
            origin = mapping(origin)
            target = text(origin.get("agent_name")) if origin.get("type") == "agent_as_tool" else None
            if target:
                members["agent"] = self.identity(target)
            server = text(origin.get("mcp_server_name")) or self.bound.get((owner, name))
            if server and text(name):
                self.server_tool(owner, server, name, approval)
            elif namespace is None and lookup_key is not None:
                self.keyed_function(owner, lookup_key, **members)
            else:
                self.function(owner, name, namespace, **members)
        elif kind in ("mcp_call", "mcp_list_tools", "mcp_approval_request"):
            label = text(raw.get("server_label")) or text(provider.get("server_label"))
            self.tool(owner, "hosted_mcp", "hosted_mcp", server_label=label, **members)
        elif kind in CALL_TOOLS:
            tool, name = CALL_TOOLS[kind]
            self.tool(owner, tool, text(tool_name) or name or text(raw.get("name")), **members)

    def handoff_call(self, owner, raw, target=None):
        name = text(mapping(raw).get("name"))
        call_id = self.get(raw, "call_id")
        target = target or (self.handed_over.get(call_id) if isinstance(call_id, str) else None)
        if owner is None or name is None:
            return
        if target is None:
            for identity, agent_name in self.agents.items():
                if default_handoff_name(self.dialect, agent_name) == name:
                    target = identity
        if target is None and any(tool_name == name for _, tool_name in self.edges.get(owner, {})):
            return
        self.handoff(owner, target or self.identity(name.removeprefix("transfer_to_")), name)

    def item(self, item):
        """One run item: its agents, the tool of its call, the edge of its handoff."""
        item = mapping(item)
        owner = self.agent(item.get("agent"))
        source, target = self.agent(self.get(item, "source_agent")), self.agent(self.get(item, "target_agent"))
        raw = self.get(item, "raw_item") or item.get("rawItem")
        kind = item.get("type")
        if kind == "handoff_output_item":
            call_id = self.get(raw, "call_id")
            if isinstance(call_id, str):
                self.handed_over[call_id] = target
            self.handoff(source, target)
        elif kind in ("tool_call_item", "tool_approval_item", "tool_search_call_item", "tool_search_output_item"):
            key = self.get(item, "tool_lookup_key") or item.get("functionToolStateKey")
            approval = kind == "tool_approval_item"
            call_id = text(self.get(raw, "call_id"))
            if not approval and call_id in self.unresolved.get(owner, ()):
                return
            name = (self.get(item, "tool_name") if approval else None) or self.fingerprinted.get((owner, call_id))
            self.call(owner, raw, key, name, item.get("tool_origin"), approval)
            if kind == "tool_search_output_item":
                self.found(owner, mapping(raw).get("tools"))

    def found(self, owner, tools, namespace=None):
        """Tools that a search returned: the agent must have them for later calls to resolve."""
        for tool in map(mapping, sequence(tools)):
            if tool.get("type") == "namespace":
                self.found(owner, tool.get("tools"), text(tool.get("name")))
            elif tool.get("type") == "function":
                deferred = bool(self.get(tool, "defer_loading")) and namespace is None
                self.function(owner, tool.get("name"), namespace, defer_loading=deferred)

    def processed(self, state, current):
        """The last response: its actions always belong to the current agent."""
        response = mapping(self.get(state, "last_processed_response"))
        for action in sequence(response.get("functions")):
            call, tool = mapping(self.get(action, "tool_call")), mapping(mapping(action).get("tool"))
            members = {"agent": self.nested(self.get(action, "agent_run_state"))}
            namespace = call.get("namespace") or tool.get("namespace")
            key = tool.get("lookupKey") if namespace is None else None
            caller = mapping(call.get("caller"))
            if caller.get("type") == "program":
                members["allowed_callers"] = ["direct", "programmatic"]
            name = text(call.get("name")) or text(tool.get("name"))
            if (current, name) in self.bound:
                self.server_tool(current, self.bound[current, name], name)
            elif key is not None:
                self.keyed_function(current, key, **members)
            else:
                self.function(current, name, namespace, defer_loading=bool(tool.get("deferLoading")), **members)
        for field, (member, kind) in ACTIONS.items():
            for action in sequence(self.get(response, field)):
                tool, call = mapping(self.get(action, member)), mapping(self.get(action, "tool_call"))
                program = mapping(call.get("caller")).get("type") == "program"
                self.tool(current, kind, text(tool.get("name")),
                          allowed_callers=["direct", "programmatic"] if program else None)
        for action in sequence(response.get("handoffs")):
            call, declared = self.get(action, "tool_call"), mapping(mapping(action).get("handoff"))
            name = text(self.get(declared, "tool_name")) or mapping(call).get("name")
            target = self.agent(self.get(action, "target_agent")) or self.identity(declared.get("agentName"))
            self.handoff_call(current, mapping(call) | {"name": name}, target)
        for request in sequence(self.get(response, "mcp_approval_requests")):
            raw = mapping(self.get(mapping(self.get(request, "request_item")), "raw_item"))
            tool = mapping(self.get(request, "mcp_tool"))
            config = mapping(self.get(tool, "tool_config")) or mapping(self.get(tool, "provider_data"))
            label = raw.get("server_label") or mapping(self.get(raw, "provider_data")).get("server_label")
            program = mapping(raw.get("caller")).get("type") == "program"
            self.tool(current, "hosted_mcp", "hosted_mcp", needs_approval=True,
                      allowed_callers=["direct", "programmatic"] if program else None,
                      server_label=text(label) or text(config.get("server_label")))

    def bind(self, processed, current):
        """Which names of this response's calls are tools of local MCP servers."""
        bindings = mapping(self.get(processed, "mcp_tool_bindings"))
        for action in sequence(processed.get("functions")):
            call = mapping(self.get(action, "tool_call"))
            bound = sequence(bindings.get(text(self.get(call, "call_id"))))
            server = text(bound[0]) if bound else text(mapping(mapping(action).get("mcpToolBinding")).get("serverName"))
            if server and text(call.get("name")):
                self.bound[current, call["name"]] = server

    def nested(self, nested):
        """A paused run of an agent that another agent uses as a tool; returns its start agent."""
        if isinstance(nested, str):
            try:
                nested = json.loads(nested)
            except (ValueError, RecursionError):
                return None
        if not isinstance(nested, dict) or self.depth >= APPROVAL_DEPTH:
            return None
        return self.state(nested)

    depth = 0

    def state(self, state):
        """Everything that one state names; returns the identity of its start agent."""
        self.depth += 1
        processed = mapping(self.get(state, "last_processed_response"))
        step = mapping(self.get(state, "current_step"))
        history = sequence(self.get(state, "session_items")) + sequence(self.get(state, "generated_items"))
        new_items = sequence(self.get(processed, "new_items"))
        pending = (sequence(mapping(step.get("data")).get("interruptions")) + sequence(step.get("interruptions"))
                   + sequence(processed.get("interruptions")))
        evidence = [part.get("item")
                    for record in sequence(state.get("completedToolInvocationEvidence"))
                    for entry in mapping(mapping(record).get("invocations")).values()
                    for part in map(mapping, sequence(mapping(entry).get("items")))]

        current = self.agent(self.get(state, "current_agent"))
        self.bind(processed, current)
        start = next((owner for item in history + new_items
                      if mapping(item).get("type") != "tool_approval_item"
                      for owner in [self.agent(mapping(item).get("agent")
                                               or self.get(item, "source_agent"))] if owner), current)
        start = start if start is None or self.agents[start] == start else self.agents[start]
        self.unresolved = {
            self.identity(mapping(record).get("agentIdentity")): set(filter(text, sequence(mapping(record).get("callIds"))))
            for record in sequence(state.get("ambiguousToolInvocationCallIds"))}
        for record in sequence(state.get("completedToolInvocations")):
            for call_id, fingerprint in mapping(mapping(record).get("invocations")).items():
                self.fingerprinted[(self.identity(record.get("agentIdentity")), call_id)] = fingerprint_tool(fingerprint)
        for item in history + new_items + evidence + pending:
            self.item(item)
        if self.agent(step.get("newAgent")) != current:
            self.handoff(current, self.agent(step.get("newAgent")))
        self.processed(state, current)
        self.pending_runs(state, current)
        for item in history + new_items + pending:
            if mapping(item).get("type") == "handoff_call_item":
                owner = self.agent(mapping(item).get("agent"))
                self.handoff_call(owner, self.get(item, "raw_item"))
        self.terminal(state, current)
        for result in sequence(self.get(state, "output_guardrail_results")):
            self.agent(mapping(result).get("agent"))
        self.decisions(mapping(state.get("context")))
        for field in ("completedToolInvocations", "completedToolInvocationEvidence", "ambiguousToolInvocationCallIds"):
            for record in sequence(state.get(field)):
                self.identity(mapping(record).get("agentIdentity"))
        sandbox = mapping(state.get("sandbox"))
        for identity in [self.get(sandbox, "current_agent_key"), *mapping(self.get(sandbox, "sessions_by_agent"))]:
            self.identity(identity)
        for identity, names in mapping(self.get(state, "tool_use_tracker")).items():
            self.tracked(self.identity(identity), names)
        self.tracked(current, self.get(processed, "tools_used"))
        self.depth -= 1
        return start or next(iter(self.agents), None)

    def pending_runs(self, state, current):
        """TypeScript keeps nested runs as texts under `<tool key>:<call id>`."""
        for key, nested in mapping(state.get("pendingAgentToolRuns")).items():
            tool_key = key[:key.rindex("]") + 1] if key.startswith("[") and "]" in key else key.partition(":")[0]
            start = self.nested(nested)
            owner = next((owner for owner, tools in self.tools.items()
                          for kind, _, name in tools if kind == "function" and f'"{name}"' in tool_key), current)
            self.keyed_function(owner, tool_key, agent=start)

    def terminal(self, state, current):
        """A pending write of a final output must fit the way in which its agent lets tools end a run."""
        terminal = mapping(mapping(state.get("pendingSessionWrite")).get("terminalToolFinalization"))
        behavior = terminal.get("behavior")
        if behavior == "stop_at_tool_names":
            names = {mapping(mapping(item).get("rawItem")).get("name") for item in sequence(state.get("generatedItems"))
                     if mapping(mapping(item).get("rawItem")).get("callId") == terminal.get("selectedCallId")}
            self.behaviors[current] = {"stop_at_tool_names": sorted(filter(text, names))}
        elif text(behavior):
            self.behaviors[current] = behavior

    def decisions(self, context):
        for entry in sequence(context.get("function_tool_approvals")):
            owner = self.agent(mapping(entry).get("agent"))
            self.keyed_function(owner, text(mapping(entry).get("tool_key")))
        for entry in sequence(context.get("functionApprovals")):
            owner = self.identity(mapping(entry).get("agentIdentity"))
            for key in mapping(mapping(entry).get("approvals")):
                self.keyed_function(owner, key)
        for entry in sequence(context.get("approvalInvocations")):
            self.identity(mapping(entry).get("agentIdentity"))

    def tracked(self, owner, names):
        if owner is None:
            return
        for name in map(text, sequence(names)):
            tools, edges = self.tools.get(owner, {}), self.edges.get(owner, {})
            qualified = {f"{namespace}.{tool}" if namespace else tool for _, namespace, tool in tools}
            transfers = {tool or default_handoff_name(self.dialect, self.agents[target]) for target, tool in edges}
            served = {tool for tools in self.servers.get(owner, {}).values() for tool in tools}
            if name is None or name.rpartition("__")[2] in served or name in qualified | transfers:
                continue
            if name in TRACKED_TOOLS:
                self.tool(owner, TRACKED_TOOLS[name], name)
            elif name.startswith("transfer_to_"):
                self.handoff_call(owner, {"name": name})
            else:
                self.keyed_function(owner, name)

    def document(self, start):
        for identity, name in list(self.agents.items()):
            for earlier in [name, *(f"{name}#{n}" for n in range(2, ordinal(identity, name)))]:
                if earlier not in self.agents:
                    self.agents[earlier] = name
        start = start or "Agent"
        self.agents.setdefault(start, start)
        for identity in self.agents:
            if identity not in self.reachable(start):
                self.handoff(start, identity)
        first = {name: position for position, name in reversed(list(enumerate(self.agents.values())))}
        identities = sorted(self.agents, key=lambda identity: (first[self.agents[identity]],
                                                               ordinal(identity, self.agents[identity])))
        return {"version": 1, "start": start, "agents": [self.entry(identity) for identity in identities]}

    def reachable(self, start):
        seen, queue = {start}, [start]
        while queue:
            agent = queue.pop()
            targets = [target for target, _ in self.edges.get(agent, {})]
            targets += [tool["agent"] for tool in self.tools.get(agent, {}).values() if "agent" in tool]
            fresh = [target for target in targets if target not in seen]
            seen.update(fresh)
            queue += fresh
        return seen

    def entry(self, identity):
        name = self.agents[identity]
        entry = {"name": name}
        if identity != name:
            entry["identity"] = identity
        entry["tools"] = list(self.tools.get(identity, {}).values())
        entry["handoffs"] = [target if tool_name is None else {"agent": target, "tool_name": tool_name}
                             for target, tool_name in self.edges.get(identity, {})]
        if identity in self.servers:
            entry["mcp_servers"] = [
                {"name": server, "tools": list(tools)} | approvals([name for name, gated in tools.items() if gated])
                for server, tools in self.servers[identity].items()]
        if identity in self.behaviors:
            entry["tool_use_behavior"] = self.behaviors[identity]
        if identity in self.prefixed:
            entry["mcp_tool_prefix"] = True
        return entry


def approvals(names):
    return {"require_approval": names} if names else {}


def fingerprint_tool(fingerprint):
    """The tool name that a TypeScript fingerprint of a local call (shell, patch, computer) was made with."""
    try:
        name = mapping(json.loads(fingerprint)).get("toolName")
    except (TypeError, ValueError):
        return None
    return text(name)


def bare_name(identity):
    match = re.fullmatch(r"(.+)#([2-9]|[1-9][0-9]+)", identity, re.DOTALL)
    return match[1] if match else identity


def ordinal(identity, name):
    """2 for `Bank#2` of an agent named `Bank`, 1 for `Bank` itself."""
    suffix = identity.removeprefix(name + "#") if identity != name else ""
    return int(suffix) if suffix.isdecimal() and len(suffix) < 4 else 1


def default_handoff_name(dialect, name):
    """`Handoff.default_tool_name` (openai-agents 0.24.0), `getDefaultHandoffToolName` (agents-core 0.20.0)."""
    if dialect == "python":
        return re.sub(r"[^a-zA-Z0-9_]", "_", f"transfer_to_{name}").lower()
    return "transfer_to_" + re.sub(r"[^a-zA-Z0-9]", "_", name)


def derive(state):
    """The graph document of a parsed state."""
    graph = Graph(dialect_of(state))
    return graph.document(graph.state(mapping(state)))


def main(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            print(json.dumps(derive(json.load(file)), ensure_ascii=True))


if __name__ == "__main__":
    main(sys.argv[1:])

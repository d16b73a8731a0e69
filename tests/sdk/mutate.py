"""Seeded structural mutants of a serialized state, in the byte style of its dialect.

A place is chosen by its pattern (`/generated_items/*<tool_call_item>/raw_item<function_call>/name`),
each pattern as often as any other, so that a place that exists once in a state is hit as often as one
that exists a hundred times; three of ten mutants choose the mutation first, so that rare ones occur, too.
A `!` in a pointer enters a state that is stored as text. The same text, seed and name give the same mutants.

    python3 mutate.py STATE.json --count 20 --seed 1             descriptions, one JSON object per line
    python3 mutate.py STATE.json --count 20 --seed 1 --out DIR   the mutants as files, too
"""

import argparse
import itertools
import json
import pathlib
import random
import re
import sys

from graph import dialect_of

# The number behind `1.` of the newest label.
NEWEST = {"python": 21, "typescript": 22}

# Objects whose keys are data (names, call ids), not members of the format.
MAPS = {"approvals", "tool_invocations", "tool_use_tracker", "mcp_tool_bindings", "rejection_messages",
        "sessions_by_agent", "toolUseTracker", "pendingAgentToolRuns", "pendingAgentToolRunAliases",
        "hostedMcpApprovals", "legacyFunctionApprovals", "invocations", "messages", "sessionsByAgent"}
# Members whose value is any JSON to both SDKs: one pattern for all that lies below.
OPAQUE = {"paramsJsonSchema", "parameters", "outputInfo", "agentOutput", "customData", "custom_data",
          "metadata", "toolInput", "tool_input", "span_data", "manifest", "snapshot"}
CALL_IDS = {"call_id", "callId", "approval_request_id"}
AGENTS = {"name", "identity", "agentIdentity", "current_agent_key", "currentAgentKey"}
ENUMS = {
    "status": ["completed", "in_progress", "incomplete", "failed", "searching", "done"],
    "role": ["user", "assistant", "system", "developer", "tool"],
    "phase": ["commentary", "final_answer", "prepared", "append_ready", "compaction_pending"],
    "kind": ["bare", "namespaced", "deferred_top_level", "other"],
    "serialized_via": ["none", "mapping", "context_serializer", "model_dump", "asdict", "omitted"],
    "original_type": ["none", "mapping", "pydantic", "dataclass", "custom"],
    "reasoning_item_id_policy": ["preserve", "omit", "keep"],
    "reasoningItemIdPolicy": ["preserve", "omit", "keep"],
    "execution": ["client", "server", "local"],
    "executionStatus": ["executed", "pending"],
    "object": ["trace", "trace.span", "other"],
    "detail": ["low", "high", "auto", "original", "other"],
    "button": ["left", "right", "wheel", "back", "forward", "other"],
    "environment": ["browser", "mac", "windows", "local", "other"],
}
TYPES = ["message_output_item", "tool_call_item", "tool_call_output_item", "reasoning_item", "handoff_call_item",
         "handoff_output_item", "tool_approval_item", "input_item", "compaction_item", "message", "function_call",
         "function_call_output", "function_call_result", "reasoning", "computer_call", "shell_call",
         "apply_patch_call", "hosted_tool_call", "mcp_approval_request", "custom_tool_call", "program", "unknown",
         "output_text", "input_text", "refusal", "next_step_interruption", "next_step_run_again",
         "next_step_final_output", "next_step_handoff", "direct", "weird", ""]
ARGUMENTS = ["", "{}", "null", "not json", "{\"a\": NaN}", "{\"a\": 1e999}", "{\"a\": 9007199254740993}", "[1, 2",
             "{\"a\": 1, \"a\": 2}", "{\"a\": \"\\ud800\"}", "\ufeff{}", " {} "]
NUMBERS = ["-1", "0.5", "1.0", "1e3", "1e400", "9007199254740993", "123456789012345678901234567890", "-0", "7"]
BY_TYPE = {"boolean": [True, False], "string": ["", "x"], "array": [], "object": [], "number": []}


class Number(str):
    """A number with its digits as written."""

    __slots__ = ()


class Members(list):
    """An object as its `(key, value)` pairs, duplicates and order kept."""

    __slots__ = ()

    def get(self, key):
        return next((value for name, value in reversed(self) if name == key), None)


class Nested:
    """A state that its parent keeps as text inside a string (`pendingAgentToolRuns`)."""

    def __init__(self, state):
        self.state = state


def parse(text):
    """The tree of a JSON text, nested state texts read as states."""
    tree = json.loads(text, object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=Number)
    return with_nested(tree)


def with_nested(tree):
    if not isinstance(tree, Members):
        return tree
    for position, (key, runs) in enumerate(tree):
        if key == "pendingAgentToolRuns" and isinstance(runs, Members):
            tree[position] = (key, Members((name, nested_state(run)) for name, run in runs))
    return tree


def nested_state(run):
    try:
        state = parse(run)
    except (TypeError, ValueError, RecursionError):
        return run
    return Nested(state) if isinstance(state, Members) and state.get("$schemaVersion") is not None else run


def quoted(string, dialect):
    if dialect == "python":
        return json.dumps(string)
    return re.sub("[\ud800-\udfff]", lambda lone: f"\\u{ord(lone[0]):04x}", json.dumps(string, ensure_ascii=False))


class Writer:
    """Writes trees of one base state; what a mutant shares with its base is written once."""

    def __init__(self, base, dialect):
        self.dialect = dialect
        self.known = None
        known = {}
        self.text(base, 0, known)
        self.known = known

    def text(self, node, depth=0, remember=None):
        if node is None or isinstance(node, bool):
            return json.dumps(node)
        if isinstance(node, Number):
            return str(node)
        if isinstance(node, str):
            return quoted(node, self.dialect)
        key = (id(node), depth)
        if self.known and key in self.known:
            return self.known[key]
        if isinstance(node, Nested):
            written = quoted(self.text(node.state, 0, remember), self.dialect)
        elif isinstance(node, Members):
            colon = ": " if self.dialect == "python" else ":"
            written = self.block("{}", [quoted(name, self.dialect) + colon + self.text(value, depth + 1, remember)
                                        for name, value in node], depth)
        else:
            written = self.block("[]", [self.text(value, depth + 1, remember) for value in node], depth)
        if remember is not None:
            remember[key] = written
        return written

    def block(self, brackets, parts, depth):
        if not parts or self.dialect == "typescript":
            return brackets[0] + ",".join(parts) + brackets[1]
        indent = "\n" + "  " * (depth + 1)
        return brackets[0] + indent + ("," + indent).join(parts) + "\n" + "  " * depth + brackets[1]


class Site:
    """One node of a tree: how to get there, what stands there."""

    __slots__ = ("path", "pointer", "pattern", "key", "node", "in_map", "nested")

    def __init__(self, path, pointer, pattern, key, node, in_map, nested):
        self.path, self.pointer, self.pattern, self.key = path, pointer, pattern, key
        self.node, self.in_map, self.nested = node, in_map, nested


def sites(tree):
    """Every node of the tree, parents first."""
    found = []
    walk(Site((), "", "", None, tree, False, False), found, opaque=False)
    return found


def walk(site, found, opaque):
    node = site.node
    if isinstance(node, Nested):
        found.append(Site(site.path, site.pointer, site.pattern, site.key, node, site.in_map, site.nested))
        walk(Site((*site.path, "!"), site.pointer + "!", "!" + site.pattern.removeprefix("!"), None, node.state, False, True),
             found, False)
        return
    if isinstance(node, Members) and not opaque:
        tag = node.get("type")
        if isinstance(tag, str) and not isinstance(tag, Number) and site.path:
            site.pattern += f"<{tag[:40]}>"
    found.append(site)
    if isinstance(node, Members):
        is_map = site.key in MAPS
        for position, (key, value) in enumerate(node):
            below = opaque or is_opaque(site, node, key)
            pattern = site.pattern
            if not opaque:
                pattern += "/{}" if is_map else f"/{key}"
            elif not pattern.endswith("/**"):
                pattern += "/**"
            pointer = site.pointer + "/" + key.replace("~", "~0").replace("/", "~1")
            nested = site.nested or key == "agent_run_state"
            walk(Site((*site.path, position), pointer, pattern, key, value, is_map, nested), found, below)
    elif isinstance(node, list):
        for position, value in enumerate(node):
            pattern = site.pattern if opaque and site.pattern.endswith("/**") else site.pattern + ("/**" if opaque else "/*")
            walk(Site((*site.path, position), f"{site.pointer}/{position}", pattern, site.key, value, False, site.nested),
                 found, opaque)


def is_opaque(site, node, key):
    if key in OPAQUE:
        return True
    if key == "context":
        return site.key == "context"
    return key == "output" and node.get("type") == "tool_call_output_item"


def edited(tree, path, change):
    """A tree in which `change(parent, position)` edited a copy of the last container on the path."""
    position, *rest = path
    if position == "!":
        return Nested(edited(tree.state, rest, change))
    copy = type(tree)(tree)
    if not rest:
        change(copy, position)
    elif isinstance(copy, Members):
        key, value = copy[position]
        copy[position] = (key, edited(value, rest, change))
    else:
        copy[position] = edited(copy[position], rest, change)
    return copy


def replaced(tree, site, value):
    if not site.path:
        return value
    if site.path[-1] == "!":
        return edited_nested(tree, site.path, value)

    def change(parent, position):
        parent[position] = (parent[position][0], value) if isinstance(parent, Members) else value
    return edited(tree, site.path, change)


def edited_nested(tree, path, value):
    """Another state in the place of a whole nested one."""
    position, *rest = path
    if position == "!":
        return Nested(edited_nested(tree.state, rest, value)) if rest else Nested(value)
    copy = type(tree)(tree)
    if isinstance(copy, Members):
        key, child = copy[position]
        copy[position] = (key, edited_nested(child, rest, value))
    else:
        copy[position] = edited_nested(copy[position], rest, value)
    return copy


def renamed_everywhere(node, old, new):
    """Every string and key equal to `old` becomes `new`, inside nested states, too."""
    if isinstance(node, Members):
        return Members((new if key == old else key, renamed_everywhere(value, old, new)) for key, value in node)
    if isinstance(node, list):
        return [renamed_everywhere(value, old, new) for value in node]
    if isinstance(node, Nested):
        return Nested(renamed_everywhere(node.state, old, new))
    return new if isinstance(node, str) and not isinstance(node, Number) and node == old else node


def json_type(node):
    if node is None:
        return "null"
    if isinstance(node, bool):
        return "boolean"
    if isinstance(node, Number):
        return "number"
    if isinstance(node, (str, Nested)):
        return "string"
    return "object" if isinstance(node, Members) else "array"


def sample(kind, choose):
    """A value of a JSON type."""
    return {"null": None, "boolean": choose([True, False]), "number": Number(choose(["0", "7"])),
            "string": choose(["", "x", "completed"]), "array": choose([[], ["x"], [Members()]]),
            "object": choose([Members(), Members([("x", Number("1"))])])}[kind]


class Base:
    """A state to mutate: its tree, its places and the names that occur in it."""

    def __init__(self, text, dialect=None, reader=None):
        """`reader` is the number behind `1.` of the newest label that whoever reads the mutants knows."""
        self.tree = parse(text)
        self.dialect = dialect or dialect_of(json.loads(text))
        self.newest = NEWEST[self.dialect] if reader is None else reader
        self.writer = Writer(self.tree, self.dialect)
        self.text = self.writer.text(self.tree)
        self.sites = sites(self.tree)
        self.by_pattern = {}
        for site in self.sites:
            self.by_pattern.setdefault(site.pattern, []).append(site)
        self.by_operator = {}
        self.call_ids = self.values(lambda site: site.key in CALL_IDS)
        self.agents = self.values(lambda site: site.key in AGENTS and re.search(
            r"(agent|agentIdentity|current_agent|currentAgent|Agent)(/name|/identity|)$", site.pattern))
        self.types = self.values(lambda site: site.key == "type")
        for pattern, places in self.by_pattern.items():
            for operator in dict.fromkeys(itertools.chain(*self.operators(places[0]))):
                self.by_operator.setdefault(operator, []).append(pattern)

    def values(self, wanted):
        return list(dict.fromkeys(site.node for site in self.sites
                                  if type(site.node) is str and wanted(site)))

    # Each operator returns (tree, detail, after) or None where it changes nothing.

    def operators(self, site):
        """The names of the mutations that fit this place; the specific ones first."""
        node, kind = site.node, json_type(site.node)
        specific, generic = [], ["wrong_type"]
        if kind != "null":
            generic.append("null")
        if site.path and site.path[-1] != "!":
            generic += ["delete", "duplicate"]
            if self.is_member(site):
                generic.append("rename_key")
                if site.in_map and site.key in self.call_ids:
                    specific.append("call_id_key")
        if kind == "object":
            generic += ["unknown_key"] + ["reorder"] * (len(node) > 1) + ["empty"] * bool(node)
        if kind == "array":
            generic += ["reorder", "swap"] * (len(node) > 1) + ["empty"] * bool(node)
        if kind == "number":
            specific.append("number")
            generic.append("digits")
        if kind == "boolean":
            specific.append("flip")
        if type(node) is str:
            generic += ["text"] + ["empty"] * bool(node)
            if site.key == "$schemaVersion":
                specific.append("label")
            if site.key == "type":
                specific.append("type")
            if site.key in ENUMS or node in ENUMS.get(site.key, ()):
                specific.append("enum")
            if node in self.call_ids:
                specific += ["call_id", "call_id_everywhere"]
            if site.key == "arguments":
                specific.append("arguments")
            if node in self.agents and (site.key in AGENTS or site.in_map):
                specific += ["agent", "agent_everywhere"]
            if re.fullmatch("[0-9a-f]{64}", node):
                specific.append("hash")
            if re.fullmatch("[0-9]+", node):
                generic.append("digits")
        return specific, generic

    def is_member(self, site):
        parent = self.tree
        for position in site.path[:-1]:
            parent = parent.state if position == "!" else parent[position]
            parent = parent[1] if isinstance(parent, tuple) else parent
        return isinstance(parent, Members)

    def apply(self, operator, site, rng):
        node, choose = site.node, rng.choice
        tree = self.tree
        if operator == "delete":
            return edited(tree, site.path, lambda parent, position: parent.pop(position)), "", "(gone)"
        if operator == "duplicate":
            return self.duplicate(site, rng)
        if operator == "rename_key":
            old = site.key
            new = choose([old + "_", old.upper(), "x" + old, swap_case_style(old)])
            return self.with_key(site, new), "", new
        if operator == "call_id_key":
            new = choose([other for other in [*self.call_ids, "call_other"] if other != site.key])
            return self.with_key(site, new), "", new
        if operator == "unknown_key":
            name = choose(["unknown_member", "zzUnknown", "x-extra"])
            members = Members(node)
            members.insert(rng.randint(0, len(members)), (name, sample(choose(list(BY_TYPE)), choose)))
            return replaced(tree, site, members), "", name
        if operator == "reorder":
            mixed = list(node)
            rng.shuffle(mixed)
            mixed = mixed if mixed != list(node) else mixed[::-1]
            return replaced(tree, site, type(node)(mixed)), "", "(other order)"
        if operator == "swap":
            first, second = sorted(rng.sample(range(len(node)), 2))
            mixed = list(node)
            mixed[first], mixed[second] = mixed[second], mixed[first]
            return replaced(tree, site, mixed), f"{first}<->{second}", "(swapped)"
        if operator == "call_id_everywhere":
            new = choose(["call_other", *(other for other in self.call_ids if other != node)])
            return renamed_everywhere(tree, node, new), "", new
        if operator == "agent_everywhere":
            new = choose(["Nobody", *(other for other in self.agents if other != node)])
            return renamed_everywhere(tree, node, new), "", new
        value, detail = self.value(operator, site, rng)
        return replaced(tree, site, value), detail, value

    def value(self, operator, site, rng):
        """The value that a mutation puts in the place of another one."""
        node, choose = site.node, rng.choice
        own = json_type(node)
        if operator == "null":
            return None, own
        if operator == "wrong_type":
            kind = choose([kind for kind in BY_TYPE if kind != own])
            return sample(kind, choose), f"{own}->{kind}"
        if operator == "empty":
            return {"object": Members(), "array": [], "string": ""}[own], own
        if operator == "number":
            variant = choose([*NUMBERS, str(node) + ".0", True])
            return (variant if variant is True else Number(variant)), "boolean" if variant is True else variant[:12]
        if operator == "digits":
            return (str(node), "text") if own == "number" else (Number(node.lstrip("0") or "0"), "number")
        if operator == "flip":
            return not node, ""
        if operator == "label":
            return self.other_label(node, rng)
        if operator == "type":
            return choose([other for other in [*self.types, *TYPES] if other != node]), ""
        if operator == "enum":
            return choose([other for other in [*ENUMS.get(site.key, ()), node.upper()] if other != node]), ""
        if operator == "call_id":
            return choose([other for other in [*self.call_ids, "call_other", ""] if other != node]), ""
        if operator == "agent":
            return choose([other for other in [*self.agents, *self.agents, "Nobody", node + "#2"] if other != node]), ""
        if operator == "arguments":
            return self.other_arguments(node, rng)
        if operator == "hash":
            digit = rng.randrange(64)
            flipped = node[:digit] + format((int(node[digit], 16) + 1) % 16, "x") + node[digit + 1:]
            return choose([(flipped, "digit"), (node.upper(), "upper"), (node[:-1], "short"), (node + "0", "long")])
        assert operator == "text", operator
        return choose([node + "x", node[1:], node.swapcase() or "x", " " + node, node + "\u00e9", node + "\ud800"]), ""

    def other_label(self, label, rng):
        newest = self.newest
        detail = rng.choice(["older", "older", "newer", "malformed", "number"])
        if detail == "older" and newest > 0:
            return f"1.{rng.randrange(newest)}", detail
        if detail in ("older", "newer"):
            return rng.choice([f"1.{newest + 1}", "1.99", "2.0"]), "newer"
        if detail == "number":
            return Number(label if re.fullmatch(r"[0-9]+\.[0-9]+", label) else "1"), detail
        return rng.choice(["", "1", f" {label}", f"{label}.0", f"v{label}", "1.021", "latest"]), detail

    def other_arguments(self, node, rng):
        """Another text with the same value, or another value."""
        try:
            value = json.loads(node)
        except ValueError:
            return rng.choice(ARGUMENTS), "other"
        same = [json.dumps(value, indent=1), json.dumps(value, separators=(",", ":")), " " + node]
        if isinstance(value, dict) and len(value) > 1:
            same.append(json.dumps(dict(reversed(value.items()))))
        if rng.random() < 0.4:
            return rng.choice([text for text in same if text != node] or [node + " "]), "same value"
        if isinstance(value, dict) and value and rng.random() < 0.5:
            key = rng.choice(list(value))
            other = {k: v for k, v in value.items() if k != key} if rng.random() < 0.3 else value | {key: "changed"}
            return json.dumps(other), "other value"
        return rng.choice([text for text in ARGUMENTS if text != node]), "other"

    def with_key(self, site, new):
        def change(parent, position):
            parent[position] = (new, parent[position][1])
        return edited(self.tree, site.path, change)

    def duplicate(self, site, rng):
        """A second element next to the first, or a second member of the same name at the end (the last one counts)."""
        member = self.is_member(site)
        other = member and rng.random() < 0.5
        value = sample(rng.choice(["null", "number", "string", "object"]), rng.choice) if other else site.node

        def change(parent, position):
            if member:
                parent.append((parent[position][0], value))
            else:
                parent.insert(position, value)
        return edited(self.tree, site.path, change), "other value" if other else "same value", "(twice)"

    def mutants(self, count, seed, name=""):
        """Up to `count` different mutants as (text, description)."""
        rng = random.Random(f"{seed}:{name}")
        rounds = {nested: Cycle([pattern for pattern, places in self.by_pattern.items() if places[0].nested == nested], rng)
                  for nested in (False, True)}
        operators = Cycle(list(self.by_operator), rng)
        seen, attempts = {self.text}, 0
        while len(seen) <= count and attempts < 20 * count:
            attempts += 1
            if rng.random() < 0.3:
                operator = operators.next()
                site = rng.choice(self.by_pattern[rng.choice(self.by_operator[operator])])
                if operator not in itertools.chain(*self.operators(site)):
                    continue
            else:
                patterns = rounds[bool(rounds[True].values) and rng.random() < 0.15]
                site = rng.choice(self.by_pattern[patterns.next()])
                specific, generic = self.operators(site)
                operator = rng.choice(specific if specific and rng.random() < 0.5 else generic)
            tree, detail, after = self.apply(operator, site, rng)
            text = self.writer.text(tree)
            if text in seen:
                continue
            seen.add(text)
            yield text, {"kind": operator, "detail": detail, "pointer": site.pointer, "pattern": site.pattern,
                         "nested": site.nested, "before": self.shown(site.node), "after": self.shown(after)}

    def shown(self, node):
        written = node if type(node) is str else self.writer.text(node, 0)
        written = re.sub(r"\s+", " ", written).encode("utf-8", "backslashreplace").decode()
        return written if len(written) <= 70 else written[:67] + "..."


def relaxed(text):
    """A copy without the optional record that ties a whole TypeScript response together.

    With `currentResponseGeneratedItemOwnership`, nearly every edit of an item breaks that one rule, and the
    rules behind it never speak.
    """
    tree = parse(text)
    kept = Members(member for member in tree if member[0] != "currentResponseGeneratedItemOwnership") \
        if isinstance(tree, Members) else tree
    return None if len(kept) == len(tree) else Writer(kept, "typescript").text(kept)


class Cycle:
    """Values in random order, each once before any comes again."""

    def __init__(self, values, rng):
        self.values, self.rng, self.left = values, rng, []

    def next(self):
        if not self.left:
            self.left = list(self.values)
            self.rng.shuffle(self.left)
        return self.left.pop()


def swap_case_style(name):
    """`call_id` <-> `callId`."""
    if "_" in name.strip("_"):
        head, *rest = name.split("_")
        return head + "".join(part.capitalize() for part in rest)
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name) if name.lower() != name else name + "s"


def main(arguments):
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("files", nargs="+", type=pathlib.Path)
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--seed", default="1")
    options.add_argument("--out", type=pathlib.Path)
    options = options.parse_args(arguments)
    for path in options.files:
        base = Base(path.read_text(encoding="utf-8", errors="surrogatepass"))
        for number, (text, description) in enumerate(base.mutants(options.count, options.seed, path.name)):
            if options.out:
                options.out.mkdir(parents=True, exist_ok=True)
                target = options.out / f"{path.stem}.{number:04}.json"
                target.write_text(text, encoding="utf-8", errors="surrogatepass")
                description = {"file": target.name} | description
            print(json.dumps(description))


if __name__ == "__main__":
    main(sys.argv[1:])

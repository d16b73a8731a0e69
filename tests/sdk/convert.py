"""Does a state that `runstate convert` made for the other SDK come to the same end there?

Every state is resumed twice with the same scripted model: as it is in an SDK that wrote it, and converted in the other
one. The same tools must run, once each and with the same arguments; the model must be sent the same items; the final
output, what is asked again, and an error, if there is one, must be the same. What is pending is decided in several
ways, the plans, and some of them stop the target at another call, convert that state back, and end the run where it began.

    convert.py                                  the newest labels, each to the newest release of the other SDK
    convert.py --all                            every label to both newest releases, the newest ones to every label
    convert.py --to python@0.22.3 --from typescript@1.22
    convert.py --only 'typescript/1.22/nested' --plan chain -v FILE.json ...
    convert.py --identity                       no conversion: whether the comparison itself says OK

Differences that no conversion can avoid are listed with their reasons in known_conversions.toml; states that must not
be converted are listed there, too.

Exit codes: 0 as demanded, 1 a difference, 2 the comparison itself failed.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import tomllib

import agree
import graph
from agree import Failed

HERE = agree.HERE
PROBE = "runstate_probe"
REJECTION = "Not this time."
SECONDS = 20
WORKERS = 10


# ---------------------------------------------------------------------------------------------------------------------
# The SDKs


class Worker:
    """One release of an SDK in a process of its own, which is asked one question after the other."""

    def __init__(self, reader, options):
        self.reader, self.used = reader, time.monotonic()
        if reader.dialect == "python":
            command = [str(agree.python_of(reader)), str(HERE / "python_resume.py"), "--timeout", str(SECONDS / 2)]
        else:
            command = [options.node, str(HERE / "typescript_resume.mjs")]
        environment = os.environ | {"RUNSTATE_SDK_TYPESCRIPT": str(reader.folder),
                                    "RUNSTATE_SDK_TIMEOUT_MS": str(SECONDS * 500)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def ask(self, question):
        """The answer, or one that says that there was none: a run that never ends holds a process for ever."""
        # The worker itself gives up earlier; this is for one that does not get that far, its start included.
        timer = threading.Timer(3 * SECONDS, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(json.dumps({"id": 0, **question}).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = b""
        finally:
            timer.cancel()
        self.used = time.monotonic()
        if not line:
            self.close()
            return {"loaded": False, "error": f"no answer (exit {self.process.returncode})", "warnings": [], "crashed": True,
                    "killed": True}
        answer = json.loads(line)
        if str(answer.get("error")).startswith(("harness:", "Input:")):
            raise Failed(f"{self.reader}: {answer['error']}")
        return answer

    def close(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                pass


class Sdks:
    """Idle workers of all releases. What a release answers to a question is asked once."""

    def __init__(self, options):
        self.options, self.idle, self.lock = options, [], threading.Lock()
        self.answers = {}

    def ask(self, reader, question):
        key = (str(reader), hashlib.sha256(json.dumps(question, sort_keys=True).encode()).digest())
        if key in self.answers:
            return self.answers[key]
        worker = self.take(reader)
        answer = worker.ask(question)
        if answer.get("killed"):  # by a busy machine, or for good
            worker = Worker(reader, self.options)
            answer = worker.ask(question)
        if not answer.get("crashed"):
            self.give(worker)
        self.answers[key] = answer
        return answer

    def take(self, reader):
        with self.lock:
            for worker in self.idle:
                if worker.reader == reader:
                    self.idle.remove(worker)
                    return worker
        return Worker(reader, self.options)

    def give(self, worker):
        with self.lock:
            self.idle.append(worker)
            surplus = sorted(self.idle, key=lambda worker: worker.used)[:-WORKERS]
            for old in surplus:
                self.idle.remove(old)
        for old in surplus:
            old.close()

    def close(self):
        for worker in self.idle:
            worker.close()


# ---------------------------------------------------------------------------------------------------------------------
# Conversion


LEVELS = ["bookkeeping", "display", "history", "resume", "authority"]


@dataclasses.dataclass
class Converted:
    """`text` is None when the conversion was refused; `entries` say what was lost, `error` what went wrong."""

    text: str | None
    entries: list = dataclasses.field(default_factory=list)
    error: str | None = None

    def why(self):
        worst = [entry for entry in self.entries if entry["level"] == self.level()]
        return "; ".join(f"{entry['level']} {entry['code']} {entry['pointer']}: {entry['reason']}" for entry in worst)

    def level(self):
        return max((entry["level"] for entry in self.entries), key=LEVELS.index, default="")


class Runstate:
    """`runstate convert`, one process a state."""

    def __init__(self, options):
        self.options = options

    def __call__(self, text, agents, reader, *more):
        with tempfile.TemporaryDirectory(prefix="runstate-convert-") as folder:
            folder = pathlib.Path(folder)
            (folder / "in.json").write_text(text, encoding="utf-8", newline="")
            (folder / "agents.json").write_text(json.dumps(agents))
            command = [str(self.options.runstate), "convert", str(folder / "in.json"), "--to", str(reader),
                       "--agents", str(folder / "agents.json"), "--allow-loss", self.options.allow_loss,
                       "--report", str(folder / "report.json"), "-o", str(folder / "out.json"), "--force", *more]
            ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            said = ran.stderr.decode(errors="replace").strip()[-400:]
            if ran.returncode not in (0, 1):
                return Converted(None, error=f"exit {ran.returncode}: {said}")
            [report] = json.loads((folder / "report.json").read_text())["files"]
            if report["converted"] != (ran.returncode == 0) or (folder / "out.json").exists() != report["converted"]:
                return Converted(None, error=f"exit {ran.returncode}, but converted {report['converted']}: {said}")
            if not report["converted"]:
                return Converted(None, report["entries"])
            return Converted((folder / "out.json").read_bytes().decode(), report["entries"])


def identity(text, _agents, _reader, *_more):
    return Converted(text)


# ---------------------------------------------------------------------------------------------------------------------
# Agents


ANYTHING = {"type": "object", "properties": {}, "required": [], "additionalProperties": True}


def agents_for(document, source, target):
    """The same agents as a program of another SDK would build them, each with one gated tool more."""
    names = dict(zip(identities(document), (entry["name"] for entry in document["agents"])))
    return document | {"agents": [agent_for(entry, names, source, target) for entry in document["agents"]]}


def identities(document):
    taken = []
    for entry in document["agents"]:
        name = entry["name"]
        numbered = (name, *(f"{name}#{number}" for number in range(2, len(taken) + 3)))
        taken.append(entry.get("identity") or next(one for one in numbered if one not in taken))
    return taken


def agent_for(entry, names, source, target):
    entry = dict(entry)
    tools = entry.get("tools", [])
    if source != target:
        tools = [tool_for(tool) for tool in tools]
        entry["handoffs"] = [handoff_for(handoff, names, source) for handoff in entry.get("handoffs", [])]
        entry["mcp_servers"] = [server_for(server) for server in entry.get("mcp_servers", [])]
        entry.pop("sandbox", None)
    entry["tools"] = [*tools, {"name": PROBE, "type": "function", "needs_approval": True}]
    return entry


def handoff_for(handoff, names, source):
    """The SDKs make different names of the same agent, so the program has to say how its tool is called."""
    handoff = {"agent": handoff} if isinstance(handoff, str) else handoff
    return {"tool_name": graph.default_handoff_name(source, names[handoff["agent"]])} | handoff


def tool_for(tool):
    tool = {"name": tool.get("type"), "type": "function"} | tool
    if tool["type"] == "hosted_mcp":
        tool["needs_approval"] = bool(tool.pop("require_approval", False) or tool.get("needs_approval"))
    if tool.get("structured_input"):
        tool.setdefault("parameters", ANYTHING)
    if tool.get("parameters"):
        tool["structured_input"] = True
    return tool


def server_for(server):
    tools = [tool if isinstance(tool, str) else tool["name"] for tool in server.get("tools", [])]
    gate = server.get("require_approval")
    gate = gate if isinstance(gate, list) else tools if gate in (True, "always") else []
    return server | {"tools": tools} | agree.graph.approvals(gate) if gate else {"name": server["name"], "tools": tools}


# ---------------------------------------------------------------------------------------------------------------------
# Plans: what is decided, and what the model says then


@dataclasses.dataclass(frozen=True)
class Plan:
    """`chain` says that the model then calls what was pending and one more gated tool, so that the run stops again."""

    name: str
    decide: tuple = ()     # actions for what is pending, in turns; none: nothing is decided
    always: bool = False
    chain: bool = False
    session: bool = False

    def decisions(self, pending):
        if not self.decide:
            return []
        found = []
        for position, call_id in enumerate(dict.fromkeys(call["call_id"] for call in pending)):
            action, *message = self.decide[position % len(self.decide)]
            found.append({"call_id": call_id, "action": action, "always": self.always}
                         | ({"message": message[0]} if message else {}))
        return found


YES, NO, NO_BECAUSE = ("approve",), ("reject",), ("reject", REJECTION)
PLANS = [
    Plan("undecided"),
    Plan("approve", (YES,)),
    Plan("reject", (NO_BECAUSE,)),
    Plan("mixed", (YES, NO)),
    Plan("mixed-back", (NO_BECAUSE, YES)),
    Plan("chain-undecided", chain=True),
    Plan("chain-approve", (YES,), chain=True),
    Plan("chain-reject", (NO_BECAUSE,), chain=True),
    Plan("chain-mixed", (NO, YES), chain=True),
    Plan("chain-always", (YES,), always=True, chain=True),
    Plan("chain-never", (NO_BECAUSE,), always=True, chain=True),
    Plan("session", (YES,), session=True),
]


def plans_for(state, pending, options):
    for plan in PLANS:
        if not re.search(options.plan, plan.name):
            continue
        if plan.decide and not pending and not plan.session:
            continue
        if len(plan.decide) > 1 and len(pending) < 2:
            continue
        if plan.session and not persisted(state):
            continue
        yield plan


def persisted(state):
    """Whether items of this turn already stand in a session."""
    state = graph.mapping(state)
    return bool(state.get("current_turn_persisted_item_count") or state.get("currentTurnPersistedItemCount"))


def either(value, name):
    """A member in the spelling of either SDK."""
    value = graph.mapping(value)
    return value.get(name, value.get(graph.camel(name)))


def waiting(state):
    """The raw items of what waits for a decision of the state's current agent."""
    current = either(state, "current_agent")
    data = graph.mapping(graph.mapping(either(state, "current_step")).get("data"))
    return [graph.mapping(either(item, "raw_item")) for item in graph.sequence(data.get("interruptions"))
            if graph.mapping(item).get("agent") == current]


def repeated(raw, number):
    """The call of a pending raw item of either dialect once more, as the model would write it; None for rare kinds."""
    kind = raw.get("type")
    provider = graph.mapping(either(raw, "provider_data"))
    call_id = f"again_{number}_{either(raw, 'call_id') or provider.get('id') or raw.get('id')}"
    if kind == "function_call":
        return function_call(call_id, raw.get("name"), raw.get("arguments"), raw.get("namespace"))
    if kind == "shell_call":
        return {"type": kind, "id": f"sh_{call_id}", "call_id": call_id, "status": "completed",
                "action": {"commands": ["date"], "timeout_ms": None, "max_output_length": None}}
    if kind == "apply_patch_call":
        return {"type": kind, "id": f"apc_{call_id}", "call_id": call_id, "status": "completed",
                "operation": {"type": "delete_file", "path": "again.txt"}}
    if kind == "mcp_approval_request" or provider.get("type") == "mcp_approval_request":
        return {"type": "mcp_approval_request", "id": call_id, "name": raw.get("name"),
                "server_label": provider.get("server_label") or raw.get("server_label"),
                "arguments": provider.get("arguments") or raw.get("arguments")}
    return None


def function_call(call_id, name, arguments="{}", namespace=None):
    return {"type": "function_call", "id": f"fc_{call_id}", "call_id": call_id, "name": name, "arguments": arguments,
            "status": "completed"} | ({"namespace": namespace} if namespace else {})


def turns(state, document, number):
    """What the model says next: for the agents that are no tools the calls that were pending, and the probe."""
    nested = {tool["agent"] for entry in document["agents"] for tool in entry["tools"] if "agent" in tool}
    names = dict(zip(identities(document), (entry["name"] for entry in document["agents"])))
    current = graph.mapping(either(state, "current_agent")).get("name")
    probe = function_call(f"probe_{number}", PROBE)
    said = {name: [[probe]] for identity, name in names.items() if identity not in nested}
    said[current] = [[probe, *filter(None, (repeated(raw, number) for raw in waiting(state)))]]
    return said


# ---------------------------------------------------------------------------------------------------------------------
# Comparison


def differences(one, other, path=""):
    """Where two JSON values differ; what is absent is None. Numbers differ by type, too."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if key not in other:
                yield f"{path}/{key}", one[key], None
            elif key not in one:
                yield f"{path}/{key}", None, other[key]
            else:
                yield from differences(one[key], other[key], f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list):
        for position in range(max(len(one), len(other))):
            if position >= len(other):
                yield f"{path}/{position}", one[position], None
            elif position >= len(one):
                yield f"{path}/{position}", None, other[position]
            else:
                yield from differences(one[position], other[position], f"{path}/{position}")
    elif json.dumps(one) != json.dumps(other):  # which tells 1 from 1.0 and true, and takes NaN for NaN
        yield path, one, other


def shown(value, length=160):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= length else text[:length - 3] + "..."


def observed(answer, rejected=()):
    """What came of a run, in one form for both SDKs."""
    if not answer["loaded"]:
        return {"error": "not loaded"}
    calls = collections.defaultdict(list)
    for call in answer.get("model_calls", []):
        told = {name: call[name] for name in ("previous_response_id", "conversation") if name in call}
        given = list(map(sent_message, call["messages"])) if "messages" in call else sent(call["input"], rejected)
        calls[str(call["agent"])].append(told | {"input": given})
    ran = collections.defaultdict(list)
    for call in answer.get("executed", []):
        # Servers get values; how the harness spells them says nothing.
        given = json.loads(call["input"]) if call["kind"] == "mcp" and isinstance(call["input"], str) else call["input"]
        ran[call["kind"]].append({"tool": call["tool"], "input": given})
    return {
        # Nested runs go on side by side.
        "executed": {kind: ordered(found) if len(calls) > 1 else found for kind, found in ran.items()},
        "model": {agent: ordered(found) if len(calls) > 1 else found for agent, found in calls.items()},
        "final_output": answer.get("final_output"),
        "paused": ordered([{"call_id": call["call_id"], "agent": call["agent"]} for call in answer.get("paused", [])]),
        "last_agent": answer.get("last_agent"),
        "error": "failed" if answer.get("resume_error") else None,
        "session": [in_session(item) for item in answer.get("session") or []],
    }


def ordered(values):
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))


def in_session(item):
    kind = {"function_call_result": "function_call_output", "computer_call_result": "computer_call_output"}.get(
        item.get("type"), item.get("type") or "message")
    return {"type": kind, "call_id": either(item, "call_id")}


def sent(given, rejected):
    """The input of a model call, without what the SDKs are known to write differently."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    items = [sent_item(item, rejected) for item in given]
    # TypeScript sends nothing of what stands before a compaction.
    last = max((position for position, item in enumerate(items) if item.get("type") == "compaction"), default=0)
    return items[last:]


def sent_message(message):
    """A message of Chat Completions: TypeScript adds to texts, and to what is said beside calls, what the provider had added."""
    message = without_nulls(message)
    if isinstance(message.get("content"), list):
        message["content"] = "".join(part.get("text", "") for part in message["content"])
    return {name: value for name, value in message.items() if name != "extra_content" and value != ""}


def sent_item(item, rejected):
    item = without_nulls(item)
    if item.get("role"):
        item.pop("type", None)
    kind = item.get("type", "")
    if kind.endswith("_output") and item.get("status") == "completed":
        del item["status"]
    if item.get("pending_safety_checks") == []:
        del item["pending_safety_checks"]
    if isinstance(item.get("content"), list):
        item["content"] = [{name: value for name, value in part.items() if not (name in ("annotations", "logprobs") and value == [])}
                           if isinstance(part, dict) else part for part in item["content"]]
    if kind == "shell_call_output" and item.get("call_id") in rejected:
        for part in item.get("output", []):
            part.get("outcome", {}).pop("exit_code", None)
    return item


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(member) for member in value]
    return value


def broken_rules(answer, decisions):
    """What must never happen, whatever the other side did."""
    ran = [call["call_id"] for call in answer.get("executed", []) if call["call_id"]]
    for call_id, count in collections.Counter(ran).items():
        if count > 1:
            yield f"the call {call_id} ran {count} times"
    for decision in decisions:
        if decision["action"] == "reject" and decision["call_id"] in ran:
            yield f"the call {decision['call_id']} ran although it was rejected"


def chat_model(state):
    """The model that answered in Chat Completions, or None: what a state says of it is different in the SDKs."""
    for response in graph.sequence(either(state, "model_responses")):
        answer = graph.mapping(either(response, "provider_data"))
        if answer.get("object") == "chat.completion":
            return answer["model"]
        for item in graph.sequence(response.get("output")):
            model = graph.mapping(graph.mapping(item).get("provider_data")).get("model")
            if model:
                return model
    return None


def outputs(state):
    """The values that tools returned, by call."""
    found = collections.defaultdict(list)
    for item in graph.sequence(either(state, "generated_items")):
        if graph.mapping(item).get("type") == "tool_call_output_item":
            found[str(either(item["raw_item"] if "raw_item" in item else item["rawItem"], "call_id"))].append(item.get("output"))
    return found


def in_javascript(value):
    """A value as JavaScript keeps it: numbers are doubles, whole ones without a fraction."""
    if isinstance(value, dict):
        return {name: in_javascript(member) for name, member in value.items()}
    if isinstance(value, list):
        return [in_javascript(member) for member in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        double = float(value)
        return int(double) if double.is_integer() else double
    return value


# What loading and saving changes in any state: copies of the live agents' tools, the class of the context where nobody
# restored it, a tracing key, which is written only on demand, and the span above the current one.
LIVE = {
    "python": re.compile(r"(/last_processed_response/functions/\d+/agent_run_state)*(/context/context_meta/.*|/trace/tracing_api_key"
                         r"|/last_processed_response/(functions/\d+/tool|handoffs/\d+/handoff|\w+_actions/\d+/\w+"
                         r"|mcp_approval_requests/\d+/mcp_tool)(/.*)?)"),
    "typescript": re.compile(r"/trace/tracing_api_key|/currentAgentSpan/parent_id|/lastProcessedResponse/"
                             r"(functions/\d+/tool|handoffs/\d+/handoff|\w+Actions/\d+/\w+|mcpApprovalRequests/\d+/mcpTool)/.*"),
}

# Nested runs of the TypeScript SDK are texts, in which live tools stand, too.
NESTED = re.compile("/pendingAgentToolRuns/")


# ---------------------------------------------------------------------------------------------------------------------
# One state, one target


@dataclasses.dataclass
class Result:
    """`status` is "same", "failed", "refused" or "no baseline": its own SDK does not resume it either."""

    base: agree.Base
    target: agree.Reader
    status: str
    reason: str = ""
    level: str = ""
    failures: list = dataclasses.field(default_factory=list)    # (plan, what differs)
    plans: int = 0

    @property
    def state(self):
        return f"{self.base.dialect}/{self.base.path.parent.name}/{self.base.path.stem}"


def own_reader(base):
    """The release that wrote a state, or the last one of its label: the newest one may not even resume an old state. A label
    that no release wrote is read by the next one."""
    readers = [reader for reader in agree.READERS[base.dialect] if reader.folder.exists()]
    release = base.path.stem.partition("@")[2]
    label = min(reader.label for reader in readers if reader.label >= base.label)
    own = [reader for reader in readers if reader.label == label]
    return next((reader for reader in own if reader.release == release), own[-1])


class Examiner:
    def __init__(self, sdks, convert, options):
        self.sdks, self.convert, self.options = sdks, convert, options

    def examine(self, base, target):
        document = agree.agents_of(base.path, base.text)
        return Examination(self, base, target, document).result()


class Examination:
    def __init__(self, examiner, base, target, document):
        self.sdks, self.convert, self.options = examiner.sdks, examiner.convert, examiner.options
        self.base, self.target = base, target
        self.source = own_reader(base)
        self.state = json.loads(base.text)
        self.chat = chat_model(self.state)
        self.at_home = agents_for(document, base.dialect, base.dialect)
        self.abroad = agents_for(document, base.dialect, target.dialect)
        self.failures = []

    def result(self):
        def made(status, reason=""):
            return Result(self.base, self.target, status, reason, converted.level(), self.failures, plans)

        plans = 0
        converted = self.convert(self.base.text, self.abroad, self.target)
        if converted.error:
            self.failures.append(("convert", converted.error))
            return made("failed")
        native = self.sdks.ask(self.source, {"state": self.base.text, "agents": self.at_home, "resume": False})
        if not native["loaded"]:
            return self.without_baseline(made, converted, f"{self.source} does not load it: {native['error']}")
        plan = list(plans_for(self.state, native["pending"], self.options))
        here = {one: self.play(one, self.source, self.base.text, self.at_home, native["pending"]) for one in plan}
        errors = [answer.get("resume_error") or "" for answer, _ in here.values()]
        if plan and all(errors) and not any(harmless(error) for error in errors):
            return self.without_baseline(made, converted, f"{self.source} does not resume it: {errors[0]}")
        if converted.text is None:
            return made("refused", converted.why())
        if not self.loads(converted, native):
            return made("failed")
        if all(reader == agree.READERS[reader.dialect][-1] for reader in (self.source, self.target)):
            self.comes_back()
        for one, (answer, decisions) in here.items():
            plans += 1
            there, _ = self.play(one, self.target, converted.text, self.abroad, native["pending"])
            self.compare(one, answer, there, decisions)
            if one.chain:
                self.compare_chain(one, answer, there)
        return made("failed" if self.failures else "same")

    def without_baseline(self, made, converted, reason):
        """What its own SDK refuses must not run elsewhere: at least not without an error."""
        if converted.text is None:
            return made("no baseline", reason)
        there = self.sdks.ask(self.target, self.question(Plan("undecided"), converted.text, self.abroad, [], 1))
        if there["loaded"] and not there["resume_error"]:
            self.failures.append(("baseline", f"{reason[:200]}; converted it runs"))
            return made("failed")
        return made("no baseline", reason)

    def question(self, plan, text, agents, decisions, number):
        question = {"state": text, "agents": agents, "decisions": decisions}
        if plan.chain:
            question["turns"] = turns(self.state, agents, number)
        if plan.session:
            question["session"] = []
        if self.chat:
            question["chat"] = self.chat
        elif self.streams(plan):
            question["stream"] = True
        return question

    def streams(self, plan):
        if self.options.stream is not None:
            return self.options.stream
        return random.Random(f"{self.options.seed} {self.base.name} {self.target} {plan.name}").random() < 0.25

    def play(self, plan, reader, text, agents, pending):
        decisions = plan.decisions(pending)
        return self.sdks.ask(reader, self.question(plan, text, agents, decisions, 1)), decisions

    def loads(self, converted, native):
        """The converted state must load, wait for the same calls, hold the same values, and be written again as it is."""
        there = self.sdks.ask(self.target, {"state": converted.text, "agents": self.abroad, "resume": False, "save": True})
        if not there["loaded"]:
            self.failures.append(("load", f"{self.target} does not load it: {there.get('cause') or there['error']}"))
            return False
        self.failures += [("load", f"warning: {warning}") for warning in there["warnings"]
                          if warning not in native["warnings"] and not self.expected(warning)]
        waits = [[{"call_id": call["call_id"], "agent": call["agent"]} for call in answer["pending"]] for answer in (native, there)]
        self.failures += [("load", f"pending{path}: {shown(one)} became {shown(other)}")
                          for path, one, other in differences(*map(ordered, waits))]
        if there["saved"] is None:
            self.failures.append(("load", f"{self.target} cannot write it again: {there['save_error']}"))
            return False
        saved, written = json.loads(there["saved"]), json.loads(converted.text)
        self.failures += [("fixpoint", f"{path}: wrote {shown(one)}, saved {shown(other)}")
                          for path, one, other in differences(written, saved)
                          if not LIVE[self.target.dialect].fullmatch(path) and one != other]
        values = [outputs(state) for state in (self.state, saved)]
        if "typescript" in (self.base.dialect, self.target.dialect):
            values = map(in_javascript, values)
        self.failures += [("outputs", f"{path}: {shown(one)} became {shown(other)}") for path, one, other in differences(*values)]
        return True

    def comes_back(self):
        """What is carried along survives that the target's SDK loads and saves the state: then nothing is lost, except what
        the live tools say."""
        there = self.convert(self.base.text, self.abroad, self.target, "--carry")
        if any("carried along" in entry["reason"] for entry in there.entries):
            return
        saved = self.sdks.ask(self.target, {"state": there.text, "agents": self.abroad, "resume": False, "save": True})["saved"]
        back = self.convert(saved, self.at_home, f"{self.base.dialect}@1.{self.base.label}")
        if back.text is None:
            self.failures.append(("carry", f"not converted back: {back.error or back.why()}"))
            return
        self.failures += [("carry", f"{path}: {shown(one)} came back as {shown(other)}")
                          for path, one, other in differences(self.state, json.loads(back.text))
                          if not LIVE[self.base.dialect].fullmatch(path) and not NESTED.match(path)]

    def expected(self, warning):
        return self.target.dialect == "typescript" or "provide context_" in warning

    def compare(self, plan, here, there, decisions):
        rejected = {decision["call_id"] for decision in decisions if decision["action"] == "reject"}
        before = len(self.failures)
        # In some releases an earlier approval outweighs a rejection.
        at_home = set(broken_rules(here, decisions))
        self.failures += [(plan.name, rule) for rule in broken_rules(there, decisions) if rule not in at_home]
        one, other = observed(here, rejected), observed(there, rejected)
        if one["error"] != other["error"]:
            said = [answer.get("resume_error") or answer.get("error") or "runs" for answer in (here, there)]
            self.failures.append((plan.name, f"error: {shown(said[0])}, converted {shown(said[1])}"))
        self.failures += [(plan.name, f"{path}: {shown(first)}, converted {shown(second)}")
                          for path, first, second in differences(one, other) if path != "/error"]
        return len(self.failures) == before

    def compare_chain(self, plan, here, there):
        """Where the run stopped again, the state goes back and the run ends in the SDK that it began in."""
        texts = here.get("paused_state"), there.get("paused_state")
        if None in texts:
            return
        second = Plan(f"{plan.name}-2", (YES,), chain=True)
        back = self.convert(texts[1], self.at_home, self.source)
        if back.text is None:
            self.failures.append((second.name, f"not converted back: {back.error or back.why()}"))
            return
        decisions = second.decisions(here["paused"])
        answers = [self.sdks.ask(self.source, self.question(second, text, self.at_home, decisions, 2))
                   for text in (texts[0], back.text)]
        same = self.compare(second, *answers, decisions)
        traces = [graph.mapping(json.loads(text).get("trace")).get("id") for text in (*texts, back.text)]
        if graph.mapping(self.state.get("trace")).get("id") and len(set(traces)) > 1:
            self.failures.append((second.name, f"trace: {traces[0]}, converted {traces[1]}, and back {traces[2]}"))
        if same:
            usages = [either(graph.mapping(json.loads(answer["paused_state"])["context"]), "usage")
                      for answer in answers if answer.get("paused_state")]
            if len(usages) == 2:
                totals = [[either(usage, name) for name in ("requests", "input_tokens", "output_tokens", "total_tokens")]
                          for usage in usages]
                if totals[0] != totals[1]:
                    self.failures.append((second.name, f"usage: {totals[0]}, converted {totals[1]}"))


def harmless(error):
    """An error that the program around the state is to have, in both SDKs."""
    return "Max turns" in error or "max turns" in error


# ---------------------------------------------------------------------------------------------------------------------
# Report


class Known:
    """What is known to differ and what must be refused, each with its reason."""

    def __init__(self, path):
        document = tomllib.loads(path.read_text()) if path.exists() else {}
        self.differences, self.refusals = document.get("known", []), document.get("refused", [])
        self.used, self.seen = set(), set()
        for entry in self.differences + self.refusals:
            if not entry.get("reason") or set(entry) - {"state", "to", "plan", "difference", "loss", "reason", "level"}:
                raise Failed(f"{path.name}: an entry needs a reason and what it matches: {entry}")
        for entry in self.refusals:
            if entry.get("level") not in LEVELS:
                raise Failed(f"{path.name}: a refusal needs its level: {entry}")

    def match(self, entries, result, **texts):
        texts |= {"state": result.state, "to": str(result.target)}
        for entry in entries:
            if all(re.fullmatch(entry[member], text, re.DOTALL) for member, text in texts.items() if member in entry):
                self.used.add(id(entry))
                return entry
        return None

    def unused(self, plan=""):
        """What matched nothing although states, targets and plans that it speaks of were looked at."""
        plans = [one.name for one in PLANS if re.search(plan, one.name)]
        plans += [f"{name}-2" for name in plans if name.startswith("chain")] + ["load", "fixpoint", "outputs", "baseline"]

        def concerns(entry, state, target):
            return all(re.fullmatch(entry.get(name, ".*"), text) for name, text in (("state", state), ("to", target)))

        return [entry for entry in self.differences + self.refusals
                if id(entry) not in self.used and any(concerns(entry, *pair) for pair in self.seen)
                and any(re.fullmatch(entry.get("plan", ".*"), plan) for plan in plans)]

    def judge(self, result):
        """Takes away what is known; the rest is a failure."""
        self.seen.add((result.state, str(result.target)))
        result.failures = [(plan, difference) for plan, difference in result.failures
                           if not self.match(self.differences, result, plan=plan, difference=difference)]
        refusal = self.match(self.refusals, result, loss=result.reason if result.status == "refused" else "")
        if result.status == "refused" and not refusal:
            result.failures.append(("convert", f"refused: {result.reason}"))
        elif result.status == "refused" and refusal["level"] != result.level:
            result.failures.append(("convert", f"refused as {result.level}, not as {refusal['level']}: {result.reason}"))
        elif result.status in ("same", "failed") and refusal:
            result.failures.append(("convert", f"must be refused: {refusal['reason']}"))
        if result.failures:
            result.status = "failed"
        elif result.status == "failed":
            result.status = "same"
        return result


def report(results, options):
    directions = collections.defaultdict(list)
    for result in results:
        from_label = "older" if result.base.label != agree.READERS[result.base.dialect][-1].label else f"1.{result.base.label}"
        directions[f"{result.base.dialect} {from_label} -> {result.target}"].append(result)
    for result in results:
        if result.failures:
            print(f"\nFAILED {result.state} -> {result.target}")
            for plan, difference in result.failures[:None if options.verbose else 6]:
                print(f"    {plan}: {difference}")
            if len(result.failures) > 6 and not options.verbose:
                print(f"    ... and {len(result.failures) - 6} more")
    print()
    for direction, found in directions.items():
        count = collections.Counter(result.status for result in found)
        reasons = collections.Counter(result.level for result in found if result.status == "refused")
        said = f" ({', '.join(f'{number} {reason}' for reason, number in reasons.most_common())})" if reasons else ""
        print(f"{direction}: {count['same']} of {count['same'] + count['failed']} resumed to the same end"
              f" in {sum(result.plans for result in found)} runs, {count['refused']} refused{said},"
              f" {count['no baseline']} that their own SDK does not resume")


# ---------------------------------------------------------------------------------------------------------------------


def targets(base, options, older):
    newest = {dialect: agree.READERS[dialect][-1] for dialect in agree.DIALECTS}
    other = newest["typescript" if base.dialect == "python" else "python"]
    is_newest = base.label == newest[base.dialect].label
    if options.identity:
        own = own_reader(base)
        return [own] if own.label == base.label and (is_newest or options.all) else []
    if options.to:
        return options.to
    if not options.all:
        return [other] if is_newest else []
    return [other, *older] if is_newest else [newest[base.dialect], other]


def parse_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=pathlib.Path, help="states or folders of them (default: fixtures/<dialect>)")
    parser.add_argument("--all", action="store_true", help="every label, to and from every release of the list")
    parser.add_argument("--to", type=agree.reader_named, action="append", metavar="SDK@RELEASE", help="repeatable")
    parser.add_argument("--from", dest="label", metavar="SDK@LABEL", default="", help="only states of this SDK or label")
    parser.add_argument("--only", default="", metavar="PATTERN", help="only states whose dialect/label/name has this")
    parser.add_argument("--plan", default="", metavar="PATTERN", help="only these plans")
    parser.add_argument("--seed", default="1", help="decides which runs are streamed (1)")
    parser.add_argument("--stream", action=argparse.BooleanOptionalAction, help="all runs or none (default: a quarter of them)")
    parser.add_argument("--identity", action="store_true", help="convert nothing: every difference is the comparison's")
    parser.add_argument("--allow-loss", default="history", metavar="LEVEL", help="what convert may lose (history)")
    parser.add_argument("--known", type=pathlib.Path, default=HERE / "known_conversions.toml")
    parser.add_argument("--full", action="store_true", help="entries of that list that match nothing are an error")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--runstate", type=pathlib.Path, default=agree.ROOT / "target/release/runstate")
    parser.add_argument("--node", default="node")
    parser.add_argument("-v", "--verbose", action="store_true", help="all differences of a state")
    return parser.parse_args(arguments)


def chosen(options):
    """States and their targets, so that the runs in one release follow one another."""
    older = [reader for reader in agree.older_readers() if reader.folder.exists()] if options.all else []
    dialect, _, label = options.label.partition("@")
    pairs = []
    for base in agree.bases(options.paths or [agree.ROOT / "fixtures" / dialect for dialect in agree.DIALECTS]):
        name = f"{base.dialect}/{base.path.parent.name}/{base.path.stem}"
        if (base.dialect == dialect or not dialect) and label in ("", f"1.{base.label}") and re.search(options.only, name):
            pairs += [(base, target) for target in targets(base, options, older)]
    order = {reader: position for position, reader in enumerate(agree.READERS["typescript"] + agree.READERS["python"])}
    return sorted(pairs, key=lambda pair: (pair[0].dialect, order[pair[1]], pair[0].label))


def main(arguments, convert=None, sdks=None):
    """Results and how many failed. Whoever gives the SDKs ends them."""
    options = parse_options(arguments)
    known = Known(options.known)
    pairs = chosen(options)
    if not pairs:
        raise Failed("no states to convert")
    own_sdks = sdks or Sdks(options)
    examiner = Examiner(own_sdks, convert or (identity if options.identity else Runstate(options)), options)
    started = time.monotonic()
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = [known.judge(result) for result in pool.map(lambda pair: examiner.examine(*pair), pairs)]
    finally:
        if sdks is None:
            own_sdks.close()
    report(results, options)
    failed = sum(result.status == "failed" for result in results)
    if options.full:
        for entry in known.unused(options.plan):
            print(f"FAILED an entry of {options.known.name} matches nothing: {entry}")
            failed += 1
    print(f"{len(results)} conversions in {time.monotonic() - started:.0f} s, {failed} failed")
    return results, failed


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)  # states hold halves of surrogate pairs
    try:
        sys.exit(bool(main(sys.argv[1:])[1]))
    except Failed as error:
        print(f"convert.py: {error}", file=sys.stderr)
        sys.exit(2)

"""Does `runstate validate` refuse exactly what the real SDK refuses?

For every base state and its seeded mutants (`mutate.py`) the SDK's own loader says whether it loads, with
agents derived from the base (`graph.py`), and `runstate validate --for <release> --agents <graph>` says
whether it has a finding with the effect `refused`. The two must agree.

    agree.py                                   the newest release of each SDK: fixtures of all labels and their mutants
    agree.py --release python@0.10.5,typescript@0.8.5
                                               these releases: fixtures of their own label, of older ones, of a newer one
    agree.py FILE.json ... --mutants 1000 --seed 7 --save target/disagreements
    agree.py --no-cli FILE.json                only what the loader does with the mutants
    agree.py --record DIR FILE.json ...        keeps mutants, graphs and the loader's verdicts
    agree.py --verdicts DIR                    verdicts recorded elsewhere: DIR/verdicts.ndjson and DIR/states/

Exit codes: 0 agreement as demanded, 1 less, 2 the comparison itself failed.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import itertools
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib

import graph
import mutate

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DIALECTS = ("python", "typescript")
SDKS = ROOT / "target/sdk"
NEWER_STATES = 5
OLDER_SHARE = 0.4
UNMUTATED = {"kind": "none", "detail": "", "pointer": "", "pattern": "", "nested": False, "before": "", "after": ""}

# Errors of a loader that come from the program around a state, not from the state.
LIVE_ERRORS = re.compile("|".join([
    r"agent not found in agent map", r"Agent \S+ not found in agent map", r"Agent (identity )?\S.* not found",
    r"agent identity that is not present", r"Duplicate agent name", r"duplicate-agent identities", r"hook instance",
    r"for the current agent graph", r"\b(Tool|Handoff|MCP tool|Computer tool|Shell tool|Apply patch tool) .* not found",
    r"with caller \w+, but the tool allows", r"with a program caller (that|whose)", r"^ModelBehaviorError: Error details are redacted",
    r"[Cc]lient tool_search", r"toolSearchTool\(", r"registered execute callback", r"after an approval decision",
    r"context requires explicit restoration", r"context_deserializer", r"context_override", r"Please provide one",
    r"strict_context", r"contextStrategy", r"RunContext\b",
]))


class Failed(Exception):
    """The comparison could not be made."""


@dataclasses.dataclass(frozen=True)
class Reader:
    """A release of an SDK, whose loader is asked; `label` is the number behind `1.` of what it writes."""

    dialect: str
    release: str
    label: int

    def __str__(self):
        return f"{self.dialect}@{self.release}"

    @property
    def is_newest(self):
        return self == READERS[self.dialect][-1]

    @property
    def folder(self):
        """Where tests/sdk/install puts it; the variable names another place for the newest one."""
        named = os.environ.get("RUNSTATE_SDK_TYPESCRIPT") if self.is_newest and self.dialect == "typescript" else None
        return pathlib.Path(named or SDKS / f"{self.dialect}-{self.release}")


def readers():
    """Every release of each SDK in order, from the one table of them."""
    rows = re.findall(r"row\(Dialect::(\w+), (\d+), (\d+), (\d+), (\d+),", (ROOT / "src/format/releases.rs").read_text())
    found = [Reader(dialect.lower(), f"{major}.{minor}.{patch}", int(label)) for dialect, major, minor, patch, label in rows]
    return {dialect: [reader for reader in found if reader.dialect == dialect] for dialect in DIALECTS}


READERS = readers()


def older_readers():
    """The last release of every label that was written and can be installed, but for the newest one."""
    listed = json.loads((HERE / "releases.json").read_text())
    known = {(dialect, row["release"]) for dialect in DIALECTS for row in listed[dialect]}
    of = [reader for dialect in DIALECTS for reader in READERS[dialect] if (dialect, reader.release) in known]
    last = {(reader.dialect, reader.label): reader for reader in of}
    return [reader for reader in last.values() if not reader.is_newest]


def reader_named(name):
    """`python@0.10.5`, or `python` for the newest release."""
    dialect, _, release = name.partition("@")
    found = [reader for reader in READERS.get(dialect, []) if not release or reader.release == release]
    if not found:
        raise argparse.ArgumentTypeError(f"no release is named {name}")
    return found[-1]


def label_of(state):
    """The number behind `1.` of a state's label, or None."""
    label = state.get("$schemaVersion") if isinstance(state, dict) else None
    match = re.fullmatch(r"1\.(0|[1-9][0-9]*)", label) if isinstance(label, str) else None
    return int(match[1]) if match else None


@dataclasses.dataclass
class Base:
    """A state that is to be read, and how many mutants of it."""

    path: pathlib.Path
    dialect: str
    label: int
    text: str
    mutants: int = 0
    relabelled: bool = False

    @property
    def name(self):
        """A fixture by its label and name."""
        return f"{self.path.parent.name}/{self.path.name}" + (f" under 1.{self.label}" if self.relabelled else "")

    def under(self, label):
        """The same state under another label, nested runs included: what came after that label stands in it, too."""
        old = r'(\\*"\$schemaVersion\\*": ?\\*")1\.' + str(self.label) + r'(?=\\*")'
        text = re.sub(old, rf"\g<1>1.{label}", self.text)
        return dataclasses.replace(self, label=label, text=text, relabelled=True)


@dataclasses.dataclass
class Case:
    """One text that both sides judged."""

    reader: Reader
    base: str
    mutation: dict
    text: str
    loaded: bool
    error: str
    cause: str
    codes: list | None = None    # of our refusing findings; empty: we accept; None: not asked
    known: int | None = None     # position in known_disagreements.toml

    def keep_text_of_disagreement(self):
        """Thousands of texts do not fit into memory, and only examples are shown."""
        if self.codes is None or self.agreed:
            self.text = ""

    @property
    def agreed(self):
        return self.loaded == (not self.codes)

    def message(self):
        """What the SDK says, without the names and numbers of this state."""
        said = "(loaded)" if self.loaded else self.cause or self.error
        said = re.sub(r"\s+", " ", re.sub(r"(?<!\w)'[^']*'|\"[^\"]*\"|\b[0-9a-f]{64}\b|\d+", "…", said))
        return said if len(said) <= 140 else said[:137] + "..."


class Loader:
    """A real SDK's loader in a process of its own; NDJSON in, NDJSON out, in the same order.

    Questions and answers are streams: a loader may wait for more questions before it answers, so nothing
    here waits for an answer before it asks. The pipe keeps the two in step.
    """

    def __init__(self, reader, states, options):
        self.reader, self.states, self.options = reader, states, options
        self.asked = queue.SimpleQueue()
        self.unanswered = 0
        self.started = time.monotonic()
        environment = os.environ | {"RUNSTATE_SDK_TYPESCRIPT": str(reader.folder)}
        self.process = subprocess.Popen(loader_command(reader, options), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment)
        self.sender = threading.Thread(target=self.send, daemon=True)

    def send(self):
        number = itertools.count()
        try:
            with self.process.stdin as questions:
                for base in self.states:
                    agents = agents_of(base.path, base.text)
                    cases = [(base.text, UNMUTATED), *mutants(base, self.reader, self.options)]
                    if self.options.successor:  # nobody knows its labels, so that other labels tell nothing
                        cases = [case for case in cases if case[1]["kind"] != "label"]
                    self.asked.put((base, agents, cases))
                    for state, _ in cases:
                        question = {"id": next(number), "state": state, "agents": agents}
                        questions.write(json.dumps(question).encode() + b"\n")
        except BrokenPipeError:
            pass  # the reader sees the end of the answers and says so
        except Exception as error:
            self.asked.put(error)

    def judged(self):
        """(base, agents, cases) of each state, in order."""
        self.sender.start()
        number = itertools.count()
        for done in range(len(self.states)):
            asked = self.asked.get()
            if isinstance(asked, Exception):
                raise asked
            base, agents, cases = asked
            judged = [(text, mutation, self.answer(next(number))) for text, mutation in cases]
            if judged[0][2] is None:
                raise Failed(f"the {self.reader} loader gave no verdict on {base.name}")
            self.unanswered += sum(answer is None for _, _, answer in judged)
            judged = [Case(self.reader, base.name, mutation, text, **answer)
                      for text, mutation, answer in judged if answer is not None]
            if not judged[0].loaded:
                del judged[1:]  # mutants of a state that does not load say nothing
            yield base, agents, judged
            if time.monotonic() - self.started > self.options.seconds:
                raise Failed(f"out of time: {self.reader} did not judge {len(self.states) - done - 1} states")

    def answer(self, number):
        """The verdict on a text, or None where the SDK gave none: an endless loop, an exhausted heap."""
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"the {self.reader} loader ended early (exit {self.process.wait()})")
        answer = json.loads(line)
        if answer["id"] != number:
            raise Failed(f"the {self.reader} loader answered {answer['id']!r} where {number} was asked")
        error = str(answer.get("error"))
        if answer.get("crashed") or error.startswith("harness:"):
            if error.startswith(("harness: no answer", "Timeout", "Error: Worker terminated")):
                return None
            raise Failed(f"the {self.reader} loader could not ask: {error}")
        return {"loaded": bool(answer["loaded"]), "error": answer.get("error") or "", "cause": answer.get("cause") or ""}

    def close(self):
        self.process.kill()
        self.process.wait()


def agents_of(path, text):
    """The agents that a fixture was written with, if they stand next to its folder; else derived ones.

    Python has a file for each: agents/<label>/<name> where it is another one than agents/<scenario>. TypeScript has one file
    for all: `labels` by label and name, where they are other ones than those of `scenarios`."""
    label, name = path.parent.name, path.stem
    scenario = name.partition("@")[0]
    folder = path.parent.parent / "agents"
    for own in (folder / label / path.name, folder / f"{scenario}.json"):
        if own.exists():
            return json.loads(own.read_text())
    shared = path.parent.parent / "agents.json"
    if shared.exists():
        document = json.loads(shared.read_text())
        found = document.get("labels", {}).get(f"{label}/{name}") or document["scenarios"].get(scenario)
        if found:
            return found
    return graph.derive(json.loads(text))


def mutants(base, reader, options):
    """The mutants of a state, half of them of a relaxed copy if there is one."""
    def of(text, count, name):
        return mutate.Base(text, base.dialect, reader.label).mutants(count, options.seed, name)

    relaxed = mutate.relaxed(base.text) if base.mutants > 1 else None
    if relaxed is None:
        return list(of(base.text, base.mutants, base.name))
    half = base.mutants // 2
    return [*of(base.text, base.mutants - half, base.name),
            *((mutant, about | {"relaxed": True}) for mutant, about in of(relaxed, half, base.name + " relaxed"))]


def loader_command(reader, options):
    if reader.dialect == "python":
        return [str(python_of(reader)), str(options.python_loader)]
    return [options.node, str(options.typescript_loader)]


def python_of(reader):
    named = os.environ.get("RUNSTATE_SDK_PYTHON") if reader.is_newest else None
    return pathlib.Path(named or reader.folder / "bin/python")


def check_release(reader, options):
    """The SDK that answers must be the one that `--for` names, or the one that is to follow it."""
    expected = options.successor or reader.release
    if reader.dialect == "python":
        script = "import importlib.metadata; print(importlib.metadata.version('openai-agents'))"
        command = [python_of(reader), "-c", script]
        found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    else:
        package = reader.folder / "node_modules/@openai/agents/package.json"
        found = json.loads(package.read_text())["version"]
    if found != expected:
        raise Failed(f"the installed {reader.dialect} SDK is {found}, this compares with {expected}")


def refusals(report, names):
    """The refusing codes per file of a report of `runstate validate --format json`."""
    entries = {pathlib.PurePath(entry["file"]).name: entry["findings"] for entry in report["files"]}
    missing = [name for name in names if name not in entries]
    if missing:
        raise Failed(f"the report has no entry for {missing[0]} and {len(missing) - 1} more")
    return [sorted({finding["code"] for finding in entries[name] if refuses(finding)}) for name in names]


def refuses(finding):
    """Of what cannot be read, too, the effect says that every loader refuses it."""
    return finding["effect"] == "refused"


def validate(options, reader, folder, agents=None):
    """The report on a folder of states."""
    command = [str(options.runstate), "validate", "--for", str(reader), "--format", "json"]
    command += ["--agents", str(agents)] if agents else []
    ran = subprocess.run([*command, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if ran.returncode not in (0, 1, 3):
        raise Failed(f"{' '.join(command)} ended with {ran.returncode}: {ran.stderr.decode(errors='replace')[-500:]}")
    try:
        return json.loads(ran.stdout)
    except ValueError as error:
        raise Failed(f"{' '.join(command)} wrote no JSON document: {error}") from error


def ask_runstate(agents, cases, options):
    """Fills in the codes of our refusing findings."""
    with tempfile.TemporaryDirectory(prefix="runstate-agree-") as folder:
        folder = pathlib.Path(folder)
        states = folder / "states"
        states.mkdir()
        (folder / "graph.json").write_text(json.dumps(agents))
        names = [f"{position:06}.json" for position in range(len(cases))]
        for name, case in zip(names, cases):
            (states / name).write_text(case.text, encoding="utf-8", newline="")
        report = validate(options, cases[0].reader, states, folder / "graph.json")
        for case, codes in zip(cases, refusals(report, names), strict=True):
            # Nobody knows the labels of a release that is not in the table yet.
            case.codes = [code for code in codes if code != "RS204"] if options.successor else codes


def record(folder, base_path, agents, judged):
    """Files for whoever wants the loader's verdicts without a loader."""
    stem = base_path.name.removesuffix(".json")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.graph.json").write_text(json.dumps(agents, indent=1) + "\n")
    (folder / stem).mkdir(exist_ok=True)
    with open(folder / "verdicts.ndjson", "a", encoding="utf-8") as verdicts:
        for position, case in enumerate(judged):
            name = f"{stem}/{position:04}.json"
            (folder / name).write_text(case.text, encoding="utf-8")
            verdicts.write(json.dumps({"file": name, "base": base_path.name, "graph": f"{stem}.graph.json",
                                       "mutation": case.mutation, "loaded": case.loaded,
                                       "error": case.error or None, "cause": case.cause or None}) + "\n")


def bases(paths):
    """Every state among the paths."""
    files = []
    for path in paths:
        files += sorted(path.rglob("*.json")) if path.is_dir() else [path]
    found = []
    for path in files:
        text = path.read_bytes().decode()
        try:
            state = json.loads(text)
        except ValueError:
            continue
        label = label_of(state)
        if label is not None:
            found.append(Base(path, graph.dialect_of(state), label, text))
    return found


def share(found, reader, options):
    """The states that this release is asked about, each with the number of its mutants.

    Its own label gets most of them, older labels the rest; states of the next newer label are only to be refused.
    With --relabelled, states of the newest label under its own one show what it does with what it does not know.
    """
    states = [base for base in found if base.dialect == reader.dialect]
    own = [base for base in states if base.label == reader.label or options.successor]
    if options.relabelled and not reader.is_newest:
        newest = READERS[reader.dialect][-1].label
        own += [base.under(reader.label) for base in states if base.label == newest]
    older = [base for base in states if base.label < reader.label]
    newer = [base for base in states if base.label > reader.label]
    first = min((base.label for base in newer), default=None)
    newer = [base for base in newer if base.label == first][:NEWER_STATES]
    each, each_older = options.mutants, options.older_mutants
    if options.texts is not None:
        rest = max(0, options.texts - len(own) - len(older))
        each_older = int(rest * (OLDER_SHARE if own else 1)) // len(older) if older else 0
        each = (rest - each_older * len(older)) // len(own) if own else 0
    return ([dataclasses.replace(base, mutants=each) for base in own]
            + [dataclasses.replace(base, mutants=each_older) for base in older] + newer)


def compare(reader, states, options):
    check_release(reader, options)
    loader = Loader(reader, states, options)
    cases, started = [], time.monotonic()
    try:
        for base, agents, judged in loader.judged():
            if options.record:
                record(options.record / str(reader), base.path, agents, judged)
            if options.runstate:
                ask_runstate(agents, judged, options)
            for case in judged:
                case.keep_text_of_disagreement()
            cases += judged
    finally:
        loader.close()
    if loader.unanswered:
        print(f"{reader}: the SDK gave no verdict on {loader.unanswered} texts")
    return cases, time.monotonic() - started


# ---------------------------------------------------------------------------------------------------------------------
# Report


class Known:
    """Disagreements that are known, each with its reason."""

    MEMBERS = {"dialect", "release", "kind", "pattern", "message", "codes", "loaded", "reason"}

    def __init__(self, path):
        self.entries = tomllib.loads(path.read_text()).get("known", []) if path.exists() else []
        for entry in self.entries:
            unknown = set(entry) - self.MEMBERS
            if unknown or not entry.get("reason") or "dialect" not in entry or len(entry) < 3:
                raise Failed(f"{path.name}: an entry needs dialect, reason and what it matches: {entry}")

    @staticmethod
    def concerns(entry, reader):
        return entry["dialect"] == reader.dialect and re.fullmatch(entry.get("release", ".*"), reader.release) is not None

    def match(self, case):
        """Every member but `dialect` and `loaded` is a regular expression for the whole text; `codes` are joined."""
        texts = {"release": case.reader.release, "kind": case.mutation["kind"], "pattern": case.mutation["pattern"], "message": case.message(),
                 "codes": " ".join(case.codes or [])}
        for position, entry in enumerate(self.entries):
            if (entry["dialect"] == case.reader.dialect and entry.get("loaded", case.loaded) == case.loaded
                    and all(re.fullmatch(entry[member], text, re.DOTALL) for member, text in texts.items() if member in entry)):
                return position
        return None


def percent(part, whole):
    return 100.0 if whole == 0 else 100.0 * part / whole


def confusion(title, cases):
    """One row: what the SDK did, what we said."""
    refused = [case for case in cases if not case.loaded]
    accepted = [case for case in cases if case.loaded]
    both, ours = sum(case.agreed for case in refused), sum(case.agreed for case in accepted)
    return (f"{title:<22}{len(cases):>8}{len(refused):>9}{both:>9}{len(refused) - both:>8}{percent(both, len(refused)):>8.2f}"
            f"{len(accepted):>9}{ours:>9}{len(accepted) - ours:>8}{percent(ours, len(accepted)):>8.2f}")


def report_agreement(reader, cases, options):
    """Prints tables and disagreements; returns what is below the bar."""
    print(f"\n{reader}: {len({case.base for case in cases})} states, {len(cases)} texts")
    print(f"{'mutation':<22}{'texts':>8}{'SDK no':>9}{'we no':>9}{'missed':>8}{'%':>8}{'SDK yes':>9}{'we yes':>9}{'wrong':>8}{'%':>8}")
    kinds = collections.defaultdict(list)
    for case in cases:
        kinds[case.mutation["kind"]].append(case)
    for kind in sorted(kinds):
        print(confusion(kind, kinds[kind]))
    print(confusion("all", cases))

    wrong = [case for case in cases if not case.agreed]
    groups = collections.defaultdict(list)
    for case in wrong:
        case.known = options.known.match(case)
        groups[case.mutation["kind"], case.mutation["pattern"], case.message(), " ".join(case.codes), case.known].append(case)
    rows = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0][:4]))
    unknown = [row for row in rows if row[0][4] is None]
    if rows:
        print(f"\n{len(wrong)} disagreements in {len(rows)} groups, {sum(len(group) for _, group in unknown)} of them not known")
    for (kind, pattern, message, codes, _), group in unknown[:options.groups]:
        example = group[0]
        print(f"{len(group):>5}  {kind} {pattern or '(whole state)'}\n"
              f"       SDK: {message}\n       we: {codes or '(accepted)'}\n"
              f"       {example.base} {example.mutation['pointer']}: {example.mutation['before']} -> {example.mutation['after']}")
    if len(unknown) > options.groups:
        print(f"       ... and {len(unknown) - options.groups} groups more")
    if options.save:
        save(options.save / str(reader), rows, options)

    refused = [case for case in cases if not case.loaded]
    accepted = [case for case in cases if case.loaded]
    failures = []
    for what, of, bar in (("refuses", refused, options.min_refused), ("accepts", accepted, options.min_accepted)):
        part = percent(sum(case.agreed for case in of), len(of))
        print(f"{reader}: agreement on what the loader {what}: {part:.3f} % of {len(of)} (bar {bar} %)")
        if part < bar:
            failures.append(f"{reader}: {part:.3f} % of what the loader {what} is below {bar} %")
    failures += [f"{reader}: unmutated {case.base}: SDK {case.message()}, we {' '.join(case.codes) or '(accepted)'}"
                 for case in wrong if case.mutation["kind"] == "none"]
    return failures


def save(folder, rows, options):
    """One example of each group, with the description that explains it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for position, ((kind, pattern, message, codes, known), group) in enumerate(rows):
        example = group[0]
        name = f"{position:04}-{kind}"
        (folder / f"{name}.json").write_text(example.text, encoding="utf-8")
        about = {"texts": len(group), "base": example.base, "mutation": example.mutation, "sdk": message, "error": example.error,
                 "cause": example.cause, "codes": codes,
                 "known": None if known is None else options.known.entries[known]["reason"]}
        (folder / f"{name}.about.json").write_text(json.dumps(about, indent=2) + "\n")


def report_loader(reader, cases, options):
    """What the loader does, without our side."""
    print(f"\n{reader}: {len({case.base for case in cases})} states, {len(cases)} texts, "
          f"{sum(not case.loaded for case in cases)} refused")
    kinds = collections.defaultdict(list)
    for case in cases:
        kinds[case.mutation["kind"]].append(case)
    for kind, group in sorted(kinds.items()):
        refused = sum(not case.loaded for case in group)
        print(f"{kind:<22}{len(group):>8}{refused:>9} refused{percent(refused, len(group)):>8.2f} %")
    messages = collections.Counter(case.message() for case in cases if not case.loaded)
    for message, count in messages.most_common(options.groups):
        print(f"{count:>8}  {message}")


def report_verdicts(folder, options):
    """Our verdict without agents against recorded ones; returns what is below the bar."""
    verdicts = [json.loads(line) for line in (folder / "verdicts.ndjson").read_text().splitlines()]
    try:
        reader = reader_named(folder.name.replace("-", "@"))
    except argparse.ArgumentTypeError as error:
        raise Failed(f"{folder}: the folder's name says who read (python, python-0.22.3, typescript)") from error
    single = [verdict for verdict in verdicts if verdict["read"] in (["ok"], ["err"])]
    asked = [verdict for verdict in single if not any(LIVE_ERRORS.search(error) for error in verdict["errors"])]
    report = validate(options, reader, folder / "states")
    files = [pathlib.PurePath(verdict["file"]).name for verdict in asked]
    wrong = collections.defaultdict(list)
    for verdict, codes in zip(asked, refusals(report, files), strict=True):
        if (verdict["read"] == ["ok"]) == bool(codes):
            said = re.sub(r"\s+", " ", verdict["errors"][0])[:140] if verdict["errors"] else "(loaded)"
            wrong[said, " ".join(codes)].append(verdict["file"])
    right = len(asked) - sum(map(len, wrong.values()))
    print(f"\n{folder.name}: {len(verdicts)} files, {len(single)} with one verdict, {len(asked)} of them about the file alone")
    for (said, codes), group in sorted(wrong.items(), key=lambda item: -len(item[1])):
        print(f"{len(group):>5}  SDK: {said}\n       we: {codes or '(accepted)'}\n       {' '.join(group[:3])}")
    part = percent(right, len(asked))
    print(f"{folder.name}: agreement {part:.2f} % (bar {options.min_verdicts} %)")
    return [f"{folder.name}: {part:.2f} % is below {options.min_verdicts} %"] if part < options.min_verdicts else []


# ---------------------------------------------------------------------------------------------------------------------


def parse_options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=pathlib.Path, help="states or folders of them (default: fixtures/<dialect>)")
    parser.add_argument("--mutants", type=int, default=150, help="per state of a release's own label (150)")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--release", type=lambda names: [reader_named(name) for name in names.split(",")], action="extend",
                        metavar="SDK@RELEASE", help="repeatable, or a list with commas (python,typescript)")
    parser.add_argument("--successor", metavar="RELEASE", help="RUNSTATE_SDK_PYTHON or RUNSTATE_SDK_TYPESCRIPT holds this newer release")
    parser.add_argument("--list-older", action="store_true", help="only print the last release of each older label")
    parser.add_argument("--older-mutants", type=int, default=10, help="per state of an older label (10)")
    parser.add_argument("--relabelled", action="store_true", help="also the newest label's states under a release's own label")
    parser.add_argument("--texts", type=int, help="per release, shared out among the states, instead of --mutants")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="fail when a release takes longer")
    parser.add_argument("--jobs", type=int, default=2, help="releases at a time (2)")
    parser.add_argument("--groups", type=int, default=40, help="how many groups to print (40)")
    parser.add_argument("--save", type=pathlib.Path, metavar="DIR", help="keep one example of each disagreement")
    parser.add_argument("--record", type=pathlib.Path, metavar="DIR", help="keep every mutant and the loader's verdict")
    parser.add_argument("--no-cli", action="store_true", help="only what the loader does")
    parser.add_argument("--full", action="store_true", help="known disagreements that match nothing are an error")
    parser.add_argument("--known", type=pathlib.Path, default=HERE / "known_disagreements.toml")
    parser.add_argument("--min-refused", type=float, default=0.0)
    parser.add_argument("--min-accepted", type=float, default=0.0)
    parser.add_argument("--verdicts", type=pathlib.Path, action="append", metavar="DIR")
    parser.add_argument("--min-verdicts", type=float, default=0.0)
    parser.add_argument("--runstate", type=pathlib.Path, default=ROOT / "target/release/runstate")
    parser.add_argument("--python-loader", type=pathlib.Path, default=HERE / "python_loader.py")
    parser.add_argument("--node", default="node")
    parser.add_argument("--typescript-loader", type=pathlib.Path, default=HERE / "typescript_loader.mjs")
    options = parser.parse_args(arguments)
    options.runstate = None if options.no_cli else options.runstate
    options.known = Known(options.known)
    options.release = options.release or [reader_named(dialect) for dialect in DIALECTS]
    return options


def main(arguments):
    options = parse_options(arguments)
    if options.list_older:
        print("\n".join(map(str, older_readers())))
        return []
    if options.verdicts:
        return [failure for folder in options.verdicts for failure in report_verdicts(folder, options)]
    found = bases(options.paths or [ROOT / "fixtures" / dialect for dialect in DIALECTS])
    asked = {reader: states for reader in options.release if (states := share(found, reader, options))}
    if not asked:
        raise Failed("no states to compare")
    if options.record:
        for reader in asked:
            shutil.rmtree(options.record / str(reader), ignore_errors=True)
    failures, matched = [], set()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = {reader: pool.submit(compare, reader, states, options) for reader, states in asked.items()}
        for reader, future in running.items():
            cases, seconds = future.result()
            if options.no_cli:
                report_loader(reader, cases, options)
            else:
                failures += report_agreement(reader, cases, options)
                matched |= {case.known for case in cases}
            print(f"{reader}: {len(cases) / seconds:.0f} texts a second")
    if options.full and not options.no_cli:
        failures += [f"a known disagreement matches nothing: {entry}" for position, entry in enumerate(options.known.entries)
                     if position not in matched and any(options.known.concerns(entry, reader) for reader in asked)]
    return failures


if __name__ == "__main__":
    try:
        failed = main(sys.argv[1:])
    except Failed as error:
        print(f"agree.py: {error}", file=sys.stderr)
        sys.exit(2)
    for failure in failed:
        print(f"FAILED {failure}", file=sys.stderr)
    sys.exit(1 if failed else 0)

"""Is what `runstate approve` and `reject` write what the SDK itself writes: load, decide, save?

Every call that waits in a fixture is decided in several ways by the release that wrote the state, and by runstate. The
texts must be the same, byte for byte; where the SDK's load and save alone changes the state, the decision must change
the same members in the same way. Then both are resumed: the same tools must run, and the model must be told the same.

    approve.py                    the newest label of each SDK in its newest release
    approve.py --oldest           and the oldest label of each SDK that can hold a decision
    approve.py --all              every label
    approve.py -v FILE.json ...

Differences that stay are listed with their reasons in known_decisions.toml.

Exit codes: 0 as demanded, 1 a difference, 2 the comparison itself failed.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

import agree
import convert
from agree import Failed

WAYS = [
    ("approve", {"action": "approve"}),
    ("reject", {"action": "reject"}),
    ("reject-because", {"action": "reject", "message": convert.REJECTION}),
    ("always", {"action": "approve", "always": True}),
    ("never", {"action": "reject", "always": True}),
    ("never-because", {"action": "reject", "always": True, "message": convert.REJECTION}),
]
# From this label on there is a place for what the model is told.
WORDS = {"python": 6, "typescript": 7}


def runstate(options, text, decision):
    """The text with the decision in it; None and the reason when it was refused."""
    with tempfile.TemporaryDirectory(prefix="runstate-approve-") as folder:
        path = pathlib.Path(folder) / "in.json"
        path.write_text(text, encoding="utf-8", newline="")
        command = [str(options.runstate), decision["action"], str(path), "--call", decision["call_id"], "--format", "json"]
        command += ["--always"] if decision.get("always") else []
        command += ["--message", decision["message"]] if "message" in decision else []
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if ran.returncode not in (0, 1):
            raise Failed(f"exit {ran.returncode}: {ran.stderr.decode(errors='replace')[-400:]}")
        said = json.loads(ran.stderr)
        if said["written"] != (ran.returncode == 0):
            raise Failed(f"exit {ran.returncode}, but written {said['written']}")
        refusal = said.get("refusal") or {"message": "the state is refused or stuck"}
        return (ran.stdout.decode(), None) if ran.returncode == 0 else (None, refusal["message"])


def changes(before, after):
    return sorted((path, json.dumps(one), json.dumps(other))
                  for path, one, other in convert.differences(json.loads(before), json.loads(after)))


def run_of(answer):
    names = ("loaded", "error", "executed", "model_calls", "final_output", "paused", "last_agent", "resume_error", "session")
    return {name: answer.get(name) for name in names}


class Known:
    def __init__(self, path):
        self.entries = tomllib.loads(path.read_text())["known"]
        self.used = collections.Counter()

    def reason(self, state, way, difference):
        for number, entry in enumerate(self.entries):
            values = {"state": state, "way": way, "difference": difference}
            if all(re.fullmatch(entry[name], value, re.DOTALL) for name, value in values.items() if name in entry):
                self.used[number] += 1
                return entry["reason"]
        return None


class Examination:
    """One state, every call of it decided in every way."""

    def __init__(self, sdks, options, known):
        self.sdks, self.options, self.known = sdks, options, known
        self.count = collections.Counter()
        self.failures = []

    def of(self, base):
        self.examine(base)
        return self

    def ask(self, reader, question):
        """On a busy machine an answer may come too late; another question is not taken for the same one."""
        answer = self.sdks.ask(reader, question)
        return self.sdks.ask(reader, question | {"id": 1}) if answer.get("crashed") else answer

    def examine(self, base):
        reader = reader_of(base)
        document = agree.agents_of(base.path, base.text)
        question = {"state": base.text, "agents": document, "resume": False, "save": True}
        native = self.ask(reader, question)
        if not native["loaded"] or not native.get("pending"):
            self.count["not loaded" if not native["loaded"] else "nothing pending"] += 1
            return
        self.count["states"] += 1
        for call_id in dict.fromkeys(call["call_id"] for call in native["pending"]):
            for way, decision in WAYS:
                if "message" in decision and base.label < WORDS[base.dialect]:
                    continue
                self.decide(base, reader, document, native, way, {"call_id": call_id, **decision})

    def decide(self, base, reader, document, native, way, decision):
        state = f"{base.dialect}/{base.path.parent.name}/{base.path.stem}"
        theirs = self.ask(reader, {"state": base.text, "agents": document, "resume": True, "save_decided": True,
                                        "decisions": [decision]})
        own, refusal = runstate(self.options, base.text, decision)
        self.count["decisions"] += 1

        def differs(what):
            reason = self.known.reason(state, way, what)
            self.count["known" if reason else "different"] += 1
            if not reason or self.options.verbose:
                self.failures.append((state, way, decision["call_id"], what, reason))

        if theirs.get("decide_error"):
            if own is not None:
                differs(f"the SDK does not decide: {theirs['decide_error']}")
            return
        if own is None and theirs["resume_error"] and "stuck" in refusal:
            self.count["stuck in the SDK, too"] += 1
            return
        if own is None:
            differs(f"refused: {refusal}")
            return
        if theirs["decided"] is None or reader.label != base.label:
            self.count["only resumed"] += 1
        elif native["saved"] == base.text:
            self.count["compared byte for byte"] += 1
            if own != theirs["decided"]:
                differs(f"bytes: {changes(theirs['decided'], own)[:3] or 'the order of members'}")
        else:
            one, other = changes(base.text, own), changes(native["saved"], theirs["decided"])
            if one != other:
                differs(f"members: ours {one[:2]}, theirs {other[:2]}")
        resumed = self.ask(reader, {"state": own, "agents": document})
        one, other = run_of(resumed), run_of(theirs)
        if one != other:
            differs(f"run: {[(path, convert.shown(a), convert.shown(b)) for path, a, b in convert.differences(one, other)][:2]}")
        else:
            self.count["resumed alike"] += 1


def reader_of(base):
    """The release that wrote a state, or the last one of its label; of a label that no release wrote, the first that reads it."""
    installed = [reader for reader in agree.READERS[base.dialect] if reader.folder.exists()]
    if any(reader.label == base.label for reader in installed):
        return convert.own_reader(base)
    return next(reader for reader in installed if reader.label > base.label)


def wanted(base, options):
    newest = agree.READERS[base.dialect][-1].label
    oldest = min(reader.label for reader in agree.READERS[base.dialect])
    return options.all or base.label == newest or options.oldest and base.label == oldest


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--oldest", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--runstate", type=pathlib.Path, default=agree.HERE.parent.parent / "target/release/runstate")
    parser.add_argument("--node", default="node")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("-v", "--verbose", action="store_true", help="also what is known")
    options = parser.parse_args(arguments)
    sdks, known = convert.Sdks(options), Known(agree.HERE / "known_decisions.toml")
    found = agree.bases(options.files or [agree.ROOT / "fixtures" / dialect for dialect in agree.DIALECTS])
    found = [base for base in found if options.files or wanted(base, options)]
    count = collections.Counter()
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for done in pool.map(lambda base: Examination(sdks, options, known).of(base), found):
                count += done.count
                for state, way, call_id, what, reason in done.failures:
                    print(f"{state} {way} {call_id}: {what}" + (f"\n    known: {reason}" if reason else ""), flush=True)
    finally:
        sdks.close()
    print(", ".join(f"{number} {name}" for name, number in count.items()))
    unused = [entry for number, entry in enumerate(known.entries) if not known.used[number]]
    if options.all and not options.files:
        for entry in unused:
            print(f"never needed: {entry}")
    return 1 if count["different"] or options.all and unused and not options.files else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failed as failure:
        print(f"approve.py: {failure}", file=sys.stderr)
        sys.exit(2)

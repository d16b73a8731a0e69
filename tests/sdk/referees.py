"""A second referee for our JSON Schemas: the schemas that the SDKs can print of themselves.

Python: pydantic's schemas of the OpenAI output-item union and of the SDK's input-item union, asked about
every raw item. TypeScript: zod's schema of `SerializedRunState`, asked about the whole state. What our
schema accepts, theirs must accept; where theirs accepts more, that is listed by place.

    target/sdk/python-0.24.0/bin/python tests/sdk/referees.py                    all fixtures of the newest formats
    ... referees.py --mutants 40 --seed 3 --dialect typescript FILE.json ...

Runs in the environment of the Python SDK, which has pydantic and jsonschema. `[[referee]]` entries of
known_disagreements.toml (dialect, pattern, reason) excuse places where the referee is wrong.
Exit codes: 0 they agree, 1 our schema accepts what theirs refuses, 2 nothing could be compared.
"""

import argparse
import collections
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import tomllib

import jsonschema

import agree
import mutate

RAW_ITEM = re.compile(
    r"(?P<root>.*?(?:/(?P<output>(?:model_responses/\d+|last_model_response)/output/\d+)"
    r"|/(?P<input>(?:original_input|pending_input)/\d+)|/raw_item|/tool_call))(?:/.*)?", re.DOTALL)


def at(state, pointer):
    """The value at a JSON pointer, or KeyError."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        try:
            state = state[int(step)] if isinstance(state, list) else state[step]
        except (IndexError, TypeError, ValueError) as error:
            raise KeyError(step) from error
    return state


class PythonReferee:
    """Judges the raw item in which a mutation happened; places outside raw items are not its business."""

    per_question = 4  # about one place in four lies in a raw item

    def __init__(self, _options):
        from agents.items import TResponseInputItem
        from openai.types.responses import ResponseOutputItem
        from pydantic import TypeAdapter
        self.output = validator(TypeAdapter(ResponseOutputItem).json_schema())
        self.input = validator(TypeAdapter(TResponseInputItem).json_schema())

    def accepts(self, state, pointer):
        """True or False, or None where it has no opinion."""
        place = RAW_ITEM.fullmatch(pointer)
        if not place:
            return None
        try:
            item = at(state, place["root"])
        except KeyError:
            return None
        unions = [self.output] if place["output"] else [self.input] if place["input"] else [self.output, self.input]
        return any(union.is_valid(item) for union in unions)


class TypescriptReferee:
    """Judges whole states; a mutation inside a nested run's text is invisible to it."""

    per_question = 1

    def __init__(self, options):
        script = agree.HERE / "zod_schema.mjs"
        printed = subprocess.run([options.node, str(script), "input"], stdout=subprocess.PIPE, check=True).stdout
        self.state = validator(json.loads(printed))

    def accepts(self, state, pointer):
        return None if "!" in pointer else self.state.is_valid(state)


REFEREES = {"python": PythonReferee, "typescript": TypescriptReferee}


def validator(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def compare(dialect, states, options, excused):
    reader = agree.READERS[dialect][-1]
    label = f"1.{reader.label}"
    ours = validator(json.loads((options.schemas / dialect / f"{label}.json").read_text()))
    referee = REFEREES[dialect](options)
    asked = accepted = 0
    mutants = options.mutants * referee.per_question
    looser, stricter = collections.defaultdict(list), collections.Counter()
    for done, state in enumerate(states):
        path = state.path
        if time.monotonic() - options.started > options.seconds:
            raise agree.Failed(f"out of time: {len(states) - done} {dialect} states were not compared")
        base = json.loads(state.text)
        if not ours.is_valid(base):
            looser["unmutated", "our schema refuses a state that the SDK wrote"].append((path.name, ""))
            continue
        for mutant, about in agree.mutants(dataclasses.replace(state, mutants=mutants), reader, options):
            if about["kind"] == "delete" and about["pattern"].endswith("/*"):
                continue  # another element stands at the pointer now
            pointer = about["pointer"].rpartition("/")[0] if about["kind"] in ("delete", "rename_key") else about["pointer"]
            if referee.accepts(base, pointer) is False:
                continue  # the SDK writes items that its own types do not describe
            changed = json.loads(mutant)
            theirs = referee.accepts(changed, pointer)
            if theirs is None:
                continue
            asked += 1
            we = ours.is_valid(changed)
            accepted += we
            if we and not theirs:
                place = excused.get(dialect, about["pattern"])
                if place is None:
                    looser[about["kind"], about["pattern"]].append((path.name, f"{about['pointer']}: {about['before']} -> {about['after']}"))
            elif theirs and not we:
                stricter[about["kind"], about["pattern"]] += 1
    print(f"\n{dialect}@{label}: {len(states)} states, {asked} mutants asked, our schema accepts {accepted}, "
          f"theirs refuses {sum(map(len, looser.values()))} of these and accepts {sum(stricter.values())} that ours refuses")
    for (kind, pattern), group in sorted(looser.items(), key=lambda item: -len(item[1])):
        print(f"{len(group):>5}  LOOSER {kind} {pattern}\n       {group[0][0]} {group[0][1]}")
    for (kind, pattern), count in stricter.most_common(options.groups):
        print(f"{count:>5}  stricter {kind} {pattern}")
    if asked == 0:
        raise agree.Failed(f"{dialect}: nothing to compare")
    return sum(map(len, looser.values()))


class Excused:
    """Places where the referee is known to be wrong, each with its reason."""

    def __init__(self, path):
        self.entries = tomllib.loads(path.read_text()).get("referee", []) if path.exists() else []
        self.used = set()
        for entry in self.entries:
            if set(entry) != {"dialect", "pattern", "reason"}:
                raise agree.Failed(f"{path.name}: a referee entry has dialect, pattern and reason: {entry}")

    def get(self, dialect, pattern):
        for position, entry in enumerate(self.entries):
            if entry["dialect"] == dialect and re.fullmatch(entry["pattern"], pattern, re.DOTALL):
                self.used.add(position)
                return position
        return None


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=pathlib.Path)
    parser.add_argument("--mutants", type=int, default=10, help="per state (10)")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--dialect", choices=sorted(REFEREES))
    parser.add_argument("--schemas", type=pathlib.Path, default=agree.ROOT / "schemas")
    parser.add_argument("--known", type=pathlib.Path, default=agree.HERE / "known_disagreements.toml")
    parser.add_argument("--full", action="store_true", help="excuses that match nothing are an error")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="fail when it takes longer")
    parser.add_argument("--groups", type=int, default=40, help="how many places to list (40)")
    parser.add_argument("--node", default="node")
    options = parser.parse_args(arguments)
    options.started = time.monotonic()
    excused = Excused(options.known)
    states = agree.bases(options.paths or [agree.ROOT / "fixtures" / dialect for dialect in REFEREES])
    wrong = 0
    for dialect in REFEREES:
        newest = agree.READERS[dialect][-1].label
        own = [state for state in states if (state.dialect, state.label) == (dialect, newest)]
        if own:
            wrong += compare(dialect, own, options, excused)
    if not states:
        raise agree.Failed("no states to compare")
    idle = [entry for position, entry in enumerate(excused.entries) if position not in excused.used]
    if options.full:
        for entry in idle:
            print(f"FAILED a referee entry matches nothing: {entry}", file=sys.stderr)
    return bool(wrong or (options.full and idle))


if __name__ == "__main__":
    os.environ.setdefault("OPENAI_AGENTS_DISABLE_TRACING", "1")
    try:
        sys.exit(main(sys.argv[1:]))
    except agree.Failed as error:
        print(f"referees.py: {error}", file=sys.stderr)
        sys.exit(2)

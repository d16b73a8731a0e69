"""Are the forms that `runstate normalize` gives a state the same state to the SDK?

With `--defaults explicit` and `removed`, the release that reads the state loads every form and saves what it saves of the
state as it was, byte for byte. With `--keys sorted` and `--volatile` it loads every form; sorted, it saves the same, too.

    normalize.py                  the newest label of each SDK in its newest release
    normalize.py --all            every label in the last release that writes it, and in the newest one

Exit codes: 0 as demanded, 1 a difference, 2 the comparison itself failed.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

import agree
from agree import Failed

FORMS = {
    "explicit": ["--defaults", "explicit"],
    "removed": ["--defaults", "removed"],
    "sorted": ["--keys", "sorted"],
    "volatile": ["--volatile"],
}


def normalize(options, path, form, reader=None):
    """The text, or None when there is none."""
    command = [str(options.runstate), "normalize", str(path), "--accept-invalid", "--quiet", "--fail-on", "never", *form]
    command += ["--for", str(reader)] if reader else []
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if ran.returncode not in (0, 1):
        raise Failed(f"{path}: exit {ran.returncode}: {ran.stderr.decode(errors='replace')[-400:]}")
    return ran.stdout.decode() if ran.stdout else None


def loaded(reader, questions, options):
    """What the SDK says of each state, in order."""
    environment = os.environ | {"RUNSTATE_SDK_TYPESCRIPT": str(reader.folder)}
    process = subprocess.Popen(agree.loader_command(reader, options), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=environment)

    def send():
        with process.stdin as stream:
            for number, question in enumerate(questions):
                stream.write(json.dumps({"id": number, "rewrite": True, "dump": True, **question}).encode() + b"\n")

    threading.Thread(target=send, daemon=True).start()
    answers = [json.loads(line) for line in process.stdout]
    if len(answers) != len(questions):
        raise Failed(f"{reader} answered {len(answers)} of {len(questions)} questions")
    return [(answer["loaded"], answer.get("state") or answer.get("dump"), answer.get("cause") or answer.get("error"))
            for answer in answers]


def without_texts(text, options, form):
    """A TypeScript state keeps the texts of nested runs as they are: they are brought to the same form."""
    if not text or not json.loads(text).get("pendingAgentToolRuns"):
        return text
    with tempfile.TemporaryDirectory(prefix="runstate-normalize-") as folder:
        path = pathlib.Path(folder) / "in.json"
        path.write_text(text, encoding="utf-8", newline="")
        return normalize(options, path, form)


def examine(reader, bases, options, count):
    cases = []
    for base in bases:
        question = {"agents": agree.agents_of(base.path, base.text)}
        forms = {name: normalize(options, base.path, form, reader) for name, form in FORMS.items()}
        cases.append((base, [("as it was", {"state": base.text, **question})]
                      + [(name, {"state": text, **question}) for name, text in forms.items() if text]))
    answers = iter(loaded(reader, [question for _, forms in cases for _, question in forms], options))
    for base, forms in cases:
        known = None
        for name, _ in forms:
            loads, saved, why = next(answers)
            if name == "as it was":
                known = (loads, saved)
            elif not known[0]:
                count["not loaded"] += 1
            elif not loads:
                count["different"] += 1
                print(f"{reader} {base.name} {name}: does not load: {why}", flush=True)
            elif name == "volatile":
                count["loaded"] += 1
            elif saved == known[1] or without_texts(saved, options, FORMS[name]) == without_texts(known[1], options, FORMS[name]):
                count["saved alike"] += 1
            elif name == "sorted" and json.loads(saved) == json.loads(known[1]):
                count["saved alike but for the order of the user's own data"] += 1
            else:
                count["different"] += 1
                print(f"{reader} {base.name} {name}: saved otherwise", flush=True)


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--runstate", type=pathlib.Path, default=agree.HERE.parent.parent / "target/release/runstate")
    parser.add_argument("--node", default="node")
    parser.add_argument("--python-loader", type=pathlib.Path, default=agree.HERE / "python_loader.py")
    parser.add_argument("--typescript-loader", type=pathlib.Path, default=agree.HERE / "typescript_loader.mjs")
    options = parser.parse_args(arguments)
    found = agree.bases(options.files or [agree.ROOT / "fixtures" / dialect for dialect in agree.DIALECTS])
    count = collections.Counter()
    for dialect in agree.DIALECTS:
        newest = agree.READERS[dialect][-1]
        own = [base for base in found if base.dialect == dialect]
        for reader in ([*agree.older_readers(), newest] if options.all else [newest]):
            if reader.dialect == dialect and reader.folder.exists():
                readable = [base for base in own if base.label == reader.label or options.all and reader == newest]
                examine(reader, readable, options, count)
    print(", ".join(f"{number} {name}" for name, number in count.items()))
    return 1 if count["different"] or not count["saved alike"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failed as failure:
        print(f"normalize.py: {failure}", file=sys.stderr)
        sys.exit(2)

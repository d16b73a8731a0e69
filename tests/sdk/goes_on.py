"""Does a run go on exactly where `runstate validate` does not say that it is stuck?

Every state that the newest release loads is resumed by it, with everything approved that waits. It must either come to an
end, or wait for other calls than before; `validate` must have a finding with the effect `stuck` or `unsafe` where it does not.

    goes_on.py                        fixtures of all labels
    goes_on.py FILE.json FOLDER ...

Exit codes: 0 as demanded, 1 a disagreement, 2 the comparison itself failed.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import agree
import convert

# What does not go on for want of something that is not in the state.
NOT_THE_STATE = {
    r"Max turns|max turns": "the limit of turns, which the program can raise",
    r"(requires the same ordinary local|with the original) Session": "the session belongs to the program",
    r"Sandbox client must be configured": "the sandbox belongs to the program",
    r"surrogates not allowed": "the text that the user gave cannot be sent",
    r"Unsupported (in|out)put content type": "the state was made by another model class",
    r"missing or different recipient binding": "labels before 1.18 do not tell a tool of a server from a function",
}


def verdict(base, sdks, options):
    """What is wrong about what we say of a state; nothing where SDK and we agree."""
    if convert.graph.mapping(convert.either(json.loads(base.text), "current_step")).get("type") == "next_step_final_output":
        return None  # a run that is finished
    reader = agree.READERS[base.dialect][-1]
    agents = agree.agents_of(base.path, base.text)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as document:
        json.dump(agents, document)
        document.flush()
        command = [options.runstate, "validate", "--format", "json", "--agents", document.name, base.path]
        [report] = json.loads(subprocess.run(list(map(str, command)), stdout=subprocess.PIPE).stdout)["files"]
    stuck = sorted({finding["code"] for finding in report["findings"] if finding.get("effect") in ("stuck", "unsafe")})
    question = {"state": base.text, "agents": convert.agents_for(agents, base.dialect, base.dialect)}
    loaded = sdks.ask(reader, question | {"resume": False})
    if not loaded["loaded"]:
        return None  # which agree.py is about
    answer = sdks.ask(reader, question | {"decisions": [{"call_id": "*", "action": "approve"}]})
    error = answer.get("resume_error") or ""
    before = {call["call_id"] for call in loaded["pending"]}
    again = sorted(str(call["call_id"]) for call in answer.get("paused", []) if call["call_id"] in before)
    if any(re.search(pattern, error) for pattern in NOT_THE_STATE):
        return None
    if stuck and not error and not again:
        return f"we say that it is stuck ({' '.join(stuck)}), and it goes on"
    if not stuck and (error or again):
        return error[:200] or f"asks again about {' '.join(again)}"
    return None


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=pathlib.Path, help="states or folders of them (default: the fixtures)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--node", default="node")
    parser.add_argument("--runstate", type=pathlib.Path, default=agree.ROOT / "target/release/runstate")
    options = parser.parse_args(arguments)
    states = agree.bases(options.paths or [agree.ROOT / "fixtures" / dialect for dialect in agree.DIALECTS])
    sdks = convert.Sdks(options)
    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            verdicts = list(pool.map(lambda base: verdict(base, sdks, options), states))
    finally:
        sdks.close()
    failed = [(base, said) for base, said in zip(states, verdicts, strict=True) if said]
    for base, said in failed:
        print(f"FAILED {base.dialect}/{base.name}: {said}")
    print(f"{len(states)} states, {len(failed)} failed")
    return bool(failed)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except agree.Failed as error:
        print(f"goes_on.py: {error}", file=sys.stderr)
        sys.exit(2)

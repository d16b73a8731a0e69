#!/usr/bin/env python3
"""How long runstate takes for a state, next to what the SDKs themselves take to load the same one, and to save it again.

    RUNSTATE_SDK_PYTHON=.../bin/python RUNSTATE_SDK_TYPESCRIPT=.../ benches/against_sdks.py [MEGABYTES...]

Both variables are those of `tests/sdk/run`, which also installs the SDKs. Grows states of each dialect (1 and 10 MB by
default), and takes turns: `RunState.from_string` (Python) or `RunState.fromString` (TypeScript), and `validate` of the
library; the same with `to_string` or `toString` behind it, and `convert` to the newest label of the other SDK; each in a
process that is warm already and has the text in memory. Then the program `runstate validate` as a whole, with its start.
Prints medians, and fails when the library is less than 20 times as fast as Python or 100 times as fast as TypeScript.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEAST = {"python": 20, "typescript": 100}
ROUNDS = 5
# A load that takes so many seconds is not repeated.
PATIENCE = 5

PYTHON = """
import asyncio, json, sys, time
from agents import Agent, RunState, function_tool
def tool(name, needs_approval):
    async def run(): return ""
    run.__name__ = name
    return function_tool(run, name_override=name, needs_approval=needs_approval, strict_mode=False)
agent = Agent(name="Bank", tools=[tool("weather", False), tool("wire", True), tool("audit", True)])
for path in sys.stdin:
    text = open(path.strip(), encoding="utf-8").read()
    start = time.perf_counter()
    state = asyncio.run(RunState.from_string(agent, text))
    loaded = time.perf_counter() - start
    state.to_string()
    saved = time.perf_counter() - start
    print(json.dumps([loaded, saved, len(state.get_interruptions())]), flush=True)
"""

TYPESCRIPT = """
import fs from 'node:fs';
import readline from 'node:readline';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
const load = (file) => import(pathToFileURL(path.join(process.env.RUNSTATE_SDK_TYPESCRIPT, 'node_modules', file)));
const { Agent, RunState, tool } = await load('@openai/agents-core/dist/index.mjs');
const parameters = { type: 'object', properties: {}, required: [], additionalProperties: true };
const make = (name, needsApproval) =>
  tool({ name, description: name, parameters, strict: false, needsApproval, execute: async () => '' });
const agent = new Agent({ name: 'Teller', tools: [make('lookup', false), make('wire', true)] });
for await (const path of readline.createInterface({ input: process.stdin })) {
  const text = fs.readFileSync(path, 'utf8');
  const start = process.hrtime.bigint();
  const state = await RunState.fromString(agent, text);
  const loaded = Number(process.hrtime.bigint() - start) / 1e9;
  state.toString();
  const saved = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(JSON.stringify([loaded, saved, state.getInterruptions().length]));
}
"""


class Loader:
    """A process that loads the states whose paths it is given, and says how long it took and a number to check."""

    def __init__(self, command: list[str], expected: int, code: str = "", suffix: str = "") -> None:
        self._script = None
        if code:
            with tempfile.NamedTemporaryFile("w", suffix=suffix, delete=False) as script:
                script.write(code)
            self._script = script.name
            command = [*command, script.name]
        self._expected = expected
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def load(self, path: Path) -> tuple[float, float]:
        """Seconds that one load takes, and one load with what follows: the save, or the conversion."""
        print(path, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the loading process ended")
        *took, found = json.loads(line)
        if found != self._expected:
            raise SystemExit(f"{path}: {self._expected} expected (calls that wait, or findings), {found} found")
        return tuple(took)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        if self._script:
            os.unlink(self._script)


def validate(path: Path) -> float:
    """Seconds that the whole process takes."""
    start = time.perf_counter()
    done = subprocess.run([ROOT / "target/release/runstate", "validate", path], capture_output=True, check=False)
    took = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"runstate has something against {path}")
    return took


def main() -> int:
    sizes = [int(size) for size in sys.argv[1:]] or [1, 10]
    for build in (["--bin", "runstate"], ["--example", "grow"], ["--example", "load"]):
        subprocess.run(["cargo", "build", "--release", "--quiet", *build], cwd=ROOT, check=True)
    sdks = {
        "python": Loader([os.environ["RUNSTATE_SDK_PYTHON"]], 1, PYTHON, ".py"),
        "typescript": Loader(["node"], 1, TYPESCRIPT, ".mjs"),
    }
    library = Loader([str(ROOT / "target/release/examples/load")], 0)
    slow = False
    print(
        f"{'state':<18} {'bytes':>10} {'load':>11} {'validate':>11} {'ratio':>6} {'save too':>11} {'convert':>11} {'ratio':>6}"
        f" {'program':>11} {'ratio':>6}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for dialect, sdk in sdks.items():
            for script in ("ascii", "cjk"):
                for size in sizes:
                    path = Path(folder) / f"{dialect}-{script}-{size}.json"
                    grow = [ROOT / "target/release/examples/grow", dialect, script, str(size * 1_000_000)]
                    path.write_bytes(subprocess.run(grow, stdout=subprocess.PIPE, check=True).stdout)
                    rounds = []
                    while len(rounds) < ROUNDS and not (rounds and rounds[0][0] > PATIENCE):
                        rounds.append((*sdk.load(path), *library.load(path), validate(path)))
                    load, save, judged, converted, program = (
                        statistics.median(times) for times in zip(*rounds, strict=True)
                    )
                    slow |= min(load / judged, save / converted) < LEAST[dialect]
                    print(
                        f"{dialect + ' ' + script:<18} {path.stat().st_size:>10} {load * 1e3:>8.1f} ms"
                        f" {judged * 1e3:>8.1f} ms {load / judged:>5.0f}x {save * 1e3:>8.1f} ms {converted * 1e3:>8.1f} ms"
                        f" {save / converted:>5.0f}x {program * 1e3:>8.1f} ms {load / program:>5.0f}x",
                        flush=True,
                    )
    library.close()
    for sdk in sdks.values():
        sdk.close()
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())

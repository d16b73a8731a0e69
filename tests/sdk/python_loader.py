"""Loads states in the real Python SDK: NDJSON questions on stdin, NDJSON answers on stdout, in the same order.

    {"id": 7, "state": "<text of a state>", "agents": {...}, "rewrite": false}
    {"id": 7, "loaded": true, "error": null, "cause": null, "warnings": [], "state": "<only with rewrite>"}

`agents` is the document that `python_graph.py` describes; live agents are kept per document. `error` is what the
caller of `RunState.from_string` sees, as `Type: message`. The SDK hides most reasons ("Error details are
redacted."), so `cause` is the exception behind it. `rewrite` asks for the text that the SDK writes of what it loaded.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import signal
import sys
import warnings
from typing import Any

import agents as sdk
from agents import run_state

import python_graph


class Timeout(BaseException):
    """Not an `Exception`, or the SDK would take it for a defect of one item."""


class Loader:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timed_out = False
        self._graphs: dict[str, sdk.Agent[Any]] = {}
        self._causes: list[str] = []
        self._warnings: list[str] = []
        self._loop = asyncio.new_event_loop()
        signal.signal(signal.SIGALRM, self._alarm)
        self._listen()

    def answer(self, line: bytes) -> dict[str, Any]:
        self._causes.clear()
        self._warnings.clear()
        self._timed_out = False
        answer: dict[str, Any] = {"id": None, "loaded": False, "error": None, "cause": None, "warnings": []}
        try:
            question = json.loads(line)
            answer["id"] = question.get("id")
            start = self._graph(question["agents"])
        except Exception as error:
            answer["error"] = f"harness: {_text(error)}"
            return answer
        try:
            signal.setitimer(signal.ITIMER_REAL, self._seconds)
            state = self._loop.run_until_complete(sdk.RunState.from_string(start, question["state"]))
            if question.get("rewrite"):
                answer["state"] = state.to_string()
            answer["loaded"] = True
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            answer["error"] = _text(error)
            answer["cause"] = self._causes[0] if self._causes else None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if self._timed_out:
            answer.update(loaded=False, error=f"harness: no answer within {self._seconds} s", cause=None)
        answer["warnings"] = list(self._warnings)
        return answer

    def _graph(self, document: dict[str, Any]) -> sdk.Agent[Any]:
        key = json.dumps(document)
        if key not in self._graphs:
            self._graphs[key] = python_graph.build(document, call=_never)
        return self._graphs[key]

    def _alarm(self, _signal: int, _frame: Any) -> None:
        self._timed_out = True
        raise Timeout()

    def _listen(self) -> None:
        """Collects the SDK's log, and the exceptions that it replaces by redacted ones."""
        handler = logging.Handler()
        handler.emit = lambda record: self._warnings.append(record.getMessage())  # type: ignore[method-assign]
        log = logging.getLogger("openai.agents")
        log.handlers, log.propagate = [handler], False
        log.setLevel(logging.WARNING)
        for name in ("_prepare_data_redacted_error", "_detach_source_exception_traceback"):
            original = getattr(run_state, name, None)
            if original is not None:
                setattr(run_state, name, self._spy(original))

    def _spy(self, original: Any) -> Any:
        def spy(error: BaseException, **arguments: Any) -> Any:
            self._causes.append(_text(error))
            return original(error, **arguments)

        return spy


def _text(error: BaseException) -> str:
    try:
        message = str(error)
    except BaseException:
        message = "(no message)"
    return f"{type(error).__name__}: {message}"[:600]


def _never(name: str, _input: Any) -> Any:
    raise AssertionError(f"{name} ran while a state was loaded")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="for one state (10)")
    loader = Loader(parser.parse_args().timeout)
    warnings.simplefilter("ignore")
    gc.freeze()
    for line in sys.stdin.buffer:
        if line.strip():
            sys.stdout.write(json.dumps(loader.answer(line)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

"""What the scripts that ask the Python SDK have in common: the question loop, time limits and hidden errors."""

from __future__ import annotations

import argparse
import asyncio
import functools
import gc
import json
import logging
import signal
import sys
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pydantic
from agents import run_state, usage

Answer = dict[str, Any]


class Timeout(BaseException):
    """Not an `Exception`, or the SDK would take it for a defect of one item."""


class Harness:
    """Reads one question a line, writes one answer a line, survives every question."""

    def __init__(self, documentation: str | None) -> None:
        parser = argparse.ArgumentParser(
            description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="for one state (10)")
        self._seconds: float = parser.parse_args().timeout
        self._timed_out = False
        self._causes: list[str] = []
        self._warnings: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._watch()

    def serve(self, answer: Callable[[dict[str, Any]], Answer]) -> None:
        """Answers every line of stdin; `answer` gets the question and returns what to add to its `id`."""
        gc.freeze()
        for line in sys.stdin.buffer:
            if not line.strip():
                continue
            self._causes.clear()
            self._warnings.clear()
            identity = None
            try:
                question = json.loads(line)
                identity = question["id"]
                body = answer(question)
            except Exception as error:
                body = {"loaded": False, "error": f"harness: {text(error)}", "cause": None}
            sys.stdout.write(json.dumps({"id": identity, **body, "warnings": self._warnings}) + "\n")
            sys.stdout.flush()

    def run(self, work: Coroutine[Any, Any, Any]) -> tuple[Any, str | None, str | None]:
        """The result of `work`, or the error that its caller sees and the one that the SDK hides behind it."""
        self._causes.clear()
        self._timed_out = False
        result = error = cause = None
        try:
            signal.setitimer(signal.ITIMER_REAL, self._seconds)
            result = self._loop.run_until_complete(work)
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            error = text(raised)
            cause = self._causes[0] if self._causes else None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if self._timed_out:
            return None, f"harness: no answer within {self._seconds} s", None
        return result, error, cause

    def _alarm(self, _signal: int, _frame: Any) -> None:
        self._timed_out = True
        raise Timeout()

    def _watch(self) -> None:
        """Collects the SDK's log, and the exceptions that it replaces by redacted ones."""
        signal.signal(signal.SIGALRM, self._alarm)
        warnings.simplefilter("ignore")
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
            self._causes.append(text(error))
            return original(error, **arguments)

        return spy


def remember_types() -> None:
    """pydantic takes longer to look at the types of the usage, again for each state, than the SDK takes to load the rest."""
    usage.TypeAdapter = functools.cache(pydantic.TypeAdapter)  # type: ignore[misc, assignment]


def text(error: BaseException) -> str:
    """`Type: message`, of bounded length, whatever the exception does."""
    try:
        message = str(error)
    except BaseException:
        message = "(no message)"
    return f"{type(error).__name__}: {message}"[:600]

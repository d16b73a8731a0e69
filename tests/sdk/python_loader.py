"""Loads states in the real Python SDK: NDJSON questions on stdin, NDJSON answers on stdout, in the same order.

    {"id": 7, "state": "<text of a state>", "agents": {...}, "rewrite": false}
    {"id": 7, "loaded": true, "error": null, "cause": null, "warnings": [], "state": "<only with rewrite>"}

`agents` is the document that `python_graph.py` describes; live agents are kept per document. `error` is what the
caller of `RunState.from_string` sees, as `Type: message`. The SDK hides most reasons ("Error details are
redacted."), so `cause` is the exception behind it. `rewrite` asks for the text that the SDK writes of what it loaded.
An `error` that begins with `harness:` is no verdict of the SDK.
"""

from __future__ import annotations

import json
from typing import Any

import agents as sdk
from agents import run_state

import python_graph
from python_harness import Answer, Harness, remember_types

GRAPH_QUESTIONS = (
    "_build_agent_identity_keys_by_id",
    "_build_agent_identity_map",
    "_build_agent_map",
    "_get_ambiguous_agent_ids",
    "_has_ambiguous_hook_identities",
    "_has_legacy_hook_identity_ambiguity",
)
"""What `agents.run_state` asks about the agents alone, again for each state."""


class Loader:
    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._graphs: dict[str, sdk.Agent[Any]] = {}
        _remember_what_only_depends_on_the_agents()

    def answer(self, question: dict[str, Any]) -> Answer:
        start = self._graph(question["agents"])
        state, error, cause = self._harness.run(sdk.RunState.from_string(start, question["state"]))
        answer: Answer = {"loaded": error is None, "error": error, "cause": cause}
        if state is not None and question.get("rewrite"):
            answer["state"] = state.to_string()
        return answer

    def _graph(self, document: dict[str, Any]) -> sdk.Agent[Any]:
        key = json.dumps(document)
        if key not in self._graphs:
            self._graphs[key] = python_graph.build(document, call=_never)
        return self._graphs[key]


def _remember_what_only_depends_on_the_agents() -> None:
    """Halves the time of a load. The graphs never change, and the answers are read and not changed by the SDK."""
    for name in GRAPH_QUESTIONS:
        if hasattr(run_state, name):
            setattr(run_state, name, _by_identity(getattr(run_state, name)))
    remember_types()


def _by_identity(question: Any) -> Any:
    answers: dict[int, tuple[sdk.Agent[Any], Any]] = {}

    def remembered(start: sdk.Agent[Any]) -> Any:
        # Holding the agent keeps its id from being used again.
        if id(start) not in answers:
            answers[id(start)] = (start, question(start))
        return answers[id(start)][1]

    return remembered


def _never(name: str, *_input: Any) -> Any:
    raise AssertionError(f"{name} ran while a state was loaded")


if __name__ == "__main__":
    harness = Harness(__doc__)
    harness.serve(Loader(harness).answer)

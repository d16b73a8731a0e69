"""Resumes states in the real Python SDK and tells what happened: NDJSON questions on stdin, answers on stdout.
typescript_resume.mjs takes the same questions and gives the same answers.

    {"id": 7, "state": "<text of a state>", "agents": {...}, "resume": true, "save": false, "save_decided": false, "stream": false,
     "chat": "<only where the model speaks Chat Completions: its name>",
     "decisions": [{"call_id": "call_1", "action": "reject", "message": "no", "always": false}],
     "turns": [[{"type": "message", ...}], "the model is down"],     or {"Bank": [...], "*": [...]}, see python_model.py
     "results": {"wire": {"sent": 5}}, "session": [{"role": "user", "content": "Hi"}]}

    {"id": 7, "loaded": true, "error": null, "cause": null, "save_error": "<only where it cannot write a state>",
     "pending": [{"call_id": "call_1", "tool": "wire", "agent": "Bank"}],   what waits after loading, inner runs included
     "saved": "<only with save: the text that the SDK writes of what it loaded>",
     "decided": "<only with save_decided: what the SDK writes when the decisions are made>",
     "decide_error": "<only with save_decided: why they cannot be made>",
     "undecidable": [],                calls of `decisions` that do not wait; "*" decides all that do
     "executed": [{"kind": "function", "tool": "wire", "input": "{}", "call_id": "call_1"}],   tools that ran, in order
     "model_calls": [{"agent": "Bank", "input": [...]}],    what the model was sent after the resume, or "messages"
     "final_output": "Done.",          null unless the run ended
     "paused": [...],                  like pending: what waits when it stopped again
     "paused_state": "<text>",         the state of that pause
     "last_agent": "Bank", "session": [...], "resume_error": null, "warnings": []}

With `resume` false the state is only loaded. Every agent answers with the next of `turns`, and with the message
"Done." when there are none left. A tool returns what `results` says of its name, and a text of its own otherwise.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

import agents as sdk

import python_graph
from python_harness import Answer, Harness, remember_types, text
from python_model import Script

DONE = {
    "type": "message",
    "id": "msg_done",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Done.", "annotations": [], "logprobs": []}],
}


class MemorySession:
    """A session that lives in this process, as the SDK's protocol of sessions wants it."""

    session_id = "session_1"
    session_settings = None

    def __init__(self, items: list[Any]) -> None:
        self.items = list(items)

    async def get_items(self, limit: int | None = None) -> list[Any]:
        return list(self.items if limit is None else self.items[-limit:])

    async def add_items(self, items: list[Any]) -> None:
        self.items += items

    async def pop_item(self) -> Any:
        return self.items.pop() if self.items else None

    async def clear_session(self) -> None:
        self.items.clear()


class Resumer:
    def __init__(self, harness: Harness) -> None:
        self._harness = harness

    def answer(self, question: dict[str, Any]) -> Answer:
        executed: list[dict[str, Any]] = []
        results = question.get("results", {})

        def call(name: str, input: Any, kind: str = "function", call_id: str | None = None) -> Any:
            executed.append({"kind": kind, "tool": name, "input": _plain(input), "call_id": call_id})
            return results.get(name, f"{name} ran")

        script = Script(question.get("turns", []), [DONE], question.get("chat"))
        start = python_graph.build(question["agents"], call, script.model())
        state, error, cause = self._harness.run(sdk.RunState.from_string(start, question["state"]))
        answer: Answer = {"loaded": error is None, "error": error, "cause": cause}
        if state is None:
            return answer
        try:
            answer["pending"] = _waiting(state.get_interruptions())
        except Exception as error:  # a state that nobody can decide about
            return answer | {"pending": [], "executed": [], "model_calls": [], "saved": None, "save_error": text(error),
                             "resume_error": text(error)}
        if question.get("save"):
            answer["saved"] = _written(state, answer)
        if not question.get("resume", True) and not question.get("save_decided"):
            return answer
        try:
            answer["undecidable"] = [
                decision["call_id"] for decision in question.get("decisions", []) if not _decide(state, decision)
            ]
        except Exception as error:  # the SDK does not take the decision
            if question.get("save_decided"):
                return answer | {"decide_error": text(error)}
            return answer | {"executed": [], "model_calls": [], "resume_error": text(error)}
        if question.get("save_decided"):
            answer["decided"] = _written(state, answer)
        if not question.get("resume", True):
            return answer
        session = MemorySession(question["session"]) if question.get("session") is not None else None
        work = self._resume(start, state, session, bool(question.get("stream")))
        result, resume_error, resume_cause = self._harness.run(work)
        answer.update(executed=executed, resume_error=resume_error, resume_cause=resume_cause)
        answer["model_calls"] = [
            {"agent": agent, "input": request.get("input")}
            | {name: request[name] for name in ("messages", "previous_response_id", "conversation") if request.get(name)}
            for agent, request in script.requests
        ]
        if session is not None:
            answer["session"] = [_plain(item) for item in session.items]
        if result is not None:
            answer["paused"] = _waiting(result.interruptions)
            answer["final_output"] = _plain(result.final_output)
            answer["last_agent"] = result.last_agent.name
            if answer["paused"]:
                answer["paused_state"] = _written(result.to_state(), answer)
        return answer

    @staticmethod
    async def _resume(start: Any, state: Any, session: Any, stream: bool) -> Any:
        options = {} if session is None else {"session": session}
        if not stream:
            return await sdk.Runner.run(start, state, **options)
        result = sdk.Runner.run_streamed(start, state, **options)
        async for _event in result.stream_events():
            pass
        return result


def _decide(state: Any, decision: dict[str, Any]) -> bool:
    items = [item for item in state.get_interruptions() if decision["call_id"] in ("*", _id_of(item))]
    for item in items:
        always = bool(decision.get("always"))
        if decision["action"] == "approve":
            state.approve(item, always_approve=always)
        elif "rejection_message" in inspect.signature(state.reject).parameters:
            state.reject(item, always_reject=always, rejection_message=decision.get("message"))
        else:  # before 0.13.0
            state.reject(item, always_reject=always)
    return bool(items) or decision["call_id"] == "*"


def _written(state: Any, answer: Answer) -> str | None:
    """Some releases cannot write what they read: then there is `save_error`."""
    try:
        return state.to_string()
    except Exception as error:
        answer["save_error"] = text(error)
        return None


def _waiting(items: list[Any]) -> list[dict[str, Any]]:
    return [{"call_id": _id_of(item), "tool": item.tool_name, "agent": item.agent.name} for item in items]


def _id_of(item: Any) -> Any:
    raw = _plain(item.raw_item)
    if not isinstance(raw, dict):
        return None
    request = raw.get("provider_data") if isinstance(raw.get("provider_data"), dict) else {}
    return raw.get("call_id") or request.get("id") or raw.get("id")


def _plain(value: Any) -> Any:
    """Plain JSON of a model item; what is none becomes text."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(exclude_unset=True)
    return json.loads(json.dumps(value, default=str))


if __name__ == "__main__":
    # A state loses its trace where tracing is off; nothing receives what is traced here.
    sdk.set_trace_processors([])
    sdk.set_tracing_disabled(False)
    remember_types()
    harness = Harness(__doc__)
    harness.serve(Resumer(harness).answer)

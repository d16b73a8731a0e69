"""Resumes states in the real Python SDK and tells what happened: NDJSON questions on stdin, answers on stdout.

    {"id": 7, "state": "<text of a state>", "agents": {...},
     "decisions": [{"call_id": "call_1", "action": "reject", "message": "no", "always": false}],
     "turns": [[{"type": "message", ...}], {"raise": "the model is down"}],
     "results": {"wire": {"sent": 5}}}

    {"id": 7, "loaded": true, "error": null, "cause": null,
     "pending": ["call_1"],            calls that wait after loading, inner runs included
     "undecidable": [],                calls of `decisions` that do not wait
     "executed": [["wire", "{}"]],     tools that ran, with their input, in order
     "inputs": [{...}],                what the model was asked after the resume, one object per turn
     "final_output": "done",           null unless the run ended
     "paused": ["call_2"],             calls that wait when it stopped again
     "last_agent": "Bank", "resume_error": null, "warnings": []}

Every agent answers with the next of `turns`, and with the message "done" when there are none left. A tool returns
what `results` says, and a text of its own otherwise.
"""

from __future__ import annotations

import json
from typing import Any

import agents as sdk
from openai.types.responses import ResponseOutputItem
from pydantic import TypeAdapter

import python_graph
from python_harness import Answer, Harness

OUTPUT_ITEM: TypeAdapter[Any] = TypeAdapter(ResponseOutputItem)

DONE = {
    "type": "message",
    "id": "msg_done",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "done", "annotations": []}],
}


class ScriptedModel(sdk.Model):
    """Answers with prepared turns and keeps what it was asked."""

    def __init__(self, turns: list[Any]) -> None:
        self._turns = list(turns)
        self.inputs: list[dict[str, Any]] = []

    async def get_response(self, system_instructions: Any, input: Any, *_args: Any, **settings: Any) -> Any:
        self.inputs.append(
            {
                "input": input if isinstance(input, str) else [_plain(item) for item in input],
                "conversation_id": settings.get("conversation_id"),
                "previous_response_id": settings.get("previous_response_id"),
            }
        )
        turn = self._turns.pop(0) if self._turns else [DONE]
        if isinstance(turn, dict):
            raise ConnectionError(turn["raise"])
        items = [OUTPUT_ITEM.validate_python(item) for item in turn]
        return sdk.ModelResponse(output=items, usage=sdk.Usage(requests=1), response_id=None)

    def stream_response(self, *_args: Any, **_settings: Any) -> Any:
        raise NotImplementedError("the harness does not stream")


class Resumer:
    def __init__(self, harness: Harness) -> None:
        self._harness = harness

    def answer(self, question: dict[str, Any]) -> Answer:
        executed: list[list[Any]] = []
        results = question.get("results", {})

        def call(name: str, input: Any) -> Any:
            executed.append([name, input])
            return results.get(name, f"{name} ran")

        model = ScriptedModel(question.get("turns", []))
        start = python_graph.build(question["agents"], call, model)
        state, error, cause = self._harness.run(sdk.RunState.from_string(start, question["state"]))
        answer: Answer = {"loaded": error is None, "error": error, "cause": cause}
        if state is None:
            return answer
        answer["pending"] = [_id_of(item) for item in state.get_interruptions()]
        answer["undecidable"] = [
            decision["call_id"] for decision in question.get("decisions", []) if not _decide(state, decision)
        ]
        config = sdk.RunConfig(tracing_disabled=True)
        result, resume_error, _ = self._harness.run(sdk.Runner.run(start, state, run_config=config))
        answer.update(executed=executed, inputs=model.inputs, resume_error=resume_error)
        if result is not None:
            answer["paused"] = [_id_of(item) for item in result.interruptions]
            answer["final_output"] = result.final_output
            answer["last_agent"] = result.last_agent.name
        return answer


def _decide(state: Any, decision: dict[str, Any]) -> bool:
    items = [item for item in state.get_interruptions() if _id_of(item) == decision["call_id"]]
    for item in items:
        always = bool(decision.get("always"))
        if decision["action"] == "approve":
            state.approve(item, always_approve=always)
        else:
            state.reject(item, always_reject=always, rejection_message=decision.get("message"))
    return bool(items)


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
    harness = Harness(__doc__)
    harness.serve(Resumer(harness).answer)

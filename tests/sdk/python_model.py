"""A model that answers from a script. The SDK's own model class runs unchanged on top of an `openai` client whose
requests never leave the process, so what is recorded is what the API would have got."""

from __future__ import annotations

import json
import re
from typing import Any

import agents as sdk
from openai import AsyncOpenAI

try:
    import httpx2 as httpx
except ImportError:  # what openai was built on before 3.0
    import httpx  # type: ignore[no-redef]

Turn = list[dict[str, Any]] | str

USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 3},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 15,
}


class Script:
    """`turns` is a list of turns, or {agent: list} where several agents may speak at once, "*" for any other. A turn is
    a list of wire items, or a text: the message of an HTTP error. `otherwise` is the turn when the script has ended.
    `requests` collects who asked what."""

    def __init__(self, turns: list[Turn] | dict[str, list[Turn]], otherwise: Turn) -> None:
        queues = {"*": turns} if isinstance(turns, list) else turns
        self._queues = {agent: list(queue) for agent, queue in queues.items()}
        self._otherwise = otherwise
        self._count = 0
        self.requests: list[tuple[str | None, dict[str, Any]]] = []

    def model(self) -> sdk.Model:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._respond))
        client = AsyncOpenAI(api_key="sk-fake-openai", base_url="https://model.invalid/v1", max_retries=0, http_client=http)
        return sdk.OpenAIResponsesModel("scripted", client)

    def _respond(self, sent: httpx.Request) -> httpx.Response:
        request = json.loads(sent.content)
        speaker = re.match(r"You are (.*?)\.", request.get("instructions") or "", re.DOTALL)
        agent = speaker[1] if speaker else None
        self.requests.append((agent, request))
        queue = self._queues.get(agent) if agent in self._queues else self._queues.get("*", [])
        turn = queue.pop(0) if queue else self._otherwise
        if isinstance(turn, str):
            return httpx.Response(500, json={"error": {"message": turn, "type": "server_error"}})
        self._count += 1
        headers = {"x-request-id": f"req_{self._count}"}
        body = {
            "id": f"resp_{self._count}",
            "object": "response",
            "created_at": 1767225600 + self._count,
            "status": "completed",
            "model": "scripted",
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": USAGE,
            "output": turn,
        }
        if not request.get("stream"):
            return httpx.Response(200, json=body, headers=headers)
        events = [
            {"type": "response.created", "response": body | {"status": "in_progress", "output": []}},
            *(
                {"type": "response.output_item.done", "output_index": position, "item": item}
                for position, item in enumerate(turn)
            ),
            {"type": "response.completed", "response": body},
        ]
        text = "".join(
            f"event: {event['type']}\ndata: {json.dumps(event | {'sequence_number': number})}\n\n"
            for number, event in enumerate(events)
        )
        return httpx.Response(200, text=text, headers=headers | {"content-type": "text/event-stream"})

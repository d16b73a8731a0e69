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

Turn = list[dict[str, Any]] | dict[str, Any] | str

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
    With the name of a model as `chat` it speaks Chat Completions, where a turn can be a message, too. `requests` collects
    who asked what."""

    def __init__(self, turns: list[Turn] | dict[str, list[Turn]], otherwise: Turn, chat: str | None = None) -> None:
        queues = {"*": turns} if isinstance(turns, list) else turns
        self._queues = {agent: list(queue) for agent, queue in queues.items()}
        self._otherwise = otherwise
        self._chat = chat
        self._count = 0
        self.requests: list[tuple[str | None, dict[str, Any]]] = []

    def model(self) -> sdk.Model:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._respond))
        client = AsyncOpenAI(api_key="sk-fake-openai", base_url="https://model.invalid/v1", max_retries=0, http_client=http)
        if self._chat:
            return sdk.OpenAIChatCompletionsModel(self._chat, client)
        return sdk.OpenAIResponsesModel("scripted", client)

    def _respond(self, sent: httpx.Request) -> httpx.Response:
        request = json.loads(sent.content)
        instructions = request["messages"][0]["content"] if self._chat else request.get("instructions")
        speaker = re.match(r"You are (.*?)\.", instructions or "", re.DOTALL)
        agent = speaker[1] if speaker else None
        self.requests.append((agent, request))
        queue = self._queues.get(agent) if agent in self._queues else self._queues.get("*", [])
        turn = queue.pop(0) if queue else self._otherwise
        if isinstance(turn, str):
            return httpx.Response(500, json={"error": {"message": turn, "type": "server_error"}})
        self._count += 1
        headers = {"x-request-id": f"req_{self._count}"}
        if self._chat:
            return httpx.Response(200, json=self._completion(turn), headers=headers)
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

    def _completion(self, turn: Turn) -> dict[str, Any]:
        message = turn if isinstance(turn, dict) else _message(turn)
        return {
            "id": f"chatcmpl_{self._count}",
            "object": "chat.completion",
            "created": 1767225600 + self._count,
            "model": self._chat,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": None, "refusal": None} | message,
                    "finish_reason": "tool_calls" if message.get("tool_calls") else "stop",
                    "logprobs": None,
                }
            ],
            "usage": {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 15,
                "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": None},
            },
        }


def _message(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Wire items of the Responses API as a message of Chat Completions."""
    calls = [item for item in items if item["type"] == "function_call"]
    texts = [part["text"] for item in items if item["type"] == "message" for part in item["content"]]
    tool_calls = [
        {"id": call["call_id"], "type": "function", "function": {name: call[name] for name in ("name", "arguments")}}
        for call in calls
    ]
    return ({"content": "".join(texts)} if texts else {}) | ({"tool_calls": tool_calls} if calls else {})

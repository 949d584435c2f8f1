"""A scripted server behind a real HTTP client: what the model sends, and what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import httpx2

from langchain_resp import ChatResp

Answer = dict[str, Any] | list[dict[str, Any]] | httpx2.Response
Script = Callable[[dict[str, Any]], Answer]


def response(*output: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A finished response with these items."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt-test",
        "status": "completed",
        "output": list(output),
        "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        **fields,
    }


def said(text: str, **fields: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [part],
        **fields,
    }


def refused(text: str) -> dict[str, Any]:
    return said("", content=[{"type": "refusal", "refusal": text}])


def thought(text: str = "", **fields: Any) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": text}] if text else []
    return {"type": "reasoning", "id": "rs_1", "summary": summary, **fields}


def called(name: str, arguments: str, call_id: str = "call_1", **fields: Any) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": f"fc_{call_id}",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "status": "completed",
        **fields,
    }


def stream_of(finished: dict[str, Any], pieces: int = 3) -> list[dict[str, Any]]:
    """The events of a finished response, its texts in several deltas."""
    from resp_core.wire.unfold import unfold

    events: list[dict[str, Any]] = []
    for event in unfold(finished):
        delta = event.get("delta")
        if isinstance(delta, str) and len(delta) > 1:
            step = max(1, len(delta) // pieces)
            events += [
                {**event, "delta": delta[at : at + step]} for at in range(0, len(delta), step)
            ]
        else:
            events.append(event)
    for number, event in enumerate(events):
        event["sequence_number"] = number
    return events


def sse(events: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
    )


class Server:
    """Answers each request by a script and remembers the bodies."""

    def __init__(self, script: Script | Answer) -> None:
        self.script = script
        self.bodies: list[dict[str, Any]] = []
        self.requests: list[httpx2.Request] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content) if request.content else {}
        self.bodies.append(body)
        self.requests.append(request)
        answer = self.script(body) if callable(self.script) else self.script
        if isinstance(answer, httpx2.Response):
            return answer
        if body.get("stream"):
            events = answer if isinstance(answer, list) else stream_of(answer)
            return httpx2.Response(
                200, content=sse(events), headers={"content-type": "text/event-stream"}
            )
        return httpx2.Response(200, json=answer)

    async def aanswer(self, request: httpx2.Request) -> httpx2.Response:
        return self.answer(request)

    def model(self, **options: Any) -> ChatResp:
        """A chat model that talks to this server."""
        return ChatResp(
            **{
                "model": "openai/gpt-test",
                "api_key": "key-of-the-test",
                "max_retries": 0,
                "http_client": httpx2.Client(transport=httpx2.MockTransport(self.answer)),
                "http_async_client": httpx2.AsyncClient(
                    transport=httpx2.MockTransport(self.aanswer)
                ),
                **options,
            }
        )


def error(status: int, code: str | None = None, message: str = "no", **fields: Any) -> Any:
    body = {"error": {"message": message, "code": code, "type": "x", "param": None, **fields}}
    return httpx2.Response(status, json=body)

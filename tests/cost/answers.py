"""The recorded answers, plain as they are and streams put together, for pricing."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

Body = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One recorded answer of status 2xx, as JSON, with what the request said."""

    name: str
    provider: str
    api: str
    streamed: bool
    body: Body
    request: Body | None
    url: str

    @property
    def asked_model(self) -> str | None:
        """The model that the request named, in its body or its address."""
        if self.request and isinstance(self.request.get("model"), str):
            return str(self.request["model"])
        path = unquote(urlsplit(self.url).path)
        for mark in ("/models/", "/model/", "/deployments/"):
            if mark in path:
                return (
                    path.split(mark, 1)[1]
                    .split("/")[0]
                    .split(":generate")[0]
                    .split(":stream")[0]
                    .split(":predict")[0]
                    .split(":embed")[0]
                    .split(":batchEmbed")[0]
                )
        return None


def answers(folder: Path) -> Iterator[Answer]:
    """All answers under a folder of recordings that have a JSON body or a stream."""
    for file in sorted(folder.rglob("*.json")):
        if file.name == "coverage.json":
            continue
        case = orjson.loads(file.read_bytes())
        for place, exchange in enumerate(case["exchanges"]):
            response = exchange["response"]
            if not 200 <= response["status"] < 300:
                continue
            for body, streamed in bodies(exchange["api"], response):
                request = exchange["request"].get("body")
                yield Answer(
                    f"{file.relative_to(folder)}#{place}",
                    case["provider"],
                    exchange["api"],
                    streamed,
                    body,
                    request if isinstance(request, dict) else None,
                    exchange["request"]["url"],
                )


def bodies(api: str, response: Body) -> Iterator[tuple[Body, bool]]:
    """The answer of an exchange; the last of several where a server sends a list."""
    if isinstance(response.get("body"), dict):
        yield response["body"], False
    elif isinstance(response.get("body"), list):
        yield folded([entry for entry in response["body"] if isinstance(entry, dict)]), True
    elif "sse" in response:
        yield folded(list(events("".join(response["sse"]).encode()))), True
    elif response.get("body_text"):
        lines = [read(line) for line in response["body_text"].splitlines()]
        yield folded([line for line in lines if isinstance(line, dict)]), True
    elif response.get("body_base64"):
        payloads = list(aws_events(base64.b64decode(response["body_base64"])))
        if payloads:
            yield folded(payloads), True


def read(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def events(data: bytes) -> Iterator[Body]:
    for line in data.replace(b"\r", b"\n").split(b"\n"):
        if line.startswith(b"data:"):
            payload = read(line[5:].strip())
            if isinstance(payload, dict):
                yield payload


def aws_events(data: bytes) -> Iterator[Body]:
    """The JSON payloads of an AWS event stream."""
    at = 0
    while at + 16 <= len(data):
        total, headers = struct.unpack(">II", data[at : at + 8])
        if total < 16 or at + total > len(data):
            return
        payload = read(data[at + 12 + headers : at + total - 4])
        if isinstance(payload, dict):
            inner = payload.get("bytes")
            yield read(base64.b64decode(inner)) if inner else payload
        at += total


def folded(payloads: list[Body]) -> Body:
    """A stream as one answer: what priced classes need of it, by every provider's rules."""
    body: Body = {}
    for payload in payloads:
        _fold(body, payload)
    return body


def _fold(body: Body, payload: Body) -> None:
    kind = payload.get("type", payload.get("event_type", ""))
    for name in ("response", "message", "interaction"):
        inner = payload.get(name)
        if isinstance(inner, dict) and ("usage" in inner or name == "response"):
            body.update({key: value for key, value in inner.items() if value is not None})
    if kind == "message_delta" or kind == "message-end":
        usage = payload.get("usage") or (payload.get("delta") or {}).get("usage") or {}
        body["usage"] = {**(body.get("usage") or {}), **usage}
        return
    if kind == "content_block_start":
        body.setdefault("content", []).append(payload.get("content_block"))
    metadata = payload.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("usage"), dict):
        payload = {**payload, **metadata}
    for name in ("usage", "usageMetadata", "model", "modelVersion", "service_tier", "x_groq",
                 "usage_breakdown", "serviceTier", "amazon-bedrock-invocationMetrics",
                 "prompt_eval_count", "eval_count", "citations", "meta"):  # fmt: skip
        value = payload.get(name)
        if isinstance(value, dict) and isinstance(body.get(name), dict) and name != "usage":
            body[name] = {**body[name], **value}
        elif value is not None:
            body[name] = value
    if any((c or {}).get("groundingMetadata") for c in payload.get("candidates") or []):
        body["candidates"] = payload["candidates"]

"""The recordings, read: one `Exchange` for each recorded request with an OpenAI-style API.

What belongs to which API is told by method and path, never by a file's name. Servers that are
no provider of ours and speak an OpenAI API go through the provider `custom`.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from resp_core import providers

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"

#: Operation -> (method, end of the path); the first match wins.
_OPERATIONS = (
    ("chat", "POST", r"/chat/completions"),
    ("responses.compact", "POST", r"/responses/compact"),
    ("responses.count_tokens", "POST", r"/responses/input_tokens"),
    ("responses.cancel", "POST", r"/responses/([^/]+)/cancel"),
    ("responses.input_items", "GET", r"/responses/([^/]+)/input_items"),
    ("responses.retrieve", "GET", r"/responses/([^/]+)"),
    ("responses.delete", "DELETE", r"/responses/([^/]+)"),
    ("responses", "POST", r"/responses"),
    ("conversations.items.create", "POST", r"/conversations/([^/]+)/items"),
    ("conversations.items", "GET", r"/conversations/([^/]+)/items"),
    ("conversations.items.retrieve", "GET", r"/conversations/([^/]+)/items/([^/]+)"),
    ("conversations.items.delete", "DELETE", r"/conversations/([^/]+)/items/([^/]+)"),
    ("conversations.update", "POST", r"/conversations/([^/]+)"),
    ("conversations.retrieve", "GET", r"/conversations/([^/]+)"),
    ("conversations.delete", "DELETE", r"/conversations/([^/]+)"),
    ("conversations", "POST", r"/conversations"),
    ("embeddings", "POST", r"(?<!/usage)/embeddings"),
    ("models", "GET", r"/models"),
    ("completions", "POST", r"(?<!/chat)/completions"),
)
_CREATES = ("responses", "chat")
#: APIs that servers outside our providers serve in OpenAI's form.
_COMMON = frozenset({"responses", "chat", "completions"})
_APIS = frozenset({"responses", "chat", "embeddings", "models", "conversations", "completions"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded exchange. `provider` is ours, `base_url` what a caller would give for it.

    `asked` is the request's JSON body (None where it was not recorded), `answer` that of a
    plain answer, `payloads` those of a stream; `pieces` are its event texts as bytes.
    """

    name: str
    provider: str
    api: str
    operation: str
    method: str
    url: str
    base_url: str
    ids: tuple[str, ...]
    asked: dict[str, Any] | None
    recorded_url: bool
    status: int
    headers: dict[str, str]
    answer: Any = None
    content: bytes = b""
    streamed: bool = False
    cut: bool = False
    pieces: tuple[bytes, ...] = ()
    payloads: tuple[dict[str, Any], ...] = ()
    done: bool = False

    @property
    def creates(self) -> bool:
        """Whether a model takes a turn."""
        return self.operation in _CREATES

    @property
    def model(self) -> str:
        """The model string for a call like the recorded one."""
        deployment = re.search(r"/deployments/([^/]+)/", self.url)
        if deployment and self.provider == "azure":
            return f"azure/{unquote(deployment[1])}"
        given = (self.asked or {}).get("model") or (self.answer or {}).get("model") or "some-model"
        return f"{self.provider}/{given}"

    @property
    def asks_stream(self) -> bool:
        """Whether the caller wants a stream; not every server gives one."""
        return self.streamed or (self.creates and (self.asked or {}).get("stream") is True)

    @property
    def names_model(self) -> bool:
        """Whether the caller has to name a model: a stored prompt brings its own."""
        return self.asked is None or "model" in self.asked or "prompt" not in self.asked

    @property
    def is_json(self) -> bool:
        """Whether the answer is one that an API gives, and not a page or a line of text."""
        return self.streamed or isinstance(self.answer, dict)

    @property
    def reports_error(self) -> bool:
        """Whether the answer says that something failed, whatever its status."""
        if self.status >= 400 or not self.is_json:
            return True
        if not self.streamed:
            return self.creates and (self.answer or {}).get("status") == "failed"
        return any(
            payload.get("error") or payload.get("type") in ("error", "response.failed")
            for payload in self.payloads
        )

    @property
    def body(self) -> bytes:
        """The recorded answer, as it is served again."""
        return b"".join(self.pieces) if self.streamed else self.content


def available() -> bool:
    """Whether the recordings lie beside this checkout."""
    return RECORDINGS.is_dir()


@lru_cache(maxsize=1)
def exchanges() -> tuple[Exchange, ...]:
    """All exchanges with an OpenAI-style API."""
    found: list[Exchange] = []
    for folder in sorted(RECORDINGS.glob("*/*")):
        # Cases of other APIs may hold such an exchange too, so every file is looked at.
        for path in sorted(folder.glob("*.json")):
            raw = path.read_bytes()
            if not any(mark in raw for mark in _MARKS):
                continue
            name = str(path.relative_to(RECORDINGS))
            case = orjson.loads(raw)
            for place, exchange in enumerate(case["exchanges"]):
                found += _read(f"{name}#{place}", case["provider"], exchange)
    return tuple(found)


_MARKS = (b"/completions", b"/responses", b"/conversations", b"/embeddings", b"/models")


@lru_cache(maxsize=1)
def groups() -> dict[tuple[str, str], list[Exchange]]:
    """The exchanges by provider and API."""
    by_group: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in exchanges():
        by_group[exchange.provider, exchange.api].append(exchange)
    return dict(by_group)


def events_of(text: str) -> list[str]:
    """The data of server-sent events, by the letter of the standard and as slow as need be."""
    found: list[str] = []
    data: list[str] = []
    for line in re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")):
        if not line:
            if data and any(data):
                found.append("\n".join(data))
            data = []
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
    return found


def _read(name: str, provider: str, recorded: dict[str, Any]) -> list[Exchange]:
    request, response = recorded["request"], recorded["response"]
    if recorded["api"] not in _APIS:
        return []
    # Where a host or region was redacted as <NAME>, the name is as good as any.
    url = re.sub(r"<(\w+)>", lambda hidden: hidden[1].lower().replace("_", "-"), request["url"])
    parts = urlsplit(url)
    operation, ids, stem = _operation(request["method"], parts.path)
    ours = _provider(provider, url)
    if operation is None:
        if ours != "custom":
            left_out[f"{request['method']} {parts.path}: no operation of the client"] += 1
        return []
    api = operation.partition(".")[0]
    if ours == "custom" and provider != "local" and api not in _COMMON:
        return []
    whole = Exchange(
        name=name,
        provider=ours,
        api=api,
        operation=operation,
        method=request["method"],
        url=url,
        base_url=_base_url(ours, url, stem),
        ids=ids,
        asked=request.get("body"),
        recorded_url=not request.get("url_inferred"),
        status=response["status"],
        headers={key.lower(): value for key, value in response["headers"].items()},
        answer=response.get("body"),
        content=_content(response),
        streamed="sse" in response,
        cut=bool(response.get("cut")),
    )
    if not whole.streamed:
        return [whole]
    streams = _streams(response["sse"])
    return [
        replace(whole, name=name + "abcdefgh"[at] if at else name, **_stream(texts))
        for at, texts in enumerate(streams)
    ]


def _content(response: dict[str, Any]) -> bytes:
    if "body_base64" in response:
        return b64decode(response["body_base64"])
    if "body_text" in response:
        return response["body_text"].encode()
    return b"" if response.get("body") is None else orjson.dumps(response["body"])


def _stream(texts: list[str]) -> dict[str, Any]:
    events = events_of("".join(texts))
    return {
        "pieces": tuple(text.encode() for text in texts),
        "payloads": tuple(orjson.loads(data) for data in events if data != "[DONE]"),
        "done": "[DONE]" in events,
    }


def _streams(texts: list[str]) -> list[list[str]]:
    """The streams of one answer: some publishers put those of several requests together."""
    streams: list[list[str]] = [[]]
    ended = False
    for text in texts:
        if ended and '"type":"response.created"' in text.replace(" ", ""):
            streams.append([])
            ended = False
        ended = ended or _TERMINAL.search(text) is not None
        streams[-1].append(text)
    return streams


_TERMINAL = re.compile(r'"type": ?"response\.(completed|incomplete|failed|cancelled)"')
#: Recorded requests of our providers that are none of the client's, by reason.
left_out: Counter[str] = Counter()


def _operation(method: str, path: str) -> tuple[str | None, tuple[str, ...], str]:
    """The operation, the ids in its path, and the path before it."""
    for operation, verb, pattern in _OPERATIONS:
        found = re.search(pattern + "$", path) if verb == method else None
        if found:
            return operation, found.groups(), path[: found.start()]
    return None, (), path


def _provider(recorded: str, url: str) -> str:
    if recorded in providers.names() and recorded != "offline":
        # Azure's model inference API is another one than Azure OpenAI: plain Chat at an address.
        return "custom" if recorded == "azure" and "/models/" in url else recorded
    return "custom"


def _base_url(provider: str, url: str, stem: str) -> str:
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}{re.sub('/{2,}', '/', stem)}"
    if provider == "azure":  # `api_version` and the deployment are given on their own
        return root.partition("/openai/deployments/")[0]
    version = parse_qs(parts.query).get("api-version")
    return f"{root}?api-version={version[0]}" if version else root

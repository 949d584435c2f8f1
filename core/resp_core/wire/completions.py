"""The old Completions API, which instruct models speak: a prompt down, text up.

It is reached in Chat: a Chat request is written out as a prompt, and its answers are turned into
Chat completions and chunks, from where the Chat codec goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError
from resp_core.wire.shape import as_object, as_text, items_of, objects, require_objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject
    from resp_core.wire.losses import Losses
    from resp_core.wire.pipeline import Reader

__all__ = ["TextReader", "encode_request"]

#: Chat parameters that it lacks, with the values that ask for nothing.
_LACKS: dict[str, tuple[Any, ...]] = {
    "audio": (),
    "function_call": ("auto", "none"),
    "functions": ([],),
    "metadata": ({},),
    "modalities": (["text"],),
    "moderation": (),
    "parallel_tool_calls": (True, False),
    "prediction": (),
    "prompt_cache_key": (),
    "prompt_cache_options": (),
    "prompt_cache_retention": (),
    "reasoning_effort": ("none",),
    "response_format": ({"type": "text"},),
    "safety_identifier": (),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "tool_choice": ("auto", "none"),
    "tools": ([],),
    "verbosity": (),
    "web_search_options": (),
}
_ELSEWHERE = frozenset(
    ("messages", "max_tokens", "max_completion_tokens", "logprobs", "top_logprobs")
)
_SPEAKERS = {"system": "System", "developer": "System", "user": "User", "assistant": "Assistant"}


def encode_request(chat: JsonObject, losses: Losses) -> JsonObject:
    """The Completions body for a Chat request.

    A single message of a user is the prompt as it stands; a conversation is written out with
    its speakers, for the model to go on. Raises ArgumentError for messages that are none,
    UnsupportedError for what would be lost.
    """
    body: JsonObject = {}
    for name, value in chat.items():
        if value is None or name in _ELSEWHERE:
            continue
        if name not in _LACKS:
            body[name] = value
        elif value not in _LACKS[name]:
            losses.lose(name, "the Completions API has no such parameter")
    limit = chat.get("max_completion_tokens")
    limit = chat.get("max_tokens") if limit is None else limit
    if limit is None:
        losses.note("no max_tokens were given: the Completions API stops after 16 tokens")
    else:
        body["max_tokens"] = limit
    if chat.get("logprobs"):
        body["logprobs"] = chat.get("top_logprobs") or 0
    body["prompt"] = _prompt(chat.get("messages"), losses)
    return body


def _prompt(messages: Any, losses: Losses) -> str:
    said: list[tuple[str, str]] = []
    for n, message in enumerate(require_objects(messages, "messages")):
        param, role = f"messages[{n}]", as_text(message.get("role"))
        if role not in _SPEAKERS:
            raise ArgumentError(
                f"{param} has the role {role!r}, which a prompt cannot hold: the Completions API "
                "knows no tools.",
                param=f"{param}.role",
            )
        if message.get("tool_calls") or message.get("function_call"):
            losses.lose(f"{param}.tool_calls", "the Completions API knows no tools")
        said.append((_SPEAKERS[role], _text(message.get("content"), param, losses)))
    if len(said) == 1 and said[0][0] == "User":
        return said[0][1]
    losses.note("the messages were written out as one prompt")
    return "\n\n".join([*(f"{speaker}: {text}" for speaker, text in said), "Assistant:"])


def _text(content: Any, param: str, losses: Losses) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    texts: list[str] = []
    for n, part in enumerate(require_objects(content, f"{param}.content")):
        if isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:
            kind = part.get("type")
            losses.lose(f"{param}.content[{n}]", f"a prompt holds no part of type {kind!r}")
    return "\n".join(texts)


class TextReader:
    """Goes before a reader of Chat, and gives it the text of Completions in Chat's form."""

    __slots__ = ("_begun", "_reader", "result")

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._begun = False
        self.result: JsonObject | None = None

    @property
    def committed(self) -> bool:
        """Whether the caller has been given content."""
        return self._reader.committed

    @property
    def finished(self) -> bool:
        """Whether the terminal event came."""
        return self._reader.finished

    def add(self, payload: JsonObject, /) -> list[JsonObject]:
        """One payload of a stream."""
        role: JsonObject = {} if self._begun else {"role": "assistant"}
        self._begun = True
        return self._reader.add(_as_chat(payload, "chat.completion.chunk", "delta", role))

    def close(self, done: bool) -> list[JsonObject]:
        """The end of a stream."""
        events = self._reader.close(done)
        self.result = self._reader.result
        return events

    def whole(self, payload: JsonObject) -> JsonObject:
        """The body of a plain answer."""
        self.result = self._reader.whole(_completion(payload))
        return self.result

    def unfolded(self, payload: JsonObject) -> list[JsonObject]:
        """A plain answer as the stream that the caller asked for."""
        events = self._reader.unfolded(_completion(payload))
        self.result = self._reader.result
        return events

    def partial(self) -> JsonObject | None:
        """What came so far."""
        return self._reader.partial()


def _completion(payload: JsonObject) -> JsonObject:
    return _as_chat(payload, "chat.completion", "message", {"role": "assistant"})


def _as_chat(payload: JsonObject, kind: str, place: str, role: JsonObject) -> JsonObject:
    """A completion or a chunk of one in Chat's form; fields of the server's own stay."""
    if not isinstance(payload.get("choices"), list):
        return payload
    choices = [
        {
            **{name: value for name, value in choice.items() if name != "text"},
            place: {**role, "content": choice.get("text")},
            "logprobs": _logprobs(choice.get("logprobs")),
        }
        for choice in objects(payload["choices"])
    ]
    return {**payload, "object": kind, "choices": choices}


def _logprobs(given: Any) -> JsonObject | None:
    """Four lists side by side as one list of entries."""
    lists = as_object(given)
    tokens, values = items_of(lists.get("tokens")), items_of(lists.get("token_logprobs"))
    if not tokens:
        return None
    tops = items_of(lists.get("top_logprobs")) or [None] * len(tokens)
    entries = [
        {
            "token": token,
            "logprob": value,
            "bytes": None,
            "top_logprobs": [
                {"token": other, "logprob": at, "bytes": None}
                for other, at in as_object(top).items()
            ],
        }
        for token, value, top in zip(tokens, values, tops, strict=False)
    ]
    return {"content": entries, "refusal": None}

"""Counting tokens without a network: tiktoken where its files are at hand, else an estimate."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from langchain_core.messages.utils import count_tokens_approximately

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_core.messages import BaseMessage

__all__ = ["count_messages", "token_ids"]

_CHARS = 4  # a token of English prose, on average
_ENCODINGS = {
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
}
_OLD = ("gpt-4-", "gpt-3.5", "gpt-35", "text-embedding")


def token_ids(text: str, model: str) -> list[int]:
    """Token ids of `text`; see `ChatResp.get_token_ids`."""
    encoding = _encoding(model)
    if encoding is not None:
        return encoding.encode(text, disallowed_special=())
    return [zlib.crc32(text[i : i + _CHARS].encode()) for i in range(0, len(text), _CHARS)]


def count_messages(messages: Sequence[BaseMessage], tools: list[Any] | None, model: str) -> int:
    """The tokens of a prompt; URLs in it are never opened."""
    if _encoding(model) is None:
        return count_tokens_approximately(messages, tools=tools)
    rough = count_tokens_approximately(messages, tools=tools)
    text = "".join(str(message.text) for message in messages)
    return rough - len(text) // _CHARS + len(token_ids(text, model))


def _encoding(model: str) -> Any:
    """The encoding of a model if it can be loaded without a download, else None."""
    import tempfile
    from pathlib import Path

    from resp_core.credentials import environ

    name = model.rpartition("/")[2]
    old = name == "gpt-4" or name.startswith(_OLD)
    wanted = "cl100k_base" if old else "o200k_base"
    folder = environ().get("TIKTOKEN_CACHE_DIR") or environ().get("DATA_GYM_CACHE_DIR")
    path = Path(folder) if folder else Path(tempfile.gettempdir(), "data-gym-cache")
    if not (path / _ENCODINGS[wanted]).is_file():
        return None
    try:
        import tiktoken
    except ImportError:
        return None
    return tiktoken.get_encoding(wanted)

"""Counting tokens without a network: by the model's own tables where they are at hand.

The rules are those of `Client.estimate`. URLs are never opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.messages.utils import count_tokens_approximately

from langchain_resp.messages import to_items
from langchain_resp.tools import request_tool
from resp_core.cost.rough import rough_tokens
from resp_core.cost.tokens import count_request, encoding_of
from resp_core.credentials import environ
from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_core.messages import BaseMessage

__all__ = ["count_messages", "token_ids"]


def token_ids(text: str, model: str) -> list[int]:
    """The ids of the tokens of `text`; made up, and about as many, without the tables."""
    ids = _tokenizer(model)
    return list(range(rough_tokens(text))) if ids is None else ids(text)


def count_messages(messages: Sequence[BaseMessage], tools: Sequence[Any], model: str) -> int:
    """The tokens of a prompt. What could not be sent is counted by its length."""
    ids = _tokenizer(model)
    try:
        body = {
            "input": to_items(messages).items,
            "tools": [request_tool(tool) for tool in tools],
        }
    except ArgumentError:
        return count_tokens_approximately(messages, tools=list(tools) or None)
    return count_request(body, model, None if ids is None else lambda text: len(ids(text))).tokens


def _tokenizer(model: str) -> Callable[[str], list[int]] | None:
    encoding = encoding_of(model)
    if encoding is None:
        return None
    from resp_core.io.token_tables import tokenizer

    return tokenizer(encoding, environ())

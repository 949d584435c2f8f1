"""Making models from strings, and making LangChain's own factory know them."""

from __future__ import annotations

from typing import Any

from langchain_resp.chat_model import ChatResp

__all__ = ["init_chat_model", "register_with_langchain"]


def init_chat_model(model: str, /, **options: Any) -> ChatResp:
    """The chat model for "provider/name": `init_chat_model("azure/my-deployment", temperature=0)`.

    "provider:name", as LangChain's function of this name writes it, is taken as well. Options
    are those of `ChatResp`; `model_provider` stands for the prefix.
    """
    provider = options.pop("model_provider", None)
    head, colon, name = model.partition(":")
    if colon and "/" not in head:
        model = name if head == "resp" else f"{head}/{name}"
    elif provider:
        model = f"{provider}/{model}"
    return ChatResp(model=model, **options)


def register_with_langchain(name: str = "resp") -> None:
    """Let `langchain.chat_models.init_chat_model("resp:azure/my-deployment")` make ours.

    LangChain has no public way to add a provider; this writes into the table that it keeps.
    Raises ImportError without the package `langchain`, RuntimeError where that table is gone.
    """
    from langchain.chat_models import base

    table = getattr(base, "_BUILTIN_PROVIDERS", None)
    if not isinstance(table, dict):
        raise RuntimeError(
            "This version of langchain keeps its providers elsewhere: use "
            "langchain_resp.init_chat_model instead."
        )
    table[name] = ("langchain_resp", "ChatResp", _made)


def _made(cls: type[ChatResp], **options: Any) -> ChatResp:
    return cls(**options)

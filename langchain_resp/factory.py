"""Making models from strings, and making LangChain's own factory know them."""

from __future__ import annotations

from typing import Any

from langchain_resp.chat_model import ChatResp
from langchain_resp.errors import ArgumentError, langchain_errors
from resp_core.route.resolve import split_model

__all__ = ["init_chat_model", "register_with_langchain"]


#: Names of providers at LangChain -> ours, where they differ.
_NAMES = {"azure_openai": "azure", "mistralai": "mistral"}


def init_chat_model(model: str, *, model_provider: str | None = None, **options: Any) -> ChatResp:
    """The chat model for "provider/name": `init_chat_model("azure/my-deployment", temperature=0)`.

    "provider:name", as LangChain's function of this name writes it, is taken as well. Options
    are those of `ChatResp`; `model_provider` stands for the prefix. Raises UnknownProviderError
    for a provider that there is not.
    """
    for name in ("configurable_fields", "config_prefix"):
        if options.pop(name, None) is not None:
            raise ArgumentError(
                f"{name} belongs to LangChain's own init_chat_model: call "
                'register_with_langchain() and use that with "resp:…", or call '
                ".configurable_fields(...) on the model.",
                param=name,
            )
    head, colon, name = model.partition(":")
    if colon and "/" not in head:
        model_provider, model = head, name
    if model_provider and model_provider != "resp":
        model = f"{_NAMES.get(model_provider, model_provider)}/{model}"
    with langchain_errors():
        split_model(model, options.get("provider"))
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

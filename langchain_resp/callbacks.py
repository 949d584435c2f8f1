"""`on_llm_new_token` with a string, also where content is a list of blocks.

langchain-core hands a chunk's content to callbacks as it is: a list for blocks, which handlers
written for text cannot print or join. Here they get the text, and the blocks on the chunk.
"""

from __future__ import annotations

from functools import update_wrapper
from types import FunctionType
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManager,
    CallbackManagerForLLMRun,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.outputs import ChatGenerationChunk, GenerationChunk

__all__ = ["atext_tokens", "text_tokens", "with_text_tokens"]

_RUN = (
    "run_id",
    "handlers",
    "inheritable_handlers",
    "parent_run_id",
    "tags",
    "inheritable_tags",
    "metadata",
    "inheritable_metadata",
)


def _text(token: Any, chunk: GenerationChunk | ChatGenerationChunk | None) -> str:
    """The text of a token; what shows no text (reasoning, calls) is an empty one."""
    if isinstance(token, str):
        return token
    message = getattr(chunk, "message", None)
    return "" if message is None else str(message.text)


class _TextRun(CallbackManagerForLLMRun):
    """A run whose handlers are told text."""

    def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        **kwargs: Any,
    ) -> None:
        """Tell the handlers of a new token."""
        super().on_llm_new_token(_text(token, chunk), chunk=chunk, **kwargs)


class _AsyncTextRun(AsyncCallbackManagerForLLMRun):
    """The same, awaited."""

    async def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        **kwargs: Any,
    ) -> None:
        """Tell the handlers of a new token."""
        await super().on_llm_new_token(_text(token, chunk), chunk=chunk, **kwargs)


def text_tokens(run: CallbackManagerForLLMRun | None) -> CallbackManagerForLLMRun | None:
    """The same run, its tokens as text; the run itself where nobody listens."""
    if run is None or not run.handlers:
        return run
    return _TextRun(**{name: getattr(run, name) for name in _RUN})


def atext_tokens(
    run: AsyncCallbackManagerForLLMRun | None,
) -> AsyncCallbackManagerForLLMRun | None:
    """The same run, its tokens as text; the run itself where nobody listens."""
    if run is None or not run.handlers:
        return run
    return _AsyncTextRun(**{name: getattr(run, name) for name in _RUN})


class _TextManager(CallbackManager):
    """Starts runs whose tokens are text."""

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> list[CallbackManagerForLLMRun]:
        """Tell the handlers that a model starts."""
        runs = super().on_chat_model_start(*args, **kwargs)
        return [text_tokens(run) or run for run in runs]


class _AsyncTextManager(AsyncCallbackManager):
    """The same, awaited."""

    async def on_chat_model_start(
        self, *args: Any, **kwargs: Any
    ) -> list[AsyncCallbackManagerForLLMRun]:
        """Tell the handlers that a model starts."""
        runs = await super().on_chat_model_start(*args, **kwargs)
        return [atext_tokens(run) or run for run in runs]


def with_text_tokens(method: Callable[..., Any]) -> Callable[..., Any]:
    """`BaseChatModel.stream` or `astream`, the code as installed, with the managers above.

    Both make their run manager themselves, from a name of their module, and take none: this is
    the one way to reach it that neither copies them nor changes anything for other models.
    A method that somebody wrapped is returned as it is.
    """
    if not isinstance(method, FunctionType):
        return method
    names = {
        **method.__globals__,
        "CallbackManager": _TextManager,
        "AsyncCallbackManager": _AsyncTextManager,
    }
    made = FunctionType(
        method.__code__, names, method.__name__, method.__defaults__, method.__closure__
    )
    made.__kwdefaults__ = method.__kwdefaults__
    return update_wrapper(made, method)

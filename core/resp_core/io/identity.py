"""Bearer tokens: the only place that calls a token provider or imports azure-identity."""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, Any

from resp_core.errors import CredentialError

if TYPE_CHECKING:
    from resp_core.auth.source import TokenSource

__all__ = ["async_token", "sync_token"]

_lock = threading.Lock()
_default: dict[str, Any] = {}


def sync_token(source: TokenSource) -> str:
    """A token, asked for now: caching is the credential's own business."""
    answer = _ask(source)
    if inspect.isawaitable(answer):
        if inspect.iscoroutine(answer):
            answer.close()
        raise CredentialError(
            f"{source.origin} is asynchronous, and this is a synchronous call. Pass a sync "
            "provider or credential, or use the async client.",
            param=source.origin,
        )
    return _token(answer, source)


async def async_token(source: TokenSource) -> str:
    """A token; a synchronous provider runs in a thread, as it may talk to a network."""
    if source.kind == "static":
        return _token(_ask(source), source)
    target = source.value if source.kind == "callable" else getattr(source.value, "get_token", None)
    if inspect.iscoroutinefunction(target):
        return _token(await _ask(source), source)
    import asyncio

    answer = await asyncio.to_thread(_ask, source)
    return _token(await answer if inspect.isawaitable(answer) else answer, source)


def _ask(source: TokenSource) -> Any:
    if source.kind == "static":
        return source.value.reveal()
    if source.kind == "callable":
        return source.value()
    credential = source.value if source.kind == "credential" else _default_credential()
    return credential.get_token(*source.scopes)


def _token(answer: Any, source: TokenSource) -> str:
    token = getattr(answer, "token", answer)
    if not isinstance(token, str) or not token:
        given = "an empty string" if token == "" else type(token).__name__
        raise CredentialError(
            f"{source.origin} gave {given} instead of a token.",
            param=source.origin,
        )
    return token


def _default_credential() -> Any:
    with _lock:
        if "azure" not in _default:
            try:
                from azure.identity import DefaultAzureCredential
            except ImportError as error:
                raise CredentialError(
                    'DefaultAzureCredential needs azure-identity: pip install "respkit[azure]".',
                    param="credential",
                ) from error
            _default["azure"] = DefaultAzureCredential()
        return _default["azure"]

"""Bearer tokens: the only place that calls a token provider or imports azure-identity."""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, Any

from resp_core.auth.source import Secret
from resp_core.errors import CredentialError, RespError
from resp_core.io.failures import bare
from resp_core.observe.redact import redact

if TYPE_CHECKING:
    from resp_core.auth.source import TokenSource
    from resp_core.effects import Token

__all__ = ["async_token", "sync_token"]

_lock = threading.Lock()
_default: dict[str, Any] = {}


def sync_token(request: Token) -> Secret:
    """A token, asked for now: caching is the credential's own business.

    CredentialError if the provider fails or gives anything else; it is not interrupted.
    """
    source = request.source
    try:
        answer = _hidden(_ask(request))
    except Exception as error:
        raise _failure(error, source) from bare(error)
    if inspect.isawaitable(answer):
        if inspect.iscoroutine(answer):
            answer.close()
        raise CredentialError(
            f"{source.origin} is asynchronous, and this is a synchronous call. Pass a sync "
            "provider or credential, or use the async client.",
            param=source.origin,
        )
    return _accepted(answer, source)


async def async_token(request: Token) -> Secret:
    """A token; a synchronous provider runs in a thread, as it may talk to a network."""
    source = request.source
    if source.kind == "static":
        return source.value
    target = source.value if source.kind == "callable" else getattr(source.value, "get_token", None)
    try:
        if inspect.iscoroutinefunction(target):
            answer = _hidden(await _ask(request))
        else:
            import asyncio

            answer = await asyncio.to_thread(lambda: _hidden(_ask(request)))
            if inspect.isawaitable(answer):
                answer = _hidden(await answer)
    except Exception as error:
        raise _failure(error, source) from bare(error)
    return _accepted(answer, source)


def _ask(request: Token) -> Any:
    source = request.source
    if source.kind == "static":
        return source.value
    if source.kind == "callable":
        return source.value()
    fresh = source.kind == "default" and request.refresh
    credential = source.value if source.kind == "credential" else _default_credential(fresh)
    return credential.get_token(*source.scopes)


def _failure(error: Exception, source: TokenSource) -> RespError:
    if isinstance(error, RespError):
        return error
    said = redact(str(error).strip().partition("\n")[0][:300])
    return CredentialError(
        f"{source.origin} gave no token: {type(error).__name__}: {said}", param=source.origin
    )


def _hidden(answer: Any) -> Any:
    """What a provider gave, hidden at once: a Secret, or a word for what is no token.

    Something that must be awaited first is given back as it is.
    """
    token = getattr(answer, "token", answer)
    if isinstance(token, Secret) or inspect.isawaitable(token):
        return token
    if isinstance(token, str):
        return Secret(token) if token else "an empty string"
    return type(token).__name__


def _accepted(hidden: Secret | str, source: TokenSource) -> Secret:
    if isinstance(hidden, Secret):
        return hidden
    raise CredentialError(f"{source.origin} gave {hidden} instead of a token.", param=source.origin)


def _default_credential(fresh: bool) -> Any:
    """DefaultAzureCredential, one for the process; a `fresh` one has forgotten its tokens."""
    with _lock:
        if fresh or "azure" not in _default:
            try:
                from azure.identity import DefaultAzureCredential
            except ImportError as error:
                raise CredentialError(
                    'DefaultAzureCredential needs azure-identity: pip install "respkit[azure]".',
                    param="credential",
                ) from error
            _default["azure"] = DefaultAzureCredential()
        return _default["azure"]

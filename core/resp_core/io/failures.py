"""From the exceptions of any HTTP library to ours.

httpcore2, httpx2 and httpx name their exceptions alike, so one table by name serves them all,
and none of them has to be imported for it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from resp_core.errors import (
    APIConnectionError,
    APITimeoutError,
    ProtocolError,
    RespError,
    StreamInterrupted,
)

if TYPE_CHECKING:
    from resp_core.effects import Limits

__all__ = ["bare", "closed_error", "connection_error", "deadline_error"]


def deadline_error(limits: Limits) -> APITimeoutError:
    """The whole call has taken longer than it may."""
    return APITimeoutError(
        f"The call was not done within its total time limit of {limits.total:g} s (timeout=).",
        kind="total",
        seconds=limits.total,
    )


def closed_error() -> StreamInterrupted:
    """Somebody closed the stream while another thread or task was reading it."""
    return StreamInterrupted("The stream was closed while it was being read.", code="closed")


def bare(error: BaseException) -> BaseException:
    """`error` without what else it holds of the request: frames of libraries and their locals.

    Their local variables and request objects hold headers and URLs, credentials included. The
    classes and texts of the error and its causes stay.
    """
    below: BaseException | None = error
    seen: set[int] = set()
    while below is not None and id(below) not in seen:
        seen.add(id(below))
        below.__traceback__ = None
        if "_request" in vars(below):  # httpx and httpx2
            vars(below)["_request"] = None
        below = below.__cause__ or below.__context__
    return error


def connection_error(error: BaseException, url: str, limits: Limits, *, left: float) -> RespError:
    """The typed error for `error` while talking to `url`, with `left` seconds to the deadline."""
    if isinstance(error, RespError):
        return error
    names = {cls.__name__ for cls in type(error).__mro__}
    host = urlsplit(url).netloc.rpartition("@")[2]
    cause = _root(error)
    if left <= 0 and names & {"TimeoutException", "TimeoutError"}:
        return deadline_error(limits)
    if "ConnectTimeout" in names:
        return APITimeoutError(
            f"Connecting to {host} took longer than {limits.connect:g} s.",
            kind="connect",
            seconds=limits.connect,
        )
    if names & {"ReadTimeout", "WriteTimeout", "PoolTimeout", "TimeoutException", "TimeoutError"}:
        if limits.idle is not None and "PoolTimeout" not in names:
            return APITimeoutError(
                f"{host} sent nothing for {limits.idle:g} s (idle_timeout=).",
                kind="idle",
                seconds=limits.idle,
            )
        return deadline_error(limits)
    causes = {cls.__name__ for cls in type(cause).__mro__}
    if "SSLError" in causes:
        failure = APIConnectionError(f"TLS with {host} failed: {_reason(cause)}.")
        failure.is_retryable = "SSLCertVerificationError" not in causes
        return failure
    if "RemoteProtocolError" in names:
        return APIConnectionError(f"{host} broke off the connection: {_reason(error)}.")
    if "DecodingError" in names:
        return ProtocolError(f"{host} sent a body that cannot be decoded: {_reason(error)}.")
    if "ProxyError" in names:
        return APIConnectionError(f"The proxy on the way to {host} refused: {_reason(error)}.")
    if "UnsupportedProtocol" in names:
        return APIConnectionError(f"{host} cannot be reached by this URL: {_reason(error)}.")
    return APIConnectionError(f"No connection to {host}: {_reason(cause)}.")


def _root(error: BaseException) -> BaseException:
    """The first cause, where the reason stands: libraries wrap it several times."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        below = error.__cause__ or error.__context__
        if below is None:
            break
        if not isinstance(below, OSError) and isinstance(error, OSError):
            break
        error = below
    return error


def _reason(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    if isinstance(error, ConnectionError) and error.errno:
        text = os.strerror(error.errno)  # asyncio says "Connect call failed" for a refusal
    return text.splitlines()[0][:200].rstrip(".")

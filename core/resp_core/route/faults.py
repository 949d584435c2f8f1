"""From what a server said to the error that the caller gets. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from resp_core.errors import (
    APIError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContentFilterError,
    ContextWindowExceededError,
    InternalServerError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProtocolError,
    QuotaError,
    RateLimitError,
    RedirectError,
    RequestTooLargeError,
    ResponseFailedError,
    UnprocessableEntityError,
)
from resp_core.observe.redact import redact, redact_json, safe_headers, safe_url
from resp_core.route.retry import retry_after
from resp_core.types.json import loads
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resp_core.types.json import JsonObject

__all__ = ["error_from_event", "error_from_status", "json_object", "not_json", "request_id_of"]

_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: RequestTooLargeError,
    422: UnprocessableEntityError,
    429: RateLimitError,
    503: OverloadedError,
    529: OverloadedError,
}
_QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded"})
_CONTEXT = frozenset({"context_length_exceeded", "context_window_exceeded"})
_CONTEXT_WORDS = (
    "maximum context length",
    "context window",
    "context_length",
    "prompt is too long",
    "too many tokens",
)


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """The id under which the server knows the request."""
    for name in ("x-request-id", "request-id", "apim-request-id"):
        if name in headers:
            return headers[name]
    return None


def error_from_status(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    url: str,
    provider: str,
    model: str,
    secrets: Iterable[str] = (),
    hint: str = "",
) -> APIError:
    """The typed error for an HTTP answer of 300 or more."""
    secrets = tuple(secrets)
    where = safe_url(url)
    if status < 400:
        target = redact(safe_url(headers.get("location", "?")), secrets)
        return RedirectError(
            f"{provider} answered {status}, a redirect from {where} to {target}. "
            "It was not followed and nothing was sent there; set base_url to the final address.",
            provider=provider,
            model=model,
            request_id=request_id_of(headers),
        )
    payload = redact_json(_payload(body), secrets)
    said = _said(payload)
    text = said.get("message") or _short(body, headers, secrets)
    if status == 404 and where not in hint:
        text = f"{text} (tried {where})"
    code = said.get("code")
    cls = _class_of(status, code, said.get("type"), text)
    error = cls(
        redact(f"{provider} answered {status}: {text}{' ' + hint if hint else ''}", secrets),
        status_code=status,
        headers=safe_headers(headers),
        retry_after=retry_after(headers),
        code=code,
        param=said.get("param"),
        provider=provider,
        model=model,
        request_id=request_id_of(headers),
        body=payload,
    )
    if status == 408:
        error.is_retryable = True
    if isinstance(error, ContentFilterError):
        error.filters = _filters(payload)
    return error


def error_from_event(
    said: JsonObject,
    *,
    provider: str,
    model: str,
    request_id: str | None,
    secrets: Iterable[str] = (),
    partial: JsonObject | None = None,
) -> APIError:
    """The typed error for an error object inside an answer of status 200.

    A code that is an HTTP status, or that names one, gets that status' class; the rest is
    ResponseFailedError.
    """
    secrets = tuple(secrets)
    code = said.get("code") if said.get("code") is not None else said.get("type")
    text = redact(str(said.get("message") or code or "the server reported an error"), secrets)
    fields: dict[str, Any] = {
        "code": None if code is None else redact(str(code), secrets),
        "param": said.get("param"),
        "provider": provider,
        "model": model,
        "request_id": request_id,
        "body": redact_json(said, secrets),
        "partial": partial,
    }
    message = f"{provider} reported an error inside its answer: {text}"
    status = _status_of(code, said)
    if status is None:
        return ResponseFailedError(message, **fields)
    return _class_of(status, str(code), said.get("type"), text)(
        message, status_code=status, **fields
    )


def _status_of(code: Any, said: JsonObject) -> int | None:
    for value in (code, said.get("status"), said.get("status_code")):
        if isinstance(value, int | str) and str(value).isdigit() and 400 <= int(value) <= 599:
            return int(value)
    return {
        "rate_limit_exceeded": 429,
        "insufficient_quota": 429,
        "context_length_exceeded": 400,
        "content_filter": 400,
        "invalid_prompt": 400,
        "invalid_request_error": 400,
    }.get(str(code))


def json_object(body: bytes) -> JsonObject | None:
    """The JSON object of an answer; None where it is anything else."""
    try:
        value: Any = loads(body)
    except (ValueError, RecursionError):
        return None
    return cast("JsonObject", value) if isinstance(value, dict) else None


def not_json(
    body: bytes,
    headers: Mapping[str, str],
    status: int,
    provider: str,
    secrets: Iterable[str] = (),
) -> ProtocolError:
    """The error for an answer that is neither JSON nor a stream: it shows how the body begins."""
    kind = headers.get("content-type", "no content type")
    return ProtocolError(
        f"{provider} answered {status} with something that is not a JSON object "
        f"({kind}): {_beginning(body, secrets)!r}",
        request_id=request_id_of(headers),
    )


def _beginning(body: bytes, secrets: Iterable[str]) -> str:
    """200 characters, redacted before they are cut, so that no half of a key is left."""
    return redact(body[:4000].decode("utf-8", "replace").strip(), secrets)[:200]


def _payload(body: bytes) -> Any:
    try:
        return loads(body)
    except (ValueError, RecursionError):
        return None


def _said(payload: Any) -> JsonObject:
    """message, code, type, param from any of the envelopes in use."""
    if isinstance(payload, list) and payload:
        payload = cast("list[Any]", payload)[0]
    if not isinstance(payload, dict):
        return {}
    outer = cast("JsonObject", payload)
    inner = outer.get("error", outer)
    if isinstance(inner, str):
        return {"message": inner, "code": _text(outer.get("code"))}
    if not isinstance(inner, dict):
        inner = outer
    error = cast("JsonObject", inner)
    message = error.get("message") or error.get("detail") or outer.get("message")
    return {
        "message": message if isinstance(message, str) or message is None else _compact(message),
        "code": _text(error.get("code") or outer.get("code")),
        "type": _text(error.get("type")),
        "param": _text(error.get("param")),
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:500]


def _short(body: bytes, headers: Mapping[str, str], secrets: Iterable[str]) -> str:
    """A short text for a body without a message; an HTML page is not quoted."""
    text = _beginning(body, secrets)
    if "html" in headers.get("content-type", "") or text[:1] == "<":
        return f"an HTML page instead of an API answer ({len(body)} bytes)"
    return text or "no body"


def _class_of(status: int, code: str | None, kind: str | None, text: str) -> type[APIStatusError]:
    lowered = text.lower()
    names = {code, kind}
    if status == 429:
        return QuotaError if names & _QUOTA else RateLimitError
    if status in (400, 413, 422):
        if "content_filter" in names or "ResponsibleAIPolicyViolation" in names:
            return ContentFilterError
        if names & _CONTEXT or any(words in lowered for words in _CONTEXT_WORDS):
            return ContextWindowExceededError
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return InternalServerError if status >= 500 else APIStatusError


def _filters(payload: Any) -> Any:
    """The categories of an Azure content filter: Chat nests them in `innererror`."""
    error = cast("JsonObject", payload).get("error") if isinstance(payload, dict) else None
    if not isinstance(error, dict):
        return None
    error = cast("JsonObject", error)
    inner = as_object(error.get("innererror") or error.get("inner_error"))
    return error.get("content_filters") or inner.get("content_filter_result")

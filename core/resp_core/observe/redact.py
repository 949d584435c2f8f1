"""Takes credentials out of every text that leaves the package."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["redact", "redact_json", "safe_headers", "safe_url"]

# What credentials look like, for those that we were never told.
_LOOKS_SECRET = re.compile(
    r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|\b(sk-|sess-|gsk_|xai-|pplx-|csk-|fw_|AIza|AKIA)[A-Za-z0-9_\-]{8,}"
    r"|((?:api[-_]?key|sig|access_token|key|token)=)[^&\s\"']{6,}"
)
_KEPT_HEADERS = (
    "x-ratelimit-",
    "ratelimit-",
    "retry-after",
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-ms-region",
    "x-ms-deployment-name",
    "openai-",
    "content-type",
    "date",
    "x-should-retry",
    "cf-ray",
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets, also URL-encoded, in base64 and JSON-escaped."""
    for secret in secrets:
        if len(secret) < 4:
            continue
        for form in _forms(secret):
            if form in text:
                text = text.replace(form, "***")
    return _LOOKS_SECRET.sub(lambda m: f"{m[1] or m[2] or m[3] or ''}***", text)


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    encoded = base64.b64encode(raw).decode()
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        encoded,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(raw).decode(),
        json.dumps(secret)[1:-1],
    }


def redact_json(value: Any, secrets: Iterable[str] = ()) -> Any:
    """A JSON value with every string redacted."""
    secrets = tuple(secrets)
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, list):
        return [redact_json(item, secrets) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {key: redact_json(item, secrets) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value


def safe_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The response headers worth keeping: limits, ids, dates. Never cookies or credentials."""
    return {name: value for name, value in headers.items() if name.startswith(_KEPT_HEADERS)}


def safe_url(url: str) -> str:
    """`url` without query values and user info, for messages and records."""
    head, _, query = url.partition("?")
    scheme, sep, rest = head.partition("://")
    rest = rest.rpartition("@")[2] if "@" in rest.split("/", 1)[0] else rest
    names = [pair.partition("=") for pair in query.split("&") if pair]
    kept = [f"{n}={v}" if n == "api-version" else f"{n}=…" for n, _, v in names]
    return f"{scheme}{sep}{rest}" + (f"?{'&'.join(kept)}" if kept else "")

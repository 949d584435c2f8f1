"""Takes credentials out of every text that leaves the package."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["redact", "redact_json", "safe_headers", "safe_url", "secrets_in"]

# What credentials look like, for those that we were never told.
_LOOKS_SECRET = re.compile(
    r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|\b(sk-|sess-|gsk_|xai-|pplx-|csk-|fw_|AIza|AKIA)[A-Za-z0-9_\-]{8,}"
    r"|((?:api[-_]?key|sig|access_token|key|token)=)[^&\s\"']{6,}"
)
_SECRET_NAMES = re.compile(r"(?i)auth|key|token|secret|cookie|passw|credential|signature")
_OPEN_NAMES = frozenset({"accept", "accept-encoding", "content-type", "user-agent", "openai-beta"})
_OPAQUE = 16  # a value this long without a space may be a credential, whatever its name
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


def _forms(secret: str) -> list[str]:
    """The spellings of a secret, the longest first."""
    escaped = json.dumps(secret)[1:-1]
    forms = {secret, escaped, escaped.replace("/", "\\/")}
    for quoted in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        forms |= {quoted, re.sub("%..", lambda m: m[0].lower(), quoted)}
    forms |= {form for at in range(3) for form in _base64(secret.encode(), at)}
    return sorted(forms, key=len, reverse=True)


def _base64(raw: bytes, at: int) -> set[str]:
    """What base64 makes of `raw` where `at` bytes (modulo 3) stand before it.

    Characters that also hold bits of what stands around it are left out.
    """
    encoded = base64.b64encode(b"\0" * at + raw).decode().rstrip("=")
    core = encoded[(0, 2, 3)[at] : len(encoded) - ((at + len(raw)) % 3 > 0)]
    if len(core) < 8:
        return set()
    return {core, core.replace("+", "-").replace("/", "_")}


def redact_json(value: Any, secrets: Iterable[str] = ()) -> Any:
    """A JSON value with every string redacted, names included."""
    secrets = tuple(secrets)
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, list):
        return [redact_json(item, secrets) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {
            redact(str(key), secrets): redact_json(item, secrets)  # pyright: ignore[reportUnknownArgumentType]
            for key, item in value.items()  # pyright: ignore[reportUnknownVariableType]
        }
    return value


class _Known(tuple[str, ...]):
    """Secrets, not shown by `repr` either."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"


def secrets_in(headers: Mapping[str, str], url: str, known: Iterable[str] = ()) -> tuple[str, ...]:
    """What of a request may be a credential: values of headers and of the query, and `known`."""
    found: list[str] = list(known)
    for name, value in headers.items():
        if name.lower() in _OPEN_NAMES:
            continue
        if _SECRET_NAMES.search(name) or (len(value) >= _OPAQUE and " " not in value):
            found += [value, value.partition(" ")[2]]
    for pair in url.partition("?")[2].split("&"):
        name, _, value = pair.partition("=")
        if _SECRET_NAMES.search(name) or name == "sig" or len(value) >= _OPAQUE:
            found.append(unquote_plus(value))
    return _Known(value for value in found if value)


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

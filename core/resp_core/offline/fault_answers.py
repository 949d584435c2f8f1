"""Faults that need no model: refusals by status, and bodies that are no answer."""

from __future__ import annotations

import email.utils
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson

from resp_core.offline.problem import Problem
from resp_core.offline.types import OfflineReply
from resp_core.offline.visit import Visit, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANSWERS", "answer", "by_pattern"]

Answer = Callable[[Visit], OfflineReply]

_STATUS = re.compile(r"fault-([45]\d\d)\Z")
_LIMIT = re.compile(r"fault-limit-(\d+)\Z")
_WORDS = {
    401: ("Incorrect API key provided.", "invalid_api_key"),
    403: ("You do not have access to this resource.", "permission_denied"),
    404: ("The model `{model}` does not exist or you do not have access to it.", "model_not_found"),
    408: ("Request timed out.", "timeout"),
    409: ("The resource is being changed by another request.", "conflict"),
    413: ("The request is too large.", "request_too_large"),
    422: ("The request is well formed, but cannot be processed.", "unprocessable"),
    503: ("The engine is currently overloaded, please try again later.", "overloaded"),
    529: ("The engine is currently overloaded, please try again later.", "overloaded"),
}
_PAGE = b"<!DOCTYPE html><html><head><title>%s</title></head><body><h1>%s</h1>%s</body></html>"


def by_pattern(name: str) -> bool:
    """Whether the name is one of the two families of faults with a number."""
    return bool(_STATUS.match(name) or _LIMIT.match(name))


def answer(name: str, visit: Visit, action: Callable[[], OfflineReply]) -> OfflineReply | None:
    """The faulty answer, or None where this fault is not of this kind."""
    if name in ANSWERS:
        return ANSWERS[name](visit)
    status = _STATUS.match(name)
    if status:
        return _status(visit, int(status.group(1)))
    limit = _LIMIT.match(name)
    if limit:
        return _limited(visit, int(limit.group(1)), action)
    return None


def _error(problem: Problem, headers: Mapping[str, str] | None = None) -> OfflineReply:
    reply = json_reply(problem.envelope(), problem.status)
    return OfflineReply(reply.status, {**reply.headers, **(headers or {})}, reply.chunks)


def _status(visit: Visit, status: int) -> OfflineReply:
    if status == 429:
        return _rate_limited(visit, _waits(visit.state.retry_after))
    known = next((each for each in HTTPStatus if each == status), None)
    text, code = _WORDS.get(status, (known.phrase + "." if known else "Failure.", None))
    kind = "server_error" if status >= 500 else "invalid_request_error"
    message = f"{text.format(model=visit.body.get('model'))} The model's name asked for this."
    return _error(Problem(message, status=status, type=kind, code=code))


def _waits(seconds: float) -> dict[str, str]:
    return {
        "retry-after": f"{seconds:g}",
        "retry-after-ms": f"{seconds * 1000:.0f}",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": f"{seconds:g}s",
    }


def _rate_limited(visit: Visit, headers: Mapping[str, str]) -> OfflineReply:
    model = visit.body.get("model")
    problem = Problem(
        f"Rate limit reached for {model} on requests per min (RPM): Limit 3, Used 3, Requested 1. "
        f"Please try again in {visit.state.retry_after:g}s.",
        status=429,
        type="requests",
        code="rate_limit_exceeded",
    )
    return _error(problem, headers)


def _limited(visit: Visit, most: int, action: Callable[[], OfflineReply]) -> OfflineReply:
    left, wait = visit.state.admit(str(visit.body.get("model")), most)
    headers = {
        "x-ratelimit-limit-requests": str(most),
        "x-ratelimit-remaining-requests": str(max(left, 0)),
        "x-ratelimit-reset-requests": f"{wait * 1000:.0f}ms",
    }
    if left < 0:
        return _rate_limited(visit, {**_waits(wait), **headers})
    reply = action()
    return OfflineReply(reply.status, {**reply.headers, **headers}, reply.chunks)


def _retry_date(visit: Visit) -> OfflineReply:
    now = visit.state.clock()
    date = email.utils.formatdate(now, usegmt=True)
    until = email.utils.formatdate(now + visit.state.retry_after, usegmt=True)
    return _rate_limited(visit, {"date": date, "retry-after": until})


def _quota(_: Visit) -> OfflineReply:
    return _error(
        Problem(
            "You exceeded your current quota, please check your plan and billing details. For more "
            "information on this error, read the docs: "
            "https://platform.openai.com/docs/guides/error-codes/api-errors.",
            status=429,
            type="insufficient_quota",
            code="insufficient_quota",
        )
    )


def _echo_key(visit: Visit) -> OfflineReply:
    headers = visit.request.headers
    key = headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    return _error(
        Problem(
            f"Incorrect API key provided: {key}. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            status=401,
            code="invalid_api_key",
        )
    )


def _context(_: Visit) -> OfflineReply:
    return _error(
        Problem(
            "Your input exceeds the context window of this model. Please adjust your input and "
            "try again.",
            param="input",
            code="context_length_exceeded",
        )
    )


def _filtered(visit: Visit) -> OfflineReply:
    found = {"hate": {"filtered": True, "severity": "high"}}
    results = {"violence": {"filtered": False, "severity": "safe"}} | found
    extra = {
        "status": 400,
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": results,
        },
    }
    if "/responses" in visit.request.path:
        blocked = {"blocked": True, "source_type": "prompt", "content_filter_results": results}
        extra = {"content_filters": [blocked]}
    message = (
        "The response was filtered due to the prompt triggering the content management policy. "
        "Please modify your prompt and retry."
    )
    return _error(Problem(message, param="prompt", code="content_filter", extra=extra))


def _redirect(visit: Visit) -> OfflineReply:
    return OfflineReply(307, {"location": visit.state.redirect_to}, [b""])


def _should_retry(status: int, value: str) -> Answer:
    def answered(visit: Visit) -> OfflineReply:
        reply = _status(visit, status)
        return OfflineReply(reply.status, {**reply.headers, "x-should-retry": value}, reply.chunks)

    return answered


def _html(status: int, title: bytes) -> Answer:
    filler = b"<p>Nothing to see here.</p>" * 200
    body = _PAGE % (title, title, filler)
    return lambda _: OfflineReply(status, {"content-type": "text/html"}, [body])


def _body(text: bytes, kind: str = "application/json") -> Answer:
    return lambda _: OfflineReply(200, {"content-type": kind}, [text])


def _error_in_200(_: Visit) -> OfflineReply:
    problem = Problem("The server had an error.", type="server_error", code="server_error")
    return json_reply(problem.envelope())


def _bomb(_: Visit) -> OfflineReply:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    return OfflineReply(200, headers, _bomb_chunks(128))


def _bomb_chunks(mebibytes: int) -> Iterator[bytes]:
    """Spaces before `{}`: legal JSON, tiny on the wire. Each block is packed once and repeated."""
    block, end = b" " * 2**20, b"{}"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 0
    yield b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    for _ in range(mebibytes):
        check = zlib.crc32(block, check)
        yield packed
    size = mebibytes * len(block) + len(end)
    yield packer.compress(end) + packer.flush() + struct.pack("<II", zlib.crc32(end, check), size)


ANSWERS: dict[str, Answer] = {
    "fault-429-quota": _quota,
    "fault-429-date": _retry_date,
    "fault-429-bare": lambda visit: _rate_limited(visit, {}),
    "fault-429-long": lambda visit: _rate_limited(visit, _waits(600)),
    "fault-401-echo-key": _echo_key,
    "fault-500-html": _html(500, b"500 Internal Server Error"),
    "fault-context": _context,
    "fault-filter": _filtered,
    "fault-redirect": _redirect,
    "fault-retry-no": _should_retry(500, "false"),
    "fault-retry-yes": _should_retry(400, "true"),
    "fault-200error": _error_in_200,
    "fault-200html": _html(200, b"Welcome"),
    "fault-null": _body(b"null"),
    "fault-array": _body(orjson.dumps([])),
    "fault-text": _body(b"it works!", "text/plain"),
    "fault-gzipbomb": _bomb,
}

"""The offline provider: OpenAI's HTTP API, and Azure's paths to it, as one function.

`handle` takes the bytes of a request and gives the bytes of the answer. It opens no socket and
reads no clock but the state's; given the same state and request it gives the same answer. It
answers on `/v1/...`, `/openai/v1/...`, `/openai/...?api-version=` and
`/openai/deployments/{deployment}/...?api-version=`, and asks for no key. Models may have any
name; `resp_core.offline.faults` lists those that fail on purpose.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import orjson

from resp_core.offline import chat_api, conversations_api, faults, responses_api, text_api
from resp_core.offline.embed import check_embeddings, embeddings
from resp_core.offline.instance import NoInstance
from resp_core.offline.problem import Problem
from resp_core.offline.types import OfflineReply, OfflineRequest
from resp_core.offline.visit import Visit, json_reply, public_name

if TYPE_CHECKING:
    from resp_core.offline.state import OfflineState
    from resp_core.types.json import JsonObject

__all__ = ["handle"]

_Action = Callable[..., OfflineReply]
_ID = r"([\w-]+)"


def handle(request: OfflineRequest, state: OfflineState) -> OfflineReply:
    """Answer one request. Never raises: what is wrong with a request is in the answer."""
    try:
        place = _place(request)
        return _with_headers(_answer(request, state, place), request)
    except NoInstance as error:
        problem = Problem(f"The offline model cannot fill this schema: {error}.", param="schema")
        return _with_headers(json_reply(problem.envelope(), 400), request)
    except RecursionError:
        problem = Problem("The request nests too deeply.", code="invalid_value")
        return _with_headers(json_reply(problem.envelope(), 400), request)
    except Problem as problem:
        return _with_headers(json_reply(problem.envelope(), problem.status), request)


@dataclass(frozen=True, slots=True)
class _Place:
    """A path without its prefix, and what the prefix said."""

    path: str
    azure: bool = False
    deployment: str | None = None


_FIRST_RESPONSES = "2025-03-01"
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?\Z")


def _place(request: OfflineRequest) -> _Place:
    path = "/" + request.path.strip("/")
    if path == "/v1" or path.startswith("/v1/"):
        return _Place(path[3:])
    if path.startswith("/openai/v1/"):
        version = request.query.get("api-version", "v1")
        if version not in ("v1", "preview"):
            raise _azure_problem("BadRequest", "API version not supported", 400)
        return _Place(path[len("/openai/v1") :], azure=True)
    match = re.match(r"/openai(?:/deployments/([^/]+))?(/.*)", path)
    if match is None:
        raise _no_such_url(request)
    return _dated(request, match.group(2), match.group(1))


def _dated(request: OfflineRequest, path: str, deployment: str | None) -> _Place:
    version = request.query.get("api-version")
    by_deployment = path.split("/")[1] in ("chat", "embeddings", "completions")
    if version is None or not _DATED.match(version) or by_deployment != (deployment is not None):
        raise _azure_problem("404", "Resource not found", 404)
    if path.startswith("/responses") and version[:10] < _FIRST_RESPONSES:
        raise _azure_problem(
            "BadRequest",
            "Azure OpenAI Responses API is enabled only for api-version 2025-03-01-preview and "
            "later",
            400,
        )
    return _Place(path, azure=True, deployment=deployment)


def _azure_problem(code: str, message: str, status: int) -> Problem:
    """Azure's gateway speaks before the service does, in a shorter envelope."""
    return _Gateway(message, code=code, status=status)


class _Gateway(Problem):
    def envelope(self) -> JsonObject:
        return {"error": {"code": self.code, "message": self.message}}


def _no_such_url(request: OfflineRequest) -> Problem:
    return Problem(f"Invalid URL ({request.method} {request.path})", status=404)


def _answer(request: OfflineRequest, state: OfflineState, place: _Place) -> OfflineReply:
    known = False
    for pattern, method, action in _ROUTES:
        match = pattern.fullmatch(place.path)
        if match is None:
            continue
        known = True
        if method == request.method.upper():
            visit = Visit(request, state, _body(request), azure=place.azure)
            return _visited(visit, place, action, match.groups())
    if known:
        raise Problem(f"Method {request.method} not allowed.", status=405)
    raise _no_such_url(request)


def _body(request: OfflineRequest) -> JsonObject:
    if request.method.upper() != "POST" or not request.body.strip():
        return {}
    try:
        body: Any = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Problem(
            "We could not parse the JSON body of your request. (HINT: This likely means you "
            "aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, "
            f"but what was sent was not valid JSON: {error}.)"
        ) from error
    if not isinstance(body, dict):
        raise Problem("Invalid type for the request body: expected an object.", code="invalid_type")
    return cast("JsonObject", body)


def _visited(visit: Visit, place: _Place, action: _Action, groups: tuple[str, ...]) -> OfflineReply:
    if place.deployment is not None:
        visit.body["model"] = place.deployment
    fault = faults.find(visit)
    if fault is None:
        return action(visit, *groups)
    return faults.strike(fault, visit, lambda: action(visit, *groups))


def _with_headers(reply: OfflineReply, request: OfflineRequest) -> OfflineReply:
    stamp = hashlib.sha256(request.path.encode() + request.body).hexdigest()[:32]
    general = {
        "x-request-id": f"req_{stamp}",
        "openai-version": "2020-10-01",
        "openai-processing-ms": "1",
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-limit-tokens": "2000000",
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-remaining-tokens": "1999000",
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-reset-tokens": "30ms",
    }
    return OfflineReply(reply.status, general | dict(reply.headers), reply.chunks, reply.fault)


# -- small ones


def _embeddings(visit: Visit) -> OfflineReply:
    check_embeddings(visit.body)
    return json_reply(embeddings(visit.body, public_name(str(visit.body["model"]))))


_MODELS = ("demo", "reasoner")


def _models(visit: Visit) -> OfflineReply:
    return json_reply({"object": "list", "data": [_model(visit, name) for name in _MODELS]})


def _one_model(visit: Visit, name: str) -> OfflineReply:
    return json_reply(_model(visit, name))


def _model(visit: Visit, name: str) -> JsonObject:
    return {
        "id": name,
        "object": "model",
        "created": int(visit.state.clock()),
        "owned_by": "offline",
    }


def _routes() -> list[tuple[re.Pattern[str], str, _Action]]:
    table: list[tuple[str, str, _Action]] = [
        ("/responses", "POST", responses_api.create),
        ("/responses/compact", "POST", responses_api.compact),
        ("/responses/input_tokens", "POST", responses_api.input_tokens),
        (f"/responses/{_ID}", "GET", responses_api.retrieve),
        (f"/responses/{_ID}", "DELETE", responses_api.delete),
        (f"/responses/{_ID}/cancel", "POST", responses_api.cancel),
        (f"/responses/{_ID}/input_items", "GET", responses_api.input_items),
        ("/conversations", "POST", conversations_api.create),
        (f"/conversations/{_ID}", "GET", conversations_api.retrieve),
        (f"/conversations/{_ID}", "POST", conversations_api.update),
        (f"/conversations/{_ID}", "DELETE", conversations_api.delete),
        (f"/conversations/{_ID}/items", "GET", conversations_api.items),
        (f"/conversations/{_ID}/items", "POST", conversations_api.add_items),
        (f"/conversations/{_ID}/items/{_ID}", "GET", conversations_api.item),
        (f"/conversations/{_ID}/items/{_ID}", "DELETE", conversations_api.delete_item),
        ("/chat/completions", "POST", chat_api.create),
        ("/completions", "POST", text_api.create),
        ("/embeddings", "POST", _embeddings),
        ("/models", "GET", _models),
        ("/models/(.+)", "GET", _one_model),
    ]
    return [(re.compile(path), method, action) for path, method, action in table]


_ROUTES = _routes()

"""Azure's URL styles: any form of endpoint that its pages show, any spelling of the version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from resp_core.errors import ArgumentError
from resp_core.route.deployment import Endpoint
from resp_core.route.paths import OPERATIONS, fill, join

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from urllib.parse import SplitResult

    from resp_core.route.deployment import Operation

__all__ = [
    "FIRST_RESPONSES",
    "Base",
    "azure_url",
    "is_dated",
    "normal_version",
    "predates_responses",
    "understand",
]

#: The first dated api-version that has the Responses API.
FIRST_RESPONSES = "2025-03-01-preview"

#: Spellings of api_version that mean the undated v1 surface.
_UNDATED = frozenset({"", "v1", "latest", "preview"})
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(-[a-z0-9.]+)?")
#: Operations that the dated style puts below the deployment.
_BELOW_DEPLOYMENT = frozenset({"chat", "completions", "embeddings"})
_OPERATION = r"(?:/(?:chat/completions|completions|embeddings|responses|models))?"
#: What a base URL's path may be. The root is as short as the rest allows, so that the path of
#: a proxy may itself contain "/openai".
_PATH = re.compile(
    r"(?P<root>.*?)/openai"
    r"(?:(?P<v1>/v1)|/deployments/(?P<deployment>[^/]+)(?P<extensions>/extensions)?)?" + _OPERATION
)


@dataclass(frozen=True, slots=True)
class Base:
    """A base URL, understood. `root` is the path before `/openai`; `api_version` its query's."""

    parts: SplitResult
    root: str
    v1: bool = False
    deployment: str | None = None
    extensions: bool = False
    api_version: str = ""


def azure_url(
    base_url: str,
    api_version: str | None,
    operation: Operation,
    deployment: str,
    ids: Sequence[str] = (),
    *,
    query: Mapping[str, object] | None = None,
) -> Endpoint:
    """Method and URL of `operation` on an Azure resource.

    `base_url` may be the bare endpoint, end in `/openai`, `/openai/v1`, an operation or a whole
    deployment URL, and lie below a proxy's path. An undated `api_version` (none, "v1",
    "latest", "preview") or a base on `/openai/v1` gives the v1 surface, where the model stands
    in the body; only "preview" is sent there, as the service knows no "latest" and refuses
    dates. A dated version is sent as written, with chat, completions and embeddings below
    `/openai/deployments/<deployment>` and the rest below `/openai`. A deployment in the base
    URL wins over `deployment`; a base on `/extensions` is kept as it is. Other query
    parameters of the base URL stay, `query` wins over them.
    """
    method, template = OPERATIONS[operation]
    path = fill(template, ids)
    base = understand(base_url)
    version = normal_version(api_version) or base.api_version
    extra = dict(query or {})
    if base.extensions:
        stem = base.parts.path.rstrip("/").removesuffix(path)
        return Endpoint(method, join(base.parts, stem + path, extra | _sent(version)))
    if base.v1 or not is_dated(version):
        sent = _sent("preview" if version == "preview" else "")
        return Endpoint(method, join(base.parts, f"{base.root}/openai/v1{path}", extra | sent))
    below = ""
    if operation in _BELOW_DEPLOYMENT:
        below = "/deployments/" + fill("{}", (base.deployment or deployment,))
    return Endpoint(
        method, join(base.parts, f"{base.root}/openai{below}{path}", extra | _sent(version))
    )


@lru_cache(maxsize=256)
def understand(base_url: str) -> Base:
    """The parts of an Azure base URL. Raises `ArgumentError` for an impossible api-version."""
    parts = urlsplit(base_url)
    path = re.sub(r"/{2,}", "/", parts.path).rstrip("/")
    version = normal_version(parse_qs(parts.query).get("api-version", [""])[-1])
    found = _PATH.fullmatch(path)
    if not found:
        return Base(parts, path, api_version=version)
    deployment = found["deployment"]
    return Base(
        parts,
        found["root"],
        v1=bool(found["v1"]),
        deployment=unquote(deployment) if deployment else None,
        extensions=bool(found["extensions"]),
        api_version=version,
    )


def normal_version(api_version: str | None) -> str:
    """`api_version` in lower case, "" for none.

    Raises `ArgumentError` unless it is a date, "v1", "preview" or "latest".
    """
    version = (api_version or "").strip().lower()
    if version in _UNDATED or is_dated(version):
        return version
    raise ArgumentError(
        f"api_version {version!r} is neither a date such as {FIRST_RESPONSES} nor one of v1, "
        "preview and latest. Leave it out for the v1 surface.",
        param="api_version",
    )


def is_dated(version: str) -> bool:
    """Whether a version is a date, as before the v1 surface."""
    return _DATED.fullmatch(version) is not None


def predates_responses(base_url: str, api_version: str | None) -> bool:
    """Whether this endpoint and version are older than the Responses API."""
    base = understand(base_url)
    version = normal_version(api_version) or base.api_version
    return not base.v1 and is_dated(version) and version[:10] < FIRST_RESPONSES[:10]


def _sent(version: str) -> dict[str, object]:
    """The api-version parameter; None takes out what the base URL carries."""
    return {"api-version": version or None}

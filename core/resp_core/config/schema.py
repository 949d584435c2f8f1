"""The names under `settings:`, which are those of `Client`, and what each may hold."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Annotated, Any, Literal, Required, TypeAlias, cast

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict  # the one that pydantic reads before Python 3.12

from resp_core.config.problems import kind_of, near
from resp_core.cost.custom import Price
from resp_core.cost.usage import decimal_of
from resp_core.mcp.policy import Decision

__all__ = ["CALL_ONLY", "CODE_ONLY", "DOCUMENT", "NAMES"]

#: Arguments of a client that only code can give.
CODE_ONLY = frozenset(
    {
        "azure_ad_token_provider",
        "credential",
        "hooks",
        "http_async_client",
        "http_client",
        "track",
    }
)
#: Arguments that go with a call.
CALL_ONLY = frozenset({"extra_body", "extra_headers", "extra_query"})

_PARTS = frozenset(item.name for item in fields(Price) if item.name != "date")
_STORES = re.compile(r"memory|(sqlite:///|rediss?://|unix://).+")
_LEDGERS = re.compile(r"(?!.*://).+|(sqlite:///|jsonl://|postgres(ql[a-z0-9+]*)?://).+")
_OFF = frozenset({"", "0", "false", "no", "none", "off"})


def _fault(text: str, at: str = "") -> PydanticCustomError:
    """A problem in our own words; `at` is a name below the value."""
    return PydanticCustomError("respkit", "{text}", {"text": text, "at": at})


def _amount(value: Any, at: str = "") -> Any:
    found = decimal_of(value)
    if found is None or found < 0:
        raise _fault('must be an amount of US dollars, such as "2.50"', at)
    return value


def _price(value: Any) -> Any:
    if not isinstance(value, dict) or not value:
        raise _fault("must be a mapping of amounts, such as input: 2.50")
    for part, amount in cast("dict[str, Any]", value).items():
        if part == "date":
            if not isinstance(amount, str):
                raise _fault(f"must be text, not {kind_of(amount)}", part)
        elif part in _PARTS:
            _amount(amount, part)
        else:
            raise _fault(f"is no part of a price.{near(part, _PARTS)}", part)
    return cast("Any", value)


def _assumed(value: Any) -> Any:
    if isinstance(value, str) and value not in ("warn", "block"):
        raise _fault("must be warn, block or the price to assume")
    return value if isinstance(value, str) else _price(value)


def _texts(value: Any) -> Any:
    listed: list[Any] = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _fault("must be a list of texts")
    return value


def _scalar(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        raise _fault(f"must be text, a number or true/false, not {kind_of(value)}")
    return value


def _certificates(value: Any) -> Any:
    if value is True or (isinstance(value, str) and value.lower() not in _OFF):
        return value
    raise _fault(
        "must be true or a path to certificates: a configuration cannot turn verification off, "
        "which takes verify=False in code"
    )


def _store(value: str) -> str:
    if not _STORES.fullmatch(value):
        raise _fault("must be memory, sqlite:///path or redis://host")
    return value


def _ledger(value: str) -> str:
    if not _LEDGERS.fullmatch(value):
        raise _fault("must be memory, a path, sqlite:///path, jsonl:///path or postgresql://...")
    return value


_STRICT = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)
_Amount: TypeAlias = Annotated[Any, AfterValidator(_amount)]
_Price: TypeAlias = Annotated[Any, AfterValidator(_price)]
_Scalar: TypeAlias = Annotated[Any, AfterValidator(_scalar)]
_Seconds: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Texts: TypeAlias = Annotated[Any, AfterValidator(_texts)]


class _Rule(TypedDict, total=False):
    __pydantic_config__ = _STRICT  # pyright: ignore[reportGeneralTypeIssues]
    decision: Required[Decision]
    server: str
    tool: str
    read_only: bool | None
    reason: str | None


class _Approvals(TypedDict, total=False):
    __pydantic_config__ = _STRICT  # pyright: ignore[reportGeneralTypeIssues]
    default: Decision
    rules: list[_Rule]


class _Budget(TypedDict, total=False):
    __pydantic_config__ = _STRICT  # pyright: ignore[reportGeneralTypeIssues]
    limit: Required[_Amount]
    window: Literal["minute", "day", "month", "total"]
    by: Literal["key", "user", "tag", "model"] | None
    only: str | None
    name: str


class _Settings(TypedDict, total=False):
    __pydantic_config__ = _STRICT  # pyright: ignore[reportGeneralTypeIssues]
    model: str
    provider: str
    custom_llm_provider: str
    api: Literal["auto", "responses", "chat"]
    base_url: str
    api_base: str
    openai_api_base: str
    azure_endpoint: str
    api_key: str
    api_version: str
    azure_ad_token: str
    scopes: _Texts
    organization: str
    project: str
    default_headers: dict[str, str]
    default_query: dict[str, _Scalar]
    context_window: Annotated[int, Field(gt=0)]
    timeout: _Seconds
    idle_timeout: _Seconds
    max_retries: Annotated[int, Field(ge=0)]
    retry_on_timeout: bool
    on_unsupported: Literal["raise", "warn", "drop"]
    proxy: str
    verify: Annotated[Any, AfterValidator(_certificates)]
    transport: Literal["httpx2", "aiohttp"]
    state_store: Annotated[str, AfterValidator(_store)]
    approvals: _Approvals
    approval_scope: str
    strict_approvals: bool
    mcp_timeout: _Seconds
    base_model: str
    region: str
    data_zone: str
    deployment_type: str
    image_model: str
    prices: dict[str, _Price]
    budgets: list[_Budget]
    on_unknown_price: Annotated[Any, AfterValidator(_assumed)]
    ledger: Annotated[str, AfterValidator(_ledger)]
    tags: _Texts
    telemetry: bool


class _Document(TypedDict):
    __pydantic_config__ = _STRICT  # pyright: ignore[reportGeneralTypeIssues]
    settings: _Settings


#: The names that may stand under `settings:`.
NAMES = frozenset(_Settings.__annotations__)
DOCUMENT: TypeAdapter[dict[str, Any]] = TypeAdapter(cast("Any", _Document))

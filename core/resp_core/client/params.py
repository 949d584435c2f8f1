"""The parameters of the APIs, as types: what an editor offers and what a call accepts.

Wire parameters are those of the OpenAI APIs. `CallOptions` are ours and go with every call.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from resp_core.auth.source import Secret, Veiled, VeiledUrl
from resp_core.errors import ArgumentError
from resp_core.wire import chat_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from resp_core.cost.account import Teller
    from resp_core.mcp.policy import Policy
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Api, OnUnsupported

__all__ = [
    "CHAT_FIELDS",
    "CHAT_ONLY",
    "CLIENT_ONLY",
    "OPTION_FIELDS",
    "RESPONSE_FIELDS",
    "CallOptions",
    "ChatParams",
    "CompactParams",
    "ConversationParams",
    "CountParams",
    "EmbeddingParams",
    "ItemParams",
    "ListParams",
    "ModelOptions",
    "NewItemParams",
    "ParseParams",
    "ResponseParams",
    "RetrieveParams",
    "StreamParams",
    "WaitParams",
    "check_names",
    "fields_of",
    "sealed",
]


class CallOptions(TypedDict, total=False):
    """How to reach a provider, and limits: on a client for all calls, on a call for that one.

    `timeout` is the total time in seconds. `base_url` has the aliases `api_base`,
    `openai_api_base` and `azure_endpoint`; `api_key` may be a function that gives the key of each
    attempt (sync, or for awaited calls async); `custom_llm_provider` is LiteLLM's name of
    `provider`. `approvals` answers MCP approval requests of tools that are run here, and takes
    denied tools away; `approval_scope` names for whom a decision is valid; `strict_approvals`
    refuses decisions that the state store does not know; `mcp_timeout` is in seconds.
    `base_model`, `region`, `data_zone`, `deployment_type` and `image_model` say what an answer
    is priced as; `tags` are labels for totals and budgets; `track` is told of the call's cost.
    """

    provider: str | None
    custom_llm_provider: str | None
    api: Api | None
    base_url: str | None
    api_base: str | None
    openai_api_base: str | None
    azure_endpoint: str | None
    api_key: str | Callable[[], Any] | None
    api_version: str | None
    azure_ad_token: str | None
    azure_ad_token_provider: Any
    credential: Any
    scopes: Sequence[str]
    base_model: str | None
    region: str | None
    data_zone: str | None
    deployment_type: str | None
    image_model: str | None
    tags: Sequence[str] | None
    track: Teller | None
    organization: str | None
    project: str | None
    context_window: int | None
    timeout: float | None
    idle_timeout: float | None
    max_retries: int | None
    retry_on_timeout: bool
    on_unsupported: OnUnsupported | None
    extra_headers: Mapping[str, str] | None
    extra_query: Mapping[str, object] | None
    extra_body: Mapping[str, object] | None
    approvals: Policy | None
    approval_scope: str | None
    strict_approvals: bool | None
    mcp_timeout: float | None


class ResponseParams(CallOptions, total=False):
    """`POST /responses`, and the Chat parameters that a Chat server may be given with it."""

    model: str | None
    input: str | Iterable[Mapping[str, Any]]
    instructions: str | None
    previous_response_id: str | None
    conversation: str | Mapping[str, Any] | None
    tools: Iterable[Mapping[str, Any]] | None
    tool_choice: str | Mapping[str, Any] | None
    parallel_tool_calls: bool | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    reasoning: Mapping[str, Any] | None
    text: Mapping[str, Any] | None
    text_format: Any
    verbosity: str | None
    temperature: float | None
    top_p: float | None
    top_logprobs: int | None
    truncation: Literal["auto", "disabled"] | None
    include: Sequence[str] | None
    store: bool | None
    background: bool | None
    stream_options: Mapping[str, Any] | None
    metadata: Mapping[str, str] | None
    service_tier: str | None
    safety_identifier: str | None
    prompt_cache_key: str | None
    prompt_cache_options: Mapping[str, Any] | None
    prompt_cache_retention: str | None
    prompt: Mapping[str, Any] | None
    context_management: Iterable[Mapping[str, Any]] | None
    moderation: Mapping[str, Any] | None
    access_programs: Mapping[str, Any] | None
    image: Mapping[str, Any] | None
    user: str | None
    stop: str | Sequence[str] | None
    seed: int | None
    n: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    logit_bias: Mapping[str, float] | None
    prediction: Mapping[str, Any] | None
    modalities: Sequence[str] | None
    audio: Mapping[str, Any] | None


class ParseParams(ResponseParams, total=False):
    """`responses.parse`: `parse_as` reads the text as a class that is not sent as its format."""

    parse_as: Any


class StreamParams(ResponseParams, total=False):
    """`responses.stream`: with `response_id` the stream of a response that is there already,
    from the event after number `starting_after`."""

    response_id: str | None
    starting_after: int | None


class ChatParams(CallOptions, total=False):
    """`POST /chat/completions`."""

    model: str | None
    messages: Iterable[Mapping[str, Any]]
    audio: Mapping[str, Any] | None
    frequency_penalty: float | None
    function_call: str | Mapping[str, Any] | None
    functions: Iterable[Mapping[str, Any]] | None
    logit_bias: Mapping[str, float] | None
    logprobs: bool | None
    max_completion_tokens: int | None
    max_tokens: int | None
    metadata: Mapping[str, str] | None
    modalities: Sequence[str] | None
    moderation: Mapping[str, Any] | None
    n: int | None
    parallel_tool_calls: bool | None
    prediction: Mapping[str, Any] | None
    presence_penalty: float | None
    prompt_cache_key: str | None
    prompt_cache_options: Mapping[str, Any] | None
    prompt_cache_retention: str | None
    reasoning_effort: str | None
    response_format: Any
    safety_identifier: str | None
    seed: int | None
    service_tier: str | None
    stop: str | Sequence[str] | None
    store: bool | None
    stream_options: Mapping[str, Any] | None
    temperature: float | None
    tool_choice: str | Mapping[str, Any] | None
    tools: Iterable[Mapping[str, Any]] | None
    top_logprobs: int | None
    top_p: float | None
    user: str | None
    verbosity: str | None
    web_search_options: Mapping[str, Any] | None
    # Azure only: On Your Data, and the old vision extensions.
    data_sources: Iterable[Mapping[str, Any]] | None
    dataSources: Iterable[Mapping[str, Any]] | None
    enhancements: Mapping[str, Any] | None


class EmbeddingParams(CallOptions, total=False):
    """`POST /embeddings`."""

    model: str | None
    input: str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]]
    dimensions: int | None
    encoding_format: Literal["float", "base64"] | None
    user: str | None


class ModelOptions(CallOptions, total=False):
    """For what needs no model: `model` says whom to ask where that is not the client's own."""

    model: str | None


class RetrieveParams(ModelOptions, total=False):
    """`GET /responses/{id}`; a stream begins after the event number `starting_after`."""

    include: Sequence[str] | None
    include_obfuscation: bool | None
    starting_after: int | None


class WaitParams(ModelOptions, total=False):
    """`responses.wait`; `within` and `interval` are in seconds."""

    within: float | None
    interval: float | None
    starting_after: int | None


class ListParams(ModelOptions, total=False):
    """One page of a list: `limit` entries after the id `after`."""

    after: str | None
    limit: int | None
    order: Literal["asc", "desc"] | None
    include: Sequence[str] | None


class CompactParams(ModelOptions, total=False):
    """`POST /responses/compact`."""

    input: str | Iterable[Mapping[str, Any]] | None
    instructions: str | None
    previous_response_id: str | None
    prompt_cache_key: str | None
    prompt_cache_options: Mapping[str, Any] | None
    prompt_cache_retention: str | None
    service_tier: str | None
    image: Mapping[str, Any] | None


class CountParams(ModelOptions, total=False):
    """`POST /responses/input_tokens`: what of a request bears on its input."""

    input: str | Iterable[Mapping[str, Any]] | None
    instructions: str | None
    previous_response_id: str | None
    conversation: str | Mapping[str, Any] | None
    tools: Iterable[Mapping[str, Any]] | None
    tool_choice: str | Mapping[str, Any] | None
    parallel_tool_calls: bool | None
    reasoning: Mapping[str, Any] | None
    text: Mapping[str, Any] | None
    text_format: Any
    verbosity: str | None
    truncation: Literal["auto", "disabled"] | None
    personality: str | None
    prompt: Mapping[str, Any] | None


class ConversationParams(ModelOptions, total=False):
    """`POST /conversations`."""

    items: Iterable[Mapping[str, Any]] | None
    metadata: Mapping[str, str] | None


class ItemParams(ModelOptions, total=False):
    """Items of a conversation: `include` asks for more of them than is given unasked."""

    include: Sequence[str] | None


class NewItemParams(ItemParams, total=False):
    """`POST /conversations/{id}/items`."""

    items: Iterable[Mapping[str, Any]]


OPTION_FIELDS = frozenset(CallOptions.__annotations__)
CHAT_ONLY = frozenset(chat_server.CHAT_ONLY)
#: Arguments of a client that no call takes.
CLIENT_ONLY = frozenset(
    {
        "budgets",
        "default_headers",
        "default_query",
        "hooks",
        "http_async_client",
        "http_client",
        "ledger",
        "on_unknown_price",
        "prices",
        "proxy",
        "state_store",
        "telemetry",
        "transport",
        "verify",
    }
)
RESPONSE_FIELDS = frozenset(ResponseParams.__annotations__) - OPTION_FIELDS
CHAT_FIELDS = frozenset(ChatParams.__annotations__) - OPTION_FIELDS
#: What users of another API or package write for a parameter, and how to say it here.
_INSTEAD: Mapping[str, Mapping[str, str]] = {
    "The Responses API": {
        "function_call": "tool_choice=",
        "functions": "tools=",
        "logprobs": "top_logprobs= and include=['message.output_text.logprobs']",
        "max_completion_tokens": "max_output_tokens=",
        "max_tokens": "max_output_tokens=",
        "messages": "input=",
        "reasoning_effort": "reasoning={'effort': ...}",
        "response_format": "text_format= or text={'format': ...}",
        "web_search_options": "tools=[{'type': 'web_search'}]",
    },
    "The Chat API": {
        "input": "messages=",
        "instructions": "a message with the role developer",
        "max_output_tokens": "max_completion_tokens=",
        "previous_response_id": "the earlier messages in messages=",
        "reasoning": "reasoning_effort=",
        "text": "response_format= and verbosity=",
        "text_format": "response_format=",
    },
}
_INSTEAD_ANYWHERE: Mapping[str, str] = {
    "api_type": "the provider in the model's name",
    "drop_params": 'on_unsupported="drop"',
    "headers": "extra_headers=",
    "num_retries": "max_retries=",
    "request_timeout": "timeout=",
}


@cache
def fields_of(params: type) -> frozenset[str]:
    """The parameters of an operation besides those of every call."""
    return frozenset(params.__annotations__) - OPTION_FIELDS


def check_names(given: Iterable[str], known: frozenset[str], api: str) -> None:
    """ArgumentError for a parameter that neither the API nor this package has."""
    unknown = [name for name in given if name not in known and name not in OPTION_FIELDS]
    if not unknown:
        return
    from difflib import get_close_matches

    name = unknown[0]
    if name in CLIENT_ONLY:
        raise ArgumentError(f"{name} goes to the client, not to a call.", param=name)
    said = _INSTEAD.get(api, {}).get(name) or _INSTEAD_ANYWHERE.get(name)
    near = get_close_matches(name, known | OPTION_FIELDS, n=2)
    hint = f"Write {said}. " if said else f"Did you mean {' or '.join(near)}? " if near else ""
    raise ArgumentError(
        f"{api} has no parameter {name!r}. {hint}What this package does not know can be sent "
        f"with extra_body={{{name!r}: ...}}.",
        param=name,
    )


def sealed(given: Any) -> Any:
    """`given`, keyword arguments, with its credentials hidden in place: no traceback that shows
    local variables may show them."""
    for name in ("api_key", "azure_ad_token"):
        value = given.get(name)
        if isinstance(value, str) and value:
            given[name] = Secret(value)
    for name in ("default_headers", "default_query", "extra_headers", "extra_query"):
        if type(given.get(name)) is dict:
            given[name] = Veiled(given[name])
    for name in ("proxy", "base_url", "api_base", "openai_api_base", "azure_endpoint"):
        if type(given.get(name)) is str and "@" in given[name]:
            given[name] = VeiledUrl(given[name])
    return given


def without_none(values: Mapping[str, Any]) -> JsonObject:
    """The parameters that were given: None means "not given", as in the OpenAI SDK."""
    return {name: value for name, value in values.items() if value is not None}

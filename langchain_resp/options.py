"""The constructor's names: aliases, unknown names, and names that other classes take. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_resp.errors import ArgumentError
from resp_core.client.params import CHAT_FIELDS, RESPONSE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pydantic import ValidationError

__all__ = ["ALIASES", "PARAMETERS", "canonical", "explained"]

#: Names that ChatOpenAI, AzureChatOpenAI, OpenAIEmbeddings and ChatLiteLLM use -> ours.
ALIASES: dict[str, str] = {
    "model_name": "model",
    "api_base": "base_url",
    "openai_api_base": "base_url",
    "azure_endpoint": "base_url",
    "openai_api_key": "api_key",
    "azure_api_key": "api_key",
    "openai_api_version": "api_version",
    "openai_organization": "organization",
    "openai_proxy": "proxy",
    "custom_llm_provider": "provider",
    "extra_headers": "default_headers",
    "extra_query": "default_query",
    "headers": "default_headers",
    "max_output_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_tokens_to_sample": "max_tokens",
    "stop_sequences": "stop",
    "request_timeout": "timeout",
    "stream_chunk_timeout": "idle_timeout",
    "num_retries": "max_retries",
}

#: Parameters of the APIs that have no field of their own: they stand in `model_kwargs`.
PARAMETERS = (RESPONSE_FIELDS | CHAT_FIELDS) - {
    *("model", "input", "messages", "text_format", "stream_options"),
    *("functions", "function_call"),
}

_NO_TOKENIZER = "Texts are sent as they are, and nothing is tokenized here: leave it out."
_PAUSES = (
    "Pauses between attempts grow, and are as long as a server asks; max_retries= and timeout= "
    "bound them."
)
#: Names of other classes that have no counterpart here -> what to do instead.
_REFUSED: dict[str, str] = {
    "root_client": "client= takes a resp_core.Client.",
    "root_async_client": "async_client= takes a resp_core.AsyncClient.",
    "http_socket_options": "Give them to the transport of a client of your own: http_client=.",
    "disabled_params": 'Leave those options out; on_unsupported="drop" leaves out what a model '
    "is known to refuse.",
    "model_version": "base_model= says which model a deployment is.",
    "validate_base_url": "Leave it out: address and deployment are told apart here.",
    "allowed_special": _NO_TOKENIZER,
    "disallowed_special": _NO_TOKENIZER,
    "embedding_ctx_length": _NO_TOKENIZER,
    "check_embedding_ctx_length": _NO_TOKENIZER,
    "tiktoken_enabled": _NO_TOKENIZER,
    "tiktoken_model_name": _NO_TOKENIZER,
    "skip_empty": "Take empty texts out before.",
    "show_progress_bar": "Leave it out, or embed in batches of your own.",
    "retry_min_seconds": _PAUSES,
    "retry_max_seconds": _PAUSES,
}
#: Of those, the ones whose False asks for what is done here anyway.
_OFF = frozenset(
    {"check_embedding_ctx_length", "show_progress_bar", "skip_empty", "tiktoken_enabled"}
)
_DEPLOYMENT = ("azure_deployment", "deployment_name", "deployment")
_API_TYPES = {"azure": "azure", "azure_ad": "azure", "openai": None, "open_ai": None}


def canonical(
    given: Mapping[str, Any], fields: Collection[str], parameters: Collection[str] = ()
) -> dict[str, Any]:
    """Constructor arguments under the names of `fields`. None means "not said".

    `parameters` are further names that go into `model_kwargs`. ArgumentError for any other name,
    and for two names of one field that disagree.
    """
    values: dict[str, Any] = {}
    said: dict[str, str] = {}
    further: dict[str, Any] = {}
    for name, value in _from_azure(given).items():
        own = ALIASES.get(name, name)
        if value is None or (name in _OFF and value is False):
            continue
        if own not in fields:
            if name not in parameters:
                raise ArgumentError(_unknown(name, [*fields, *parameters]), param=name)
            further[name] = value
            continue
        if own in values and values[own] != value:
            raise _contradiction(said[own], name)
        values[own] = value
        said[own] = name
    if further:
        values["model_kwargs"] = {**further, **(values.get("model_kwargs") or {})}
    return values


def _contradiction(one: str, other: str) -> ArgumentError:
    return ArgumentError(
        f"{one} and {other} are two names of one option and say different things: give one of "
        "them.",
        param=one,
    )


def _from_azure(given: Mapping[str, Any]) -> dict[str, Any]:
    """AzureChatOpenAI's and ChatOpenAI's own arguments, said in ours."""
    values = dict(given)
    named = {name: found for name in _DEPLOYMENT if (found := values.pop(name, None))}
    if len(set(named.values())) > 1:
        raise _contradiction(*list(named)[:2])
    if named:
        model = values.pop("model", None) or values.pop("model_name", None)
        values["model"] = f"azure/{next(iter(named.values()))}"
        if model and model != values["model"]:
            values.setdefault("base_model", model.removeprefix("azure/"))
    elif values.get("azure_endpoint"):
        values.setdefault("provider", "azure")
    kind = values.pop("openai_api_type", None)
    if kind is not None:
        if kind not in _API_TYPES:
            raise ArgumentError(
                f"openai_api_type is {kind!r}; the provider is named in model=, or by provider=.",
                param="openai_api_type",
            )
        if _API_TYPES[kind] and not named:
            values.setdefault("provider", _API_TYPES[kind])
    responses = values.pop("use_responses_api", None)
    if responses is not None:
        values.setdefault("api", "responses" if responses else "chat")
    return values


def _unknown(name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches

    if name in _REFUSED:
        return f"There is no option {name!r}. {_REFUSED[name]}"
    near = get_close_matches(name, [*known, *ALIASES], n=2, cutoff=0.7)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"There is no option {name!r}.{hint} What a server takes and this package does not know "
        "goes into extra_body."
    )


def explained(error: ValidationError) -> ArgumentError:
    """What pydantic found wrong, naming the option and the kind of value, never the value."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "the options"
    kind = type(first.get("input")).__name__
    if name == "timeout":
        return ArgumentError(
            f"timeout is the total time of a call in seconds, a number, not {kind}. The longest "
            "silence inside a stream is idle_timeout=.",
            param=name,
        )
    return ArgumentError(f"{name}: {first['msg']} (it is of type {kind}).", param=name)

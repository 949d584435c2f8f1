"""Constructor names of LlamaIndex's own classes, LiteLLM and Azure, in ours. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn, cast

from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["ALIASES", "canonical"]

#: Other names -> ours: of a field, or of a request option.
ALIASES: dict[str, str] = {
    "model_name": "model",
    "api_base": "base_url",
    "openai_api_base": "base_url",
    "azure_endpoint": "base_url",
    "custom_llm_provider": "provider",
    "request_timeout": "timeout",
    "async_http_client": "http_async_client",
    "extra_headers": "default_headers",
    "extra_query": "default_query",
    "additional_kwargs": "model_kwargs",
    "max_output_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_new_tokens": "max_tokens",
    "reasoning_options": "reasoning",
    "metadata": "request_metadata",
    "call_metadata": "request_metadata",
    "audio_config": "audio",
}
_DEPLOYMENT = ("azure_deployment", "engine", "deployment_name", "deployment_id", "deployment")
_A_CLIENT = (
    "there is no OpenAI SDK underneath: pass http_client= (httpx2 or httpx), or client=, "
    "a client of resp_core"
)
#: Names that have nothing to stand for here: the value that asks for nothing, and the remedy.
_NEEDLESS: dict[str, tuple[object, str]] = {
    "openai_client": (None, _A_CLIENT),
    "async_openai_client": (None, _A_CLIENT),
    "reuse_client": (
        True,
        "connections are always reused, and threads and event loops may share them: leave it out",
    ),
    "track_previous_responses": (
        False,
        "a model object holds no conversation: send the messages, or "
        "previous_response_id= with each call",
    ),
    "is_chat_model": (True, "every model is spoken to by messages: leave it out"),
    "tokenizer": (
        None,
        "tokens are those that the server reports; what LlamaIndex counts itself uses "
        "Settings.tokenizer",
    ),
    "should_use_structured_outputs": (
        None,
        "pydantic_program_mode= says how instances are asked for",
    ),
    "api_type": (None, 'the model says it, as in "azure/<deployment>", or provider= does'),
}


def canonical(
    given: Mapping[str, Any], fields: Collection[str], requests: Collection[str] = ()
) -> dict[str, Any]:
    """Constructor arguments under the names of `fields`; None is "not said".

    Options of a request (`requests`) that have no field of their own go into `model_kwargs`.
    ArgumentError for a name that there is not, and for two names of one thing.
    """
    found: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    said: dict[str, str] = {}
    for name, value in _from_azure(given).items():
        if value is None or (name in _NEEDLESS and value == _NEEDLESS[name][0]):
            continue
        own = name if name in fields else ALIASES.get(name, name)
        if own not in fields and own not in requests:
            _refuse(name, fields, requests)
        if own in said:
            raise ArgumentError(f"{said[own]} and {name} are the same: pass one.", param=name)
        said[own] = name
        (found if own in fields else extra)[own] = value
    if extra:
        found["model_kwargs"] = _merged(found.get("model_kwargs", {}), extra)
    return found


def _from_azure(given: Mapping[str, Any]) -> dict[str, Any]:
    """AzureOpenAI's own arguments in ours: a deployment is the model, the model its base model."""
    values = dict(given)
    deployments = {name: value for name in _DEPLOYMENT if (value := values.pop(name, None))}
    if len(set(deployments.values())) > 1:
        raise ArgumentError(
            f"{' and '.join(deployments)} name different deployments: pass one.",
            param=next(iter(deployments)),
        )
    model: Any = values.get("model")
    for deployment in deployments.values():
        values["model"] = f"azure/{deployment}"
        if model and values.get("base_model") is None:
            values["base_model"] = str(model).rpartition("/")[2]
    if values.get("azure_endpoint") and not deployments and "/" not in str(model):
        values["provider"] = values.get("provider") or "azure"
    if values.pop("use_azure_ad", None) and not values.get("azure_ad_token_provider"):
        values["credential"] = values.get("credential") or "default"
    return values


def _merged(model_kwargs: Any, extra: dict[str, Any]) -> Any:
    if not isinstance(model_kwargs, dict):
        return model_kwargs  # refused where it is validated
    model_kwargs = cast("dict[str, Any]", model_kwargs)
    twice = [name for name in extra if name in model_kwargs]
    if twice:
        raise ArgumentError(
            f"{twice[0]} is given by itself and in model_kwargs: pass one.", param=twice[0]
        )
    return {**model_kwargs, **extra}


def _refuse(name: str, fields: Collection[str], requests: Collection[str]) -> NoReturn:
    if name in _NEEDLESS:
        raise ArgumentError(f"{name}: {_NEEDLESS[name][1]}.", param=name)
    known = [*fields, *ALIASES, *requests, *_DEPLOYMENT]
    near = get_close_matches(name, known, n=1, cutoff=0.75)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise ArgumentError(
        f"There is no option {name!r}. {hint}A field that only your server knows goes into "
        "extra_body.",
        param=name,
    )

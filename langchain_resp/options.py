"""The constructor's names: aliases, unknown names, and what goes to the core's client. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_resp.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pydantic import ValidationError

__all__ = ["ALIASES", "canonical", "explained"]

#: Names that other integrations use -> ours.
ALIASES: dict[str, str] = {
    "model_name": "model",
    "api_base": "base_url",
    "openai_api_base": "base_url",
    "azure_endpoint": "base_url",
    "openai_api_key": "api_key",
    "openai_api_version": "api_version",
    "openai_organization": "organization",
    "openai_proxy": "proxy",
    "custom_llm_provider": "provider",
    "max_output_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_tokens_to_sample": "max_tokens",
    "stop_sequences": "stop",
    "request_timeout": "timeout",
    "num_retries": "max_retries",
}


def canonical(given: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """Constructor arguments under their own names.

    ArgumentError for a name that no field has, and for two names of one field that disagree.
    """
    values: dict[str, Any] = {}
    said: dict[str, str] = {}
    for name, value in _from_azure(given).items():
        own = ALIASES.get(name, name)
        if own not in fields:
            raise ArgumentError(_unknown(name, fields), param=name)
        if own in values and value is not None and values[own] not in (None, value):
            raise ArgumentError(
                f"{said[own]} and {name} are two names of one option and say different things: "
                "give one of them.",
                param=own,
            )
        if own not in values or value is not None:
            values[own] = value
            said[own] = name
    return values


def _from_azure(given: Mapping[str, Any]) -> dict[str, Any]:
    """AzureChatOpenAI's and ChatOpenAI's own arguments, said in ours."""
    values = dict(given)
    deployment = values.pop("azure_deployment", None) or values.pop("deployment_name", None)
    if deployment:
        model = values.pop("model", None) or values.pop("model_name", None)
        values["model"] = f"azure/{deployment}"
        if model and model != values["model"]:
            values.setdefault("base_model", model)
    elif values.get("azure_endpoint"):
        values.setdefault("provider", "azure")
    responses = values.pop("use_responses_api", None)
    if responses is not None:
        values.setdefault("api", "responses" if responses else "chat")
    return values


def _unknown(name: str, fields: Collection[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, [*fields, *ALIASES], n=2, cutoff=0.7)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return (
        f"There is no option {name!r}.{hint} Parameters of the API that have no option of their "
        "own go into model_kwargs."
    )


def explained(error: ValidationError) -> ArgumentError:
    """What pydantic found wrong, naming the option and the kind of value, never the value."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"]) or "the options"
    kind = type(first.get("input")).__name__
    return ArgumentError(f"{name}: {first['msg']} (it is of type {kind}).", param=name)

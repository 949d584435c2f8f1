"""The core's facts on a model as LangChain's `ModelProfile`. Pure."""

from __future__ import annotations

from langchain_core.language_models.model_profile import ModelProfile

from resp_core.models.profile import profile_of
from resp_core.route.resolve import split_model

__all__ = ["model_profile"]

_FAMILIES = ("o_series", "gpt5_series")


def model_profile(
    model: str, provider: str | None, *, base_model: str | None, window: int | None
) -> ModelProfile | None:
    """What is known of a model, None for one that no table knows. No credential is needed."""
    owner, name = split_model(model, provider)
    routes = name.split("/")
    family = next((route for route in routes if route in _FAMILIES), None)
    facts = profile_of(
        routes[-1] if owner == "azure" else name,
        base_model,
        provider=owner,
        family=family,
        context_window=window,
    )
    if not facts.known and facts.context_window is None:
        return None
    profile = ModelProfile(text_inputs=True, text_outputs=True, tool_calling=True)
    if facts.context_window is not None:
        profile["max_input_tokens"] = facts.context_window
    if facts.max_output is not None:
        profile["max_output_tokens"] = facts.max_output
    if facts.reasoning is not None:
        profile["reasoning_output"] = facts.reasoning
    if facts.efforts:
        profile["reasoning_effort_levels"] = list(facts.efforts)
    if facts.default_effort is not None:
        profile["reasoning_effort_default"] = facts.default_effort
    if facts.vision is not None:
        profile["image_inputs"] = facts.vision
        profile["image_url_inputs"] = facts.vision
    if facts.structured_output is not None:
        profile["structured_output"] = facts.structured_output
    return profile

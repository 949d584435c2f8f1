"""The core's facts on a model as LangChain's `ModelProfile`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.language_models.model_profile import ModelProfile

if TYPE_CHECKING:
    from resp_core.models.profile import Profile

__all__ = ["model_profile"]


def model_profile(facts: Profile) -> ModelProfile | None:
    """What is known of a model, None for one that no table knows."""
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

"""Parameter rules of model families, applied to a request body. Pure; never in place.

Only what a family is known to refuse is refused, before anything is sent; the error says which
rule said so. Unknown models pass untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.models.profile import Profile
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Wire
    from resp_core.wire.losses import Losses

__all__ = ["apply_rules"]

#: Sampling parameters besides temperature, with the value that asks for nothing.
_SAMPLING: Mapping[Wire, Mapping[str, object]] = {
    "responses": {"top_p": 1, "top_logprobs": 0},
    "chat": {
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "logprobs": False,
        "top_logprobs": 0,
        "logit_bias": {},
    },
}


def apply_rules(body: JsonObject, wire: Wire, profile: Profile, losses: Losses) -> JsonObject:
    """`body` as the model takes it; the same object where no rule touches it.

    A parameter that the model refuses is lost through `losses` (which raises
    `UnsupportedError`, unless the caller allowed dropping); one that has another name or that
    asks for nothing is rewritten and noted.
    """
    if not profile.has_rules:
        return body
    fitted = _limit(body, wire, profile, losses)
    fitted = _effort(fitted, wire, profile, losses)
    fitted = _sampling(fitted, wire, profile, losses)
    return _parallel(fitted, wire, profile, losses)


def _limit(body: JsonObject, wire: Wire, profile: Profile, losses: Losses) -> JsonObject:
    """Chat's output limit under the name that the model knows."""
    if wire != "chat" or profile.max_tokens_param != "max_completion_tokens":
        return body
    if "max_tokens" not in body:
        return body
    if body.get("max_completion_tokens") is not None:
        if body["max_tokens"] not in (None, body["max_completion_tokens"]):
            losses.lose("max_tokens", "max_completion_tokens is given as well, and differs")
        return _without(body, "max_tokens")
    losses.note(f"sent max_tokens as max_completion_tokens ({profile.family})")
    return {
        "max_completion_tokens" if name == "max_tokens" else name: value
        for name, value in body.items()
        if name != "max_completion_tokens"
    }


def _effort(body: JsonObject, wire: Wire, profile: Profile, losses: Losses) -> JsonObject:
    """The reasoning effort: flat on Chat, and one that the model has."""
    body = _flat_effort(body, losses) if wire == "chat" else body
    effort = _asked_effort(body, wire)
    if effort is None:
        return body
    why = _refusal(effort, wire, profile)
    if why is None:
        return body
    losses.lose("reasoning_effort" if wire == "chat" else "reasoning.effort", why)
    if wire == "chat":
        return _without(body, "reasoning_effort")
    return {**body, "reasoning": _without(body["reasoning"], "effort")}


def _refusal(effort: str, wire: Wire, profile: Profile) -> str | None:
    if profile.efforts and effort not in profile.efforts:
        return f"{profile.family} takes the efforts {', '.join(profile.efforts)}, not {effort!r}"
    if effort in profile.refused_efforts:
        return f"{profile.family} does not take the effort {effort!r}"
    if effort == "max" and wire == "chat":
        return 'the effort "max" is taken by the Responses API only'
    return None


def _flat_effort(body: JsonObject, losses: Losses) -> JsonObject:
    """`reasoning_effort={"effort", "summary"}`, as Responses callers write it, made flat."""
    given: Any = body.get("reasoning_effort")
    if not isinstance(given, dict):
        return body
    fields = cast("JsonObject", given)
    if fields.get("summary"):
        losses.lose("reasoning_effort.summary", "the Chat API gives no reasoning summaries")
    losses.note("sent reasoning_effort as a string")
    rest = _without(body, "reasoning_effort")
    effort = fields.get("effort")
    return {**rest, "reasoning_effort": effort} if effort else rest


def _asked_effort(body: JsonObject, wire: Wire) -> str | None:
    value: Any = body.get("reasoning_effort")
    if wire == "responses":
        reasoning: Any = body.get("reasoning")
        value = cast("JsonObject", reasoning).get("effort") if isinstance(reasoning, dict) else None
    return value if isinstance(value, str) else None


def _sampling(body: JsonObject, wire: Wire, profile: Profile, losses: Losses) -> JsonObject:
    """Sampling parameters are refused while the model reasons."""
    if profile.sampling == "always":
        return body
    why = f"{profile.family} takes no sampling parameters while it reasons"
    if profile.sampling == "when_effort_none":
        if (_asked_effort(body, wire) or profile.default_effort) == "none":
            return body
        why += '; it takes them with the reasoning effort "none"'
    if body.get("temperature") not in (None, 1):  # 1 is taken, as what the model does anyway
        losses.lose("temperature", why)
        body = _without(body, "temperature")
    for name, neutral in _SAMPLING[wire].items():
        value = body.get(name)
        if value is None:
            continue
        if value == neutral:
            losses.note(f"left out {name}, which {profile.family} refuses and which asked nothing")
        else:
            losses.lose(name, why)
        body = _without(body, name)
    return body


def _parallel(body: JsonObject, wire: Wire, profile: Profile, losses: Losses) -> JsonObject:
    serial = not profile.parallel_tools or _asked_effort(body, wire) in profile.serial_efforts
    if not serial or "parallel_tool_calls" not in body:
        return body
    if body["parallel_tool_calls"]:
        losses.lose("parallel_tool_calls", f"{profile.family} calls one tool at a time here")
    else:
        losses.note(f"left out parallel_tool_calls: {profile.family} calls one tool at a time")
    return _without(body, "parallel_tool_calls")


def _without(body: JsonObject, name: str) -> JsonObject:
    return {key: value for key, value in body.items() if key != name}

"""What is known about a model. Unknown models get conservative facts and are never refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from resp_core.models import openai

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Profile", "known_provider", "profile_of", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Facts on one model. None means "not known"; the defaults forbid nothing.

    `name` is the name that was looked up, `family` the row of the table that matched it.
    `context_window` and `max_output` are tokens. `efforts` are the reasoning efforts it takes
    (empty: any), `refused_efforts` those it is known to refuse, `default_effort` what it does
    unasked. `sampling` says when temperature, top_p, penalties and logprobs are taken.
    `chat` and `responses` say whether the API serves the model, `completions` that Chat reaches it
    by the old Completions API only, `streams` whether it can stream,
    `parallel_tools` whether `parallel_tool_calls` may be sent, `serial_efforts` those with which
    it may not, `embeds` that it makes vectors. `idle_timeout` is how long a stream of it may be
    silent, in seconds: a model may think for minutes before it says anything.
    """

    name: str
    family: str = "unknown"
    context_window: int | None = None
    max_output: int | None = None
    reasoning: bool | None = None
    efforts: tuple[str, ...] = ()
    refused_efforts: tuple[str, ...] = ()
    default_effort: str | None = None
    sampling: Literal["always", "when_effort_none", "never"] = "always"
    chat: bool = True
    responses: bool = True
    completions: bool = False
    streams: bool = True
    parallel_tools: bool = True
    serial_efforts: tuple[str, ...] = ()
    idle_timeout: float = 120.0
    max_tokens_param: Literal["max_tokens", "max_completion_tokens"] | None = None
    vision: bool | None = None
    structured_output: bool | None = None
    embeds: bool = False
    tokenizer: str | None = None

    @property
    def known(self) -> bool:
        """Whether any table knows the model."""
        return self.family != "unknown"

    @property
    def has_rules(self) -> bool:
        """Whether `models.rules` may have to change or refuse a request."""
        return self.max_tokens_param is not None or self.sampling != "always"


def unknown(name: str) -> Profile:
    """The facts of a model that no table knows."""
    return Profile(name=name)


def _openai(name: str, *, anywhere: bool, azure: bool, family: str | None = None) -> Profile:
    facts = openai.family(family, name) if family else openai.facts(name, anywhere=anywhere)
    if facts is None:
        return unknown(name)
    on_azure = openai.on_azure(facts.family) if azure else {}
    return Profile(name=name, family=facts.family, **{**facts.fields, **on_azure})


def _by_openai(name: str, _: str | None) -> Profile:
    return _openai(name, anywhere=False, azure=False)


def _by_azure(name: str, family: str | None) -> Profile:
    return _openai(name, anywhere=True, azure=True, family=family)


#: Providers whose model names these tables explain.
_TABLES: Mapping[str, Callable[[str, str | None], Profile]] = {
    "openai": _by_openai,
    "azure": _by_azure,
}


@lru_cache(maxsize=1024)
def profile_of(
    model: str,
    base_model: str | None = None,
    *,
    provider: str = "openai",
    family: str | None = None,
    context_window: int | None = None,
) -> Profile:
    """The facts on `model` at `provider`.

    `base_model` ("gpt-5.4" or "openai/gpt-5.4") says what a deployment or alias really is and
    wins over everything; `family` ("o_series", "gpt5_series") wins over the name. A
    `context_window` (tokens) given by the caller wins over the table's.
    """
    if base_model:
        head, slash, rest = base_model.partition("/")
        name = rest if slash and head in _TABLES else base_model
        found = _openai(name, anywhere=False, azure=provider == "azure")
    else:
        look_up = _TABLES.get(provider)
        found = look_up(model, family) if look_up else unknown(model)
    return replace(found, context_window=context_window) if context_window else found


def known_provider(name: str) -> str | None:
    """The provider that a bare model name belongs to, or None."""
    return "openai" if openai.is_openai(name) else None

"""A request as the offline model sees it, whichever API it came by, and what it plans to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = [
    "Call",
    "Choice",
    "Entry",
    "Finish",
    "Format",
    "Output",
    "Part",
    "Plan",
    "Planner",
    "Tool",
    "Transcript",
    "Utterance",
]

Finish: TypeAlias = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said: by "system" (also developer and instructions), "user" or "assistant"."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call in the history; `payload` is JSON arguments or a custom tool's text."""

    call_id: str
    name: str
    payload: str


@dataclass(frozen=True, slots=True)
class Output:
    """What a tool gave back."""

    call_id: str
    text: str


Entry: TypeAlias = Utterance | Call | Output


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool the model may call. `kind` is "function" or "custom"."""

    kind: str
    name: str
    description: str = ""
    schema: JsonObject = field(default_factory=dict[str, object])
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """`tool_choice`: "none", "auto" or "required", among `names` where those are given."""

    mode: str = "auto"
    names: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """`text.format` or `response_format`: "text", "json_object" or "json_schema"."""

    kind: str = "text"
    schema: JsonObject = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything the model may look at."""

    entries: tuple[Entry, ...]
    tools: tuple[Tool, ...] = ()
    choice: Choice = Choice()
    parallel: bool = True
    format: Format = Format()
    reasons: bool = False
    effort: str = "medium"

    @property
    def prompt(self) -> str:
        """The last thing the user said, "" if nothing."""
        return next(
            (
                entry.text
                for entry in reversed(self.entries)
                if isinstance(entry, Utterance) and entry.role == "user"
            ),
            "",
        )

    @property
    def system(self) -> str:
        """All instructions, joined by blank lines."""
        return "\n\n".join(
            entry.text
            for entry in self.entries
            if isinstance(entry, Utterance) and entry.role == "system"
        )

    @property
    def turn(self) -> tuple[Entry, ...]:
        """What came after the last thing the user said."""
        for index in range(len(self.entries) - 1, -1, -1):
            entry = self.entries[index]
            if isinstance(entry, Utterance) and entry.role == "user":
                return self.entries[index + 1 :]
        return self.entries


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of an answer.

    `kind` is "reasoning", "text", "refusal", "function" or "custom"; `text` is what is shown, or
    the call's arguments or input. `whole` is false where a limit cut it.
    """

    kind: str
    text: str
    name: str = ""
    namespace: str | None = None
    whole: bool = True

    @property
    def is_call(self) -> bool:
        """Whether this part calls a tool."""
        return self.kind in ("function", "custom")


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer before it has a wire form."""

    parts: tuple[Part, ...]
    finish: Finish = "stop"


Planner: TypeAlias = Callable[[Transcript], Plan]

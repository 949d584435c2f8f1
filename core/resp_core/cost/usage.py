"""What a provider counted, as disjoint classes: no token is in two of them.

Classes of tokens: `input` (fresh text), `cached` (read from a cache), `cache_write` (written for
the provider's usual time), `cache_write_1h`, `cache_write_12h`, `output` (text, reasoning
included), `citation`; and `input_`, `cached_`, `output_` with `audio`, `image` or `video`.
Units are counted otherwise: `audio_seconds`, `characters`, `pages`, `annotated_pages`,
`rerank_searches`, `images`, `requests`. Tools are calls of hosted tools by kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from resp_core.wire.shape import as_object, objects

if TYPE_CHECKING:
    from resp_core.types.json import JsonObject

__all__ = [
    "BILLED_CALLS",
    "MODALITIES",
    "MOST",
    "Container",
    "Image",
    "Share",
    "Usage",
    "by_modality",
    "decimal_of",
    "details",
]

#: Output items that may cost something beside their tokens.
BILLED_CALLS = frozenset(
    """web_search_call file_search_call code_interpreter_call image_generation_call shell_call
    x_search_call""".split()
)
_OUT = ("output", "citation")
MODALITIES = ("audio", "image", "video")
#: More than this in one answer is a mistake of the sender, not a bill.
MOST = 10**12


@dataclass(frozen=True, slots=True)
class Container:
    """A sandbox that code ran in, with its memory (`1g`, `4g`, ...)."""

    id: str
    memory: str = "1g"


@dataclass(frozen=True, slots=True)
class Image:
    """An image that a hosted tool made."""

    size: str
    quality: str


@dataclass(slots=True)
class Usage:
    """The counts of one answer; what is wrong with them or missing is in `problems`.

    A reader of `dialects` fills it; nothing changes it afterwards. `reasoning` is a part of
    `output`, not a class of its own. `reported_cost` is in US dollars, where the provider says what
    it charged. `tier`, `speed` and `geo` are what the usage itself says was served. `images` are
    those of a hosted tool that gave no `image_tokens`. `shares` are counts to be priced as another
    model's.
    """

    tokens: dict[str, int] = field(default_factory=lambda: {})
    reasoning: int = 0
    units: dict[str, Decimal] = field(default_factory=lambda: {})
    tools: dict[str, int] = field(default_factory=lambda: {})
    problems: list[str] = field(default_factory=lambda: [])
    reported_cost: Decimal | None = None
    tier: str | None = None
    speed: str | None = None
    geo: str | None = None
    containers: tuple[Container, ...] = ()
    images: tuple[Image, ...] = ()
    image_tokens: JsonObject | None = None
    image_model: str | None = None
    search_size: str | None = None
    shares: list[Share] = field(default_factory=lambda: [])

    @property
    def input_tokens(self) -> int:
        """All tokens that went in, cached and written ones included."""
        return self.total_tokens - self.output_tokens

    @property
    def output_tokens(self) -> int:
        """All tokens that came out, reasoning included."""
        total = 0
        for name, count in self.tokens.items():
            if name.startswith(_OUT):
                total += count
        return total

    def starting(self, name: str) -> int:
        """The tokens of the classes whose names begin so: "cached", "cache_write"."""
        return sum(count for each, count in self.tokens.items() if each.startswith(name))

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return sum(self.tokens.values())

    def to_json(self) -> JsonObject:
        """The counts as JSON; classes without any are left out."""
        return {
            "tokens": dict(self.tokens),
            "reasoning": self.reasoning,
            "units": {name: format(count, "f") for name, count in self.units.items()},
            "tools": dict(self.tools),
            "problems": list(self.problems),
        }

    def number(self, source: JsonObject, *names: str) -> int | None:
        """The first of `names` that is there; None where none is, or where it cannot be true."""
        for name in names:
            value = source.get(name)
            if value is not None:
                if type(value) is int and 0 <= value <= MOST:
                    return value
                return self.whole(value, name)
        return None

    def whole(self, value: Any, name: str) -> int | None:
        """A count: a whole number from 0 on. Anything else is noted and unknown."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is int and 0 <= value <= MOST:
            return value
        self.problems.append(f"{name} is no plausible count: {_shown(value)}")
        return None

    def amount(self, value: Any, name: str, per: int = 1) -> Decimal | None:
        """An amount from 0 on, such as seconds or dollars."""
        found = decimal_of(value)
        if found is None or not 0 <= found <= MOST * per:
            self.problems.append(f"{name} is no plausible amount: {_shown(value)}")
            return None
        return found / per if per != 1 else found

    def split(self, prefix: str, total: int, parts: Mapping[str, int]) -> None:
        """`total` as classes: `parts` by modality, the rest as text."""
        known = sum(parts.values())
        if known > total:
            self.problems.append(f"the parts of {prefix} are {known} tokens, its total is {total}")
            return
        self.add(prefix, total - known)
        for modality, count in parts.items():
            self.add(f"{prefix}_{modality}", count)

    def add(self, name: str, count: int | None) -> None:
        """Count tokens of a class."""
        if count:
            self.tokens[name] = self.tokens.get(name, 0) + count

    def use(self, tool: str, count: int | None) -> None:
        """Count calls of a hosted tool."""
        if count:
            self.tools[tool] = self.tools.get(tool, 0) + count


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an answer that another model gave, or the same model in a request of its own."""

    model: str | None
    usage: Usage
    instead: bool = False


def decimal_of(value: Any) -> Decimal | None:
    """A finite number as a Decimal; floats by their shortest text, as they came over the wire."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    if isinstance(value, int) and abs(value) > 10**30:
        return None
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def by_modality(counts: Usage, entries: Any, name: str = "tokenCount") -> dict[str, int]:
    """Gemini's lists `[{modality, tokenCount}]`: what is not text."""
    found: dict[str, int] = {}
    for entry in objects(entries):
        modality = str(entry.get("modality", "")).lower()
        count = counts.number(entry, name)
        if modality in MODALITIES and count:
            found[modality] = found.get(modality, 0) + count
    return found


def details(source: JsonObject, *names: str) -> JsonObject:
    """The first of `names` that is an object, else an empty one."""
    for name in names:
        if source.get(name):
            return as_object(source[name])
    return {}


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) > MOST:
        return f"an integer of {value.bit_length()} bits"
    return repr(value)[:40]

"""From a document of plain data to the arguments of a client: references, and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from resp_core.auth.source import Veiled, VeiledUrl
from resp_core.config.problems import config_error, explained, kind_of, near, place_of
from resp_core.config.schema import CALL_ONLY, CODE_ONLY, DOCUMENT, NAMES
from resp_core.config.shown import REFERENCE, credentials
from resp_core.cost.custom import prices_of
from resp_core.mcp.policy import Policy, Rule
from resp_core.observe.redact import redact
from resp_core.providers import get, names

if TYPE_CHECKING:
    from resp_core.config.problems import Where

__all__ = ["Configuration", "configuration"]

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: What a provider's variables are about. AZURE_CLIENT_SECRET and the like are none of them.
_ABOUT = re.compile(
    r"_(API_KEY|API_BASE|API_VERSION|AD_TOKEN|BASE_URL|ENDPOINT|ORGANIZATION|ORG_ID|PROJECT_ID)"
    r"(_|$)"
)
_DEEPEST = 12
_MOST_VALUES = 10_000


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration that is right as far as it can be told without a call.

    `name` is for messages, `document` what was written, `options` the arguments of a client
    (`model` among them) with references replaced by what they stand for; `literal` are the
    places where a credential is written out.
    """

    name: str
    document: Veiled
    options: Veiled
    literal: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def without_values(self, text: str) -> str:
        """`text` without credentials and without what references stand for."""
        return redact(text, self.secrets)


def configuration(document: Veiled, environ: Mapping[str, str], name: str) -> Configuration:
    """Understand a document; `name` is what messages call it.

    Raises ConfigError that names every place where something is wrong, and no value.
    """
    reading = _Reading(environ)
    found = reading.understood(document, name)
    if found is None:
        raise config_error(name, reading.problems)
    return found


class _Reading:
    """One walk over a document, and what is wrong with it.

    Nothing is raised where values are at hand: a traceback that shows local variables may not
    show them.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.problems: list[tuple[Where, str]] = []
        self._environ = environ
        self._secrets: list[str] = []
        self._seen = 0

    def understood(self, document: Veiled, name: str) -> Configuration | None:
        """None if something is wrong."""
        values: dict[str, Any] = self._plain(document, ())
        if self._seen <= _MOST_VALUES:
            self._check(values)
        if self.problems:
            return None
        literal = tuple(credentials(document))
        return Configuration(
            name,
            document,
            _options(values["settings"]),
            tuple(place_of(where) for where, _ in literal),
            (*self._secrets, *(value for _, value in literal)),
        )

    def _plain(self, value: Any, where: Where) -> Any:
        """A copy of plain data with its references replaced."""
        self._seen += 1
        if self._seen > _MOST_VALUES:
            if self._seen == _MOST_VALUES + 1:
                self._wrong((), f"it holds more than {_MOST_VALUES:,} values")
            return None
        if len(where) > _DEEPEST:
            return self._wrong(where[:3], f"nests deeper than {_DEEPEST} levels")
        if isinstance(value, str):
            return self._text(value, where)
        if value is None or isinstance(value, bool | int | float | Decimal):
            return value
        if isinstance(value, Mapping):
            return self._mapping(cast("Mapping[Any, Any]", value), where)
        if isinstance(value, list | tuple):
            items = cast("list[Any]", value)
            return [self._plain(item, (*where, at)) for at, item in enumerate(items)]
        if where[1:2] and where[1] in CODE_ONLY:
            return None  # what is said of these is said by name
        return self._wrong(where, f"must be plain data, not {kind_of(value)}")

    def _mapping(self, value: Mapping[Any, Any], where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, item in value.items():
            if not isinstance(name, str):
                self._wrong(where, "has a name that is not text: put it in quotes")
            elif item is None and where == () and name == "settings":
                found[name] = {}  # a section whose lines are all commented out
            elif item is not None or where != ("settings",) or name not in NAMES:
                found[name] = self._plain(item, (*where, name))
        return found

    def _text(self, text: str, where: Where) -> str:
        name = text.removeprefix(REFERENCE)
        if REFERENCE not in text:
            return _veiled(text)
        if not _VARIABLE.fullmatch(name):
            self._wrong(where, f"must hold {REFERENCE}NAME alone: it is not put into other text")
        elif not _may_refer(name):
            self._wrong(
                where,
                f"refers to {name}, which no configuration may read: it may read RESP_* and what "
                "concerns providers, such as OPENAI_API_KEY. Rename it, or pass its value in code",
            )
        elif not self._environ.get(name):
            self._wrong(where, f"refers to {name}, which is not set")
        else:
            self._secrets.append(self._environ[name])
            return _veiled(self._environ[name])
        return "unknown"  # so that what else is wrong is found too

    def _wrong(self, where: Where, text: str) -> None:
        self.problems.append((where, text))

    def _check(self, values: dict[str, Any]) -> None:
        """What the schema finds wrong where the walk has found nothing."""
        said = {where for where, _ in self.problems}
        try:
            DOCUMENT.validate_python(values)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                where, text = explained(each)
                if where not in said:
                    self._wrong(where, text or _unknown(where))


def _options(settings: dict[str, Any]) -> Veiled:
    """Data that a client takes as objects, made into these."""
    options = Veiled(settings)
    if isinstance(options.get("tags"), str):
        options["tags"] = [options["tags"]]
    policy = options.get("approvals")
    if policy is not None:
        rules = [Rule(**rule) for rule in policy.get("rules", ())]
        options["approvals"] = Policy(rules, default=policy.get("default", "ask"))
    assumed = options.get("on_unknown_price")
    if isinstance(assumed, dict):
        (options["on_unknown_price"],) = prices_of({"assumed": cast("Any", assumed)}).values()
    return options


def _veiled(text: str) -> str:
    return VeiledUrl(text) if "://" in text and "@" in text else text


def _may_refer(name: str) -> bool:
    if name.startswith("RESP_"):
        return True
    return name.partition("_")[0] in _heads() and _ABOUT.search(name) is not None


@cache
def _heads() -> frozenset[str]:
    """What the variables of providers begin with: OPENAI, AZURE, GROQ ..."""
    every = map(get, names())
    variables = (name for each in every for name in (*each.key_env, *each.base_env))
    return frozenset(name.partition("_")[0] for name in variables)


def _unknown(where: Where) -> str:
    """What is said of a name that is not in the schema."""
    name = str(where[-1])
    if where == ("model_list",):
        return "is not known: there is no routing here. Name one model as settings.model"
    if len(where) == 1:
        here = f" as settings.{name}" if name in NAMES | CODE_ONLY else ""
        return f"is not known: all names stand under settings{here}"
    if where[:-1] != ("settings",):
        return "is not known"
    if name in CODE_ONLY:
        return f"is given in code: pass {name}= beside the configuration"
    if name in CALL_ONLY:
        other = name.replace("extra_", "default_")
        return "goes with a call" + (f": for all calls write {other}" if other in NAMES else "")
    return f"is not known.{near(name, NAMES)}"

"""YAML as plain data: PyYAML's safe loader with limits. Imported only where YAML is read."""

from __future__ import annotations

import re
from typing import Any, cast

import yaml

from resp_core.io.config_json import Malformed

__all__ = ["parse_yaml"]

_DEEPEST = 20
_MOST_ALIASES = 20
_MOST_MERGED = 1_000
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def parse_yaml(text: str) -> Any:
    """What the one document of a text says. Raises Malformed, which tells no value."""
    try:
        return _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}" if error.problem_mark else "its end"
        said = _QUOTED.sub(_short, error.problem or "")
        raise Malformed(f"is not YAML ({where}: {said})") from None
    except yaml.YAMLError:
        raise Malformed("is not YAML: it holds characters that no YAML may hold") from None
    except ValueError:
        raise Malformed("holds a number that cannot be read") from None


def _short(quoted: re.Match[str]) -> str:
    """What the parser quotes, if it is no more than a sign or two."""
    inner = quoted[1] or quoted[2] or ""
    return quoted[0] if len(inner) < 3 or inner.startswith("<") else "…"


class _Loader(yaml.SafeLoader):
    """Plain data only. Aliases and merges are counted: no small text becomes a large one."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own way) a date stays text
        first: [each for each in listed if each[0] != "tag:yaml.org,2002:timestamp"]
        for first, listed in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._aliases = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = cast("Any", self).peek_event()
        line = f"line {event.start_mark.line + 1}"
        if isinstance(event, yaml.AliasEvent):
            self._aliases += 1
            if self._aliases > _MOST_ALIASES:
                raise Malformed(f"has more than {_MOST_ALIASES} aliases ({line})")
        elif event.tag not in (None, "!"):
            raise Malformed(f"has a tag ({line}): only plain data is read; put text in quotes")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Malformed(f"nests deeper than {_DEEPEST} levels ({line})")
        found = super().compose_node(parent, index)
        self._depth -= 1
        return found

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[Any] = set()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode):
                if name.value in seen:
                    raise Malformed(
                        f"says {name.value[:60]!r} twice in one place "
                        f"(line {name.start_mark.line + 1})"
                    )
                seen.add(name.value)
        return node

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        if len(node.value) > _MOST_MERGED:
            raise Malformed(f"merges more than {_MOST_MERGED:,} names")

"""What traces and callbacks are told of a call: no credential among it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from langchain_resp.sealed import is_secret, veiled

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["traced"]

#: Options of one call that hold or may hold credentials, or say nothing about the call.
_NEVER = frozenset(
    {
        "extra_headers",
        "extra_query",
        "extra_body",
        "api_key",
        "azure_ad_token",
        "azure_ad_token_provider",
        "credential",
        "track",
    }
)
#: What is long and holds none, or is looked into by itself: not searched for credentials.
_AS_IT_IS = frozenset(
    {
        "response_format",
        "ls_structured_output_format",
        "tool_choice",
        "metadata",
        "stop",
        "prompt_cache_key",
    }
)
_OF_A_SERVER = frozenset({"authorization", "headers"})
_FUNCTION = frozenset({"type", "function"})


def traced(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a call as traces may show them."""
    return {name: _shown(name, value) for name, value in params.items() if name not in _NEVER}


def _shown(name: str, value: Any) -> Any:
    if name == "tools" and isinstance(value, list):
        tools = cast("list[Any]", value)
        if all(map(_is_function, tools)):
            return tools.copy()
        return [_tool(tool) for tool in tools]
    if name in _AS_IT_IS or not value:
        return value
    if isinstance(value, str):
        return "***" if is_secret(name) else value
    return veiled({name: value})[name] if isinstance(value, (list, dict)) else value


def _is_function(tool: Any) -> bool:
    return isinstance(tool, dict) and tool.keys() == _FUNCTION


def _tool(tool: Any) -> Any:
    """A tool; those of functions are many and hide nothing."""
    hides = isinstance(tool, dict) and not _OF_A_SERVER.isdisjoint(cast("dict[str, Any]", tool))
    return veiled(cast("object", tool)) if hides else cast("object", tool)

"""A Responses request: checked as strictly as the real server does, then read as a transcript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from resp_core.offline import sealed
from resp_core.offline.check import Param, check_metadata, check_params
from resp_core.offline.items import text_of
from resp_core.offline.problem import Problem, bad_value, missing
from resp_core.offline.strict import check_strict
from resp_core.offline.tools_in import read_choice, read_tools
from resp_core.offline.transcript import Call, Entry, Format, Output, Transcript, Utterance
from resp_core.wire.shape import as_object, items_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resp_core.types.json import JsonObject

__all__ = ["CREATE", "check_create", "read_transcript"]

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
TIERS = ("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")
_INCLUDE = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)

#: Every parameter of POST /responses.
CREATE: dict[str, Param] = {
    "access_programs": Param("object"),
    "background": Param("boolean"),
    "context_management": Param("array"),
    "conversation": Param("string or object"),
    "image": Param("object"),
    "include": Param("array"),
    "input": Param("string or array"),
    "instructions": Param("string"),
    "max_output_tokens": Param("integer", low=16),
    "max_tool_calls": Param("integer", low=1),
    "metadata": Param("object"),
    "model": Param("string"),
    "moderation": Param("object"),
    "parallel_tool_calls": Param("boolean"),
    "previous_response_id": Param("string"),
    "prompt": Param("object"),
    "prompt_cache_key": Param("string"),
    "prompt_cache_options": Param("object"),
    "prompt_cache_retention": Param("string", values=("in_memory", "in-memory", "24h")),
    "reasoning": Param(
        "object",
        fields={
            "effort": Param("string", values=EFFORTS),
            "summary": Param("string", values=("auto", "concise", "detailed")),
            "generate_summary": Param("string", values=("auto", "concise", "detailed")),
            "context": Param("string", values=("auto", "current_turn", "all_turns")),
            "mode": Param("string", values=("standard", "pro")),
        },
    ),
    "safety_identifier": Param("string", longest=128),
    "service_tier": Param("string", values=TIERS),
    "store": Param("boolean"),
    "stream": Param("boolean"),
    "stream_options": Param("object", fields={"include_obfuscation": Param("boolean")}),
    "temperature": Param("number", low=0, high=2),
    "text": Param(
        "object",
        fields={
            "format": Param("object"),
            "verbosity": Param("string", values=("low", "medium", "high")),
        },
    ),
    "tool_choice": Param("any"),
    "tools": Param("array"),
    "top_logprobs": Param("integer", low=0, high=20),
    "top_p": Param("number", low=0, high=1),
    "truncation": Param("string", values=("auto", "disabled")),
    "user": Param("string"),
}


def check_create(body: JsonObject) -> None:
    """Raise the `Problem` of the first wrong parameter. Items are checked where they are read."""
    check_params(body, CREATE)
    if not body.get("model"):
        raise missing("model")
    if body.get("prompt"):
        raise Problem(
            f"Prompt with id '{body['prompt'].get('id')}' not found.",
            param="prompt.id",
            code="prompt_not_found",
            status=404,
        )
    check_metadata(body.get("metadata"))
    for at, value in enumerate(items_of(body.get("include"))):
        if value not in _INCLUDE:
            raise bad_value(f"include[{at}]", value, _INCLUDE)
    if body.get("previous_response_id") and body.get("conversation"):
        raise Problem(
            "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you "
            "are only providing one of: 'previous_response_id' or 'conversation'.",
            code="mutually_exclusive_parameters",
        )
    if body.get("stream_options") and not body.get("stream"):
        raise Problem(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    if body.get("background") and body.get("store") is False:
        raise Problem("Background mode requires 'store' to be true.", param="background")
    if all(body.get(name) is None for name in ("input", "conversation", "previous_response_id")):
        raise missing("input")
    _check_format(as_object(as_object(body.get("text")).get("format")))


def _check_format(format: JsonObject) -> None:
    kind = format.get("type", "text")
    if kind not in ("text", "json_object", "json_schema"):
        raise bad_value("text.format.type", kind, ("json_object", "json_schema", "text"))
    if kind != "json_schema":
        return
    for name in ("name", "schema"):
        if format.get(name) is None:
            raise missing(f"text.format.{name}")
    if format.get("strict"):
        check_strict(
            as_object(format["schema"]),
            what=f"response_format '{format['name']}'",
            param="text.format.schema",
            code="invalid_json_schema",
        )


def read_transcript(body: JsonObject, context: list[JsonObject]) -> Transcript:
    """What the model sees. `context` are all items: earlier ones of the chain and the new ones."""
    entries = tuple(_entries(context))
    if body.get("instructions"):
        entries = (Utterance("system", str(body["instructions"])), *entries)
    declared = list(items_of(body.get("tools")))
    for item in context:
        if item.get("type") == "additional_tools":
            declared += items_of(item.get("tools"))
    tools = read_tools(declared)
    format = as_object(as_object(body.get("text")).get("format"))
    kind = str(format.get("type", "text"))
    if kind == "json_object":
        _need_the_word_json(entries)
    reasoning = as_object(body.get("reasoning"))
    effort = reasoning.get("effort")
    summary = reasoning.get("summary") or reasoning.get("generate_summary")
    return Transcript(
        entries,
        tools=tools,
        choice=read_choice(body.get("tool_choice"), tools, declared),
        parallel=body.get("parallel_tool_calls") is not False,
        format=Format(kind, as_object(format.get("schema"))),
        reasons=effort != "none" and bool(effort or summary),
        effort=str(effort or "medium"),
    )


def _need_the_word_json(entries: tuple[Entry, ...]) -> None:
    texts = (entry.text for entry in entries if isinstance(entry, Utterance))
    if not any("json" in text.lower() for text in texts):
        raise Problem(
            "Response input messages must contain the word 'json' in some form to use "
            "'text.format' of type 'json_object'.",
            param="input",
        )


def _entries(items: list[JsonObject]) -> Iterator[Entry]:
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            role = str(item["role"])
            spoken = "system" if role in ("system", "developer") else role
            yield Utterance(spoken, text_of(item.get("content")))
        elif kind in ("function_call", "custom_tool_call"):
            payload = item.get("arguments" if kind == "function_call" else "input")
            yield Call(str(item.get("call_id")), str(item.get("name")), str(payload or ""))
        elif kind in ("function_call_output", "custom_tool_call_output"):
            yield Output(str(item.get("call_id")), text_of(item.get("output")))
        elif kind == "compaction":
            opened = orjson.loads(sealed.opened(str(item.get("encrypted_content", ""))))
            yield from _entries(opened)

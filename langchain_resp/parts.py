"""Content blocks of any vintage -> input parts of the Responses API. Pure.

Understood: OpenAI Chat parts, Responses parts, LangChain v0 (`source_type`) and v1 blocks, and
Anthropic blocks. A part that no rule knows is sent as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import orjson

from resp_core.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resp_core.types.json import JsonObject

__all__ = ["as_json", "input_part", "input_parts", "plain_text"]


def as_json(value: object) -> str:
    """A value as JSON text."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # integers beyond 64 bits, keys that are not strings
        import json

        return json.dumps(value, ensure_ascii=False, default=str)


def input_parts(blocks: Iterable[str | dict[Any, Any]]) -> list[JsonObject]:
    """The parts of a user, system or tool message."""
    parts: list[JsonObject] = []
    for block in blocks:
        part = input_part(block)
        if part is not None:
            parts.append(part)
    return parts


def input_part(block: str | dict[Any, Any]) -> JsonObject | None:
    """One block as an input part, or None where it carries nothing that can be sent."""
    if isinstance(block, str):
        return {"type": "input_text", "text": block}
    kind = block.get("type")
    if kind is None:
        return _untyped(block)
    convert = _BY_TYPE.get(kind)
    return convert(block) if convert else block


def plain_text(blocks: Iterable[str | dict[Any, Any]]) -> str:
    """The text of the blocks, joined."""
    texts = [block if isinstance(block, str) else block.get("text") for block in blocks]
    return "".join(text for text in texts if isinstance(text, str))


def _untyped(block: dict[Any, Any]) -> JsonObject:
    if isinstance(block.get("text"), str):
        return {"type": "input_text", "text": block["text"]}
    return {"type": "input_text", "text": as_json(block)}


def _text(block: dict[Any, Any]) -> JsonObject:
    part: JsonObject = {"type": "input_text", "text": block.get("text") or ""}
    if "prompt_cache_breakpoint" in block:
        part["prompt_cache_breakpoint"] = block["prompt_cache_breakpoint"]
    return part


def _detail(block: dict[Any, Any], part: JsonObject) -> JsonObject:
    detail = block.get("detail") or _extra(block, "detail")
    if detail:
        part["detail"] = detail
    return part


def _extra(block: dict[Any, Any], key: str) -> Any:
    for holder in ("extras", "metadata"):
        extras = block.get(holder)
        if isinstance(extras, dict) and key in extras:
            return cast("dict[str, Any]", extras)[key]
    return None


def _image_url(block: dict[Any, Any]) -> JsonObject:
    image = block.get("image_url")
    if isinstance(image, dict):
        image = cast("dict[str, Any]", image)
        return _detail(image, {"type": "input_image", "image_url": image.get("url")})
    return _detail(block, {"type": "input_image", "image_url": image})


def _image(block: dict[Any, Any]) -> JsonObject:
    source = block.get("source")
    if isinstance(source, dict):  # Anthropic
        block = _from_source(cast("dict[str, Any]", source))
    url, data, file_id = _location(block)
    if file_id:
        return _detail(block, {"type": "input_image", "file_id": file_id})
    if data is not None:
        mime = block.get("mime_type")
        if not mime:
            raise _incomplete("image", "mime_type")
        url = f"data:{mime};base64,{data}"
    if not url:
        raise _incomplete("image", "url, base64 or file_id")
    return _detail(block, {"type": "input_image", "image_url": url})


def _from_source(source: dict[str, Any]) -> dict[str, Any]:
    """An Anthropic `source` in v1 names."""
    if source.get("type") == "base64":
        return {"base64": source.get("data"), "mime_type": source.get("media_type")}
    if source.get("type") == "file":
        return {"file_id": source.get("file_id")}
    return {"url": source.get("url")}


def _location(block: dict[Any, Any]) -> tuple[str | None, str | None, str | None]:
    """URL, base64 data and file id of a v0 or v1 data block."""
    kind = block.get("source_type")
    if kind == "base64":
        return None, block.get("data"), None
    if kind == "id":
        return None, None, block.get("id")
    return block.get("url"), block.get("base64"), block.get("file_id")


def _incomplete(kind: str, missing: str) -> UnsupportedError:
    return UnsupportedError(
        f"This {kind} block cannot be sent: it has no {missing}.", param="messages"
    )


def _file(block: dict[Any, Any]) -> JsonObject:
    file = block.get("file")
    if isinstance(file, dict):  # Chat
        return {"type": "input_file", **cast("dict[str, Any]", file)}
    if block.get("source_type") == "text":
        return {"type": "input_text", "text": block.get("text") or block.get("url") or ""}
    url, data, file_id = _location(block)
    if file_id:
        return {"type": "input_file", "file_id": file_id}
    if data is not None:
        mime = block.get("mime_type") or "application/pdf"
        return {
            "type": "input_file",
            "filename": _filename(block, mime),
            "file_data": f"data:{mime};base64,{data}",
        }
    if not url:
        raise _incomplete("file", "url, base64 or file_id")
    return {"type": "input_file", "file_url": url}


def _filename(block: dict[Any, Any], mime: str) -> str:
    """The block's name; the API refuses file data without one."""
    name = block.get("filename") or _extra(block, "filename") or _extra(block, "name")
    if name:
        return str(name)
    return "file." + {"text/plain": "txt"}.get(mime, mime.rpartition("/")[2])


def _document(block: dict[Any, Any]) -> JsonObject:
    """An Anthropic document."""
    source = cast("dict[str, Any]", block.get("source") or {})
    if source.get("type") == "text":
        return {"type": "input_text", "text": source.get("data") or ""}
    return _file({**_from_source(source), "filename": block.get("title")})


def _text_document(block: dict[Any, Any]) -> JsonObject:
    """A v1 `text-plain` block."""
    if "text" in block:
        return {"type": "input_text", "text": block["text"]}
    return _file({"mime_type": "text/plain", **block})


def _audio(block: dict[Any, Any]) -> JsonObject:
    if "input_audio" in block:
        return {"type": "input_audio", "input_audio": block["input_audio"]}
    _, data, _ = _location(block)
    if data is None:
        raise _incomplete("audio", "base64")
    mime = str(block.get("mime_type") or "audio/wav")
    kind = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav"}.get(mime.partition("/")[2])
    return {
        "type": "input_audio",
        "input_audio": {"data": data, "format": kind or mime.partition("/")[2]},
    }


def _video(_: dict[Any, Any]) -> JsonObject:
    raise UnsupportedError(
        "Video blocks cannot be sent: neither the Responses nor the Chat API takes video.",
        param="messages",
    )


def _nothing(_: dict[Any, Any]) -> None:
    """Another provider's private thoughts, and calls that stand in `tool_calls` as well."""
    return None


def _unwrap(block: dict[Any, Any]) -> JsonObject | None:
    value = block.get("value")
    return input_part(cast("dict[str, Any]", value)) if isinstance(value, dict) else None


_BY_TYPE: dict[str, Callable[[dict[Any, Any]], JsonObject | None]] = {
    "text": _text,
    "output_text": _text,
    "image_url": _image_url,
    "image": _image,
    "file": _file,
    "document": _document,
    "text-plain": _text_document,
    "audio": _audio,
    "input_audio": _audio,
    "video": _video,
    "non_standard": _unwrap,
    "thinking": _nothing,
    "redacted_thinking": _nothing,
    "reasoning": _nothing,
    "tool_use": _nothing,
}

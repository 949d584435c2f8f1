"""Responses input items -> Chat messages.

Items are a flat list; Chat wants turns: one assistant message with its calls, followed at once
by the answers to those calls. Answers are therefore collected first and placed where they
belong, whatever their order in the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError
from resp_core.wire.chat_tools import chat_name, emulated_arguments
from resp_core.wire.shape import as_object, as_text, json_text, objects, require_objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from resp_core.types.json import JsonObject
    from resp_core.wire.chat import ChatOptions
    from resp_core.wire.losses import Losses

__all__ = ["encode_messages", "nested_annotation"]

_OUTPUTS = ("function_call_output", "custom_tool_call_output")
_INSTRUCTING = ("system", "developer")
_MESSAGE = frozenset(("type", "role", "content", "id", "status", "phase", "provider_data"))
#: Types of items that neither call nor answer.
_UNANSWERED = (None, "message", "reasoning")
_SEE_BELOW = "The image that this tool returned is in the next message."


def encode_messages(body: JsonObject, options: ChatOptions, losses: Losses) -> list[JsonObject]:
    """The messages for a request's `instructions` and `input`.

    A body that has `messages` in the place of `input` keeps them. Raises ArgumentError for a call
    without an output and for an output without a call.
    """
    transcript = _Transcript(options, losses)
    instructions, given = body.get("instructions"), body.get("input")
    ready = body.get("messages")
    if isinstance(instructions, str):
        # Both roles mean the same, and no request may have both of them.
        spoken = any(item.get("role") == "system" for item in objects(given or ready))
        role = "system" if spoken else "developer"
        transcript.message({"role": role, "content": instructions}, "instructions")
    elif instructions is not None:
        transcript.walk(require_objects(instructions, "instructions"), "instructions")
    if isinstance(given, str):
        transcript.message({"role": "user", "content": given}, "input")
    elif given is not None:
        transcript.walk(require_objects(given, "input"), "input")
    if ready is None:
        return transcript.messages
    if given is not None:
        raise ArgumentError("input and messages are the same: pass one.", param="messages")
    return [*transcript.messages, *ready] if transcript.messages else ready


class _Turn:
    """One assistant turn in the making. A long history has many, so this is no dataclass."""

    __slots__ = ("calls", "content", "details", "fields", "parts", "reasoning", "started")

    def __init__(self) -> None:
        self.started = False
        self.parts: list[JsonObject] = []
        self.content: str | None = None
        self.calls: list[JsonObject] = []
        self.reasoning: list[str] = []
        self.details: list[Any] = []
        self.fields: JsonObject = {}

    @property
    def begun(self) -> bool:
        """Whether anything belongs to it yet."""
        return bool(self.started or self.reasoning or self.details)


class _Transcript:
    def __init__(self, options: ChatOptions, losses: Losses) -> None:
        self.options = options
        self.losses = losses
        self.messages: list[JsonObject] = []
        self._turn = _Turn()
        self._outputs: dict[str, list[tuple[str, JsonObject]]] = {}  # by call id, in order

    def walk(self, items: list[JsonObject], param: str) -> None:
        """Take the items of one parameter."""
        n, collected = 0, False
        while n < len(items):
            if not (collected or self._turn.begun):
                n = self._usual(items, n)
                if n == len(items):
                    break
            if not collected and items[n].get("type") not in _UNANSWERED:
                self._collect(items, n, param)
                collected = True
            self._item(items[n], f"{param}[{n}]")
            n += 1
        self._flush()
        left = {at for waiting in self._outputs.values() for at, _ in waiting}
        if left:  # the first of them, as it stands in the input
            at, item = next(
                (at, item) for n, item in enumerate(items) if (at := f"{param}[{n}]") in left
            )
            raise ArgumentError(
                f"{at} ({item['type']}) answers call_id {as_text(item.get('call_id'))!r}, which no "
                "call in the input has: send the call too, before its output.",
                param=at,
            )

    def _collect(self, items: list[JsonObject], start: int, param: str) -> None:
        """Find the outputs from `start` on, which may stand anywhere."""
        for n in range(start, len(items)):
            item = items[n]
            if item.get("type") in _OUTPUTS:
                waiting = self._outputs.setdefault(as_text(item.get("call_id")), [])
                waiting.append((f"{param}[{n}]", item))

    def _usual(self, items: list[JsonObject], n: int) -> int:
        """Take whole turns of what long histories consist of; the place of the first other item.

        That is text, and calls of functions that are answered at once and with text.
        """
        size, messages = len(items), self.messages
        while n < size:
            item, text, first = items[n], None, n
            if len(item) == 2 and type(item.get("content")) is str:
                role = item.get("role")
                if role == "assistant" and n + 1 < size and items[n + 1].get("role") != "user":
                    text, first = item["content"], n + 1  # its turn goes on
                elif role == "user" or role == "assistant":
                    messages.append(item)  # such an item is a message, and nothing changes it
                    n += 1
                    continue
            n = self._usual_calls(items, first, text)
            if n == first:
                return n if text is None else n - 1
        return n

    def _usual_calls(self, items: list[JsonObject], start: int, text: str | None) -> int:
        """Take calls and their outputs, in order, as one turn; the place after it, or `start`."""
        n, size = start, len(items)
        calls: list[JsonObject] = []
        while n < size:
            item = items[n]
            if len(item) != 4 or item.get("type") != "function_call":
                break
            call_id, name, arguments = item.get("call_id"), item.get("name"), item.get("arguments")
            if not (call_id and name and type(call_id) is type(name) is type(arguments) is str):
                return start
            function = {"name": name, "arguments": arguments}
            calls.append({"id": call_id, "type": "function", "function": function})
            n += 1
        if not calls or n + len(calls) > size:
            return start
        turn: list[JsonObject] = [{"role": "assistant", "content": text, "tool_calls": calls}]
        for call in calls:
            item, call_id = items[n], call["id"]
            output = item.get("output")
            if (
                item.get("call_id") != call_id
                or type(output) is not str
                or item.get("type") not in _OUTPUTS
            ):
                return start
            turn.append({"role": "tool", "tool_call_id": call_id, "content": output})
            n += 1
        self.messages += turn
        return n

    def _item(self, item: JsonObject, param: str) -> None:
        kind = as_text(item.get("type")) or ("message" if "role" in item else "item_reference")
        if kind in _OUTPUTS:
            self._flush()
            return
        walker = _WALKERS.get(kind)
        if walker is None:
            self.losses.lose(param, f"an item of type {kind!r} has no Chat form")
            self._outputs.pop(as_text(item.get("call_id")), None)  # an answer to nothing
        else:
            walker(self, item, param)

    # --- messages ----------------------------------------------------------------------------

    def message(self, item: JsonObject, param: str) -> None:
        """Add one message item."""
        role = as_text(item.get("role"))
        if role == "assistant":
            self._assistant(item, param)
            return
        if role not in ("user", *_INSTRUCTING):
            raise ArgumentError(f"{param} has the role {role!r}.", param=f"{param}.role")
        if role == "developer" and not self.options.developer_role:
            role = "system"
        self._flush()
        content = self._content(item.get("content"), f"{param}.content")
        self.messages.append({"role": role, "content": content, **_extras(item)})

    def _content(self, content: Any, param: str) -> Any:
        if isinstance(content, str):
            return content
        parts: list[JsonObject] = []
        for n, part in enumerate(require_objects(content, param)):
            encoded = self._part(part, f"{param}[{n}]")
            if encoded is not None:
                parts.append(encoded)
        return parts

    def _part(self, part: JsonObject, param: str) -> JsonObject | None:
        rest = {k: v for k, v in part.items() if v is not None and k != "provider_data"}
        kind = rest.pop("type", None)
        if kind in ("input_text", "output_text", "text"):
            rest.pop("annotations", None)
            rest.pop("logprobs", None)
            return {"type": "text", **rest}
        if kind == "input_image":
            return self._image(rest, param)
        if kind == "input_file":
            return self._file(rest, param)
        if kind in ("input_audio", "image_url", "file"):
            return part  # already in the Chat form
        self.losses.lose(param, f"a part of type {kind!r} has no Chat form")
        return None

    def _image(self, rest: JsonObject, param: str) -> JsonObject | None:
        url = rest.pop("image_url", None)
        if rest.pop("file_id", None) is not None or url is None:
            self.losses.lose(f"{param}.file_id", "Chat takes images by URL or data URL only")
            return None
        image: JsonObject = {"url": url}
        if "detail" in rest:
            image["detail"] = rest.pop("detail")
        return {"type": "image_url", "image_url": image, **rest}

    def _file(self, rest: JsonObject, param: str) -> JsonObject | None:
        if rest.pop("file_url", None) is not None:
            self.losses.lose(f"{param}.file_url", "Chat takes files by id or content only")
            return None
        if rest.pop("detail", None) is not None:
            self.losses.lose(f"{param}.detail", "Chat files have no detail")
        names = ("file_id", "file_data", "filename")
        file = {name: rest.pop(name) for name in names if name in rest}
        return {"type": "file", "file": file, **rest}

    # --- the assistant's turn ----------------------------------------------------------------

    def _assistant(self, item: JsonObject, param: str) -> None:
        if self._turn.calls:
            self._flush()
        turn = self._turn
        turn.started = True
        if item.get("phase") is not None:
            self.losses.note("the phases of assistant messages were not sent")
        turn.fields.update(_extras(item))
        content = item.get("content")
        if isinstance(content, str):
            if turn.content is None and not turn.parts:
                turn.content = content
                return
            content = [{"type": "output_text", "text": content}]
        if turn.content is not None:
            turn.parts.append({"type": "text", "text": turn.content})
            turn.content = None
        for n, part in enumerate(require_objects(content or [], f"{param}.content")):
            self._assistant_part(part, f"{param}.content[{n}]")

    def _assistant_part(self, part: JsonObject, param: str) -> None:
        turn = self._turn
        if part.get("type") == "refusal":
            turn.fields["refusal"] = turn.fields.get("refusal", "") + as_text(part.get("refusal"))
        elif part.get("type") == "output_audio" and part.get("id"):
            turn.fields["audio"] = {"id": part["id"]}
        else:
            encoded = self._part(part, param)
            if encoded is not None:
                turn.parts.append(encoded)
            self._annotations([nested_annotation(a) for a in objects(part.get("annotations"))])

    def _annotations(self, marks: list[JsonObject]) -> None:
        if marks and self.options.annotations:
            fields = self._turn.fields
            fields["annotations"] = [*fields.get("annotations", []), *marks]
        elif marks:
            self.losses.note("annotations of the history were not sent")

    def reasoning(self, item: JsonObject, param: str) -> None:
        if self._turn.calls:
            self._flush()
        if self.options.reasoning_in is None:
            self.losses.note("reasoning items of the history were not sent")
            return
        texts = [as_text(part.get("text")) for part in objects(item.get("content"))]
        texts = texts or [as_text(part.get("text")) for part in objects(item.get("summary"))]
        own = as_object(as_object(item.get("provider_data")).get("openrouter"))
        self._turn.reasoning.extend(text for text in texts if text)
        self._turn.details.extend(objects(own.get("reasoning_details")))

    def function_call(self, item: JsonObject, param: str) -> None:
        name, arguments = self._called(item, param), item.get("arguments")
        if not isinstance(arguments, str):
            given: Any = arguments if arguments is not None else {}
            arguments = json_text(given, f"{param}.arguments")
        function = {"name": name, "arguments": arguments}
        self._call({"id": item["call_id"], "type": "function", "function": function}, item)

    def custom_call(self, item: JsonObject, param: str) -> None:
        name, text = self._called(item, param), as_text(item.get("input"))
        if self.options.custom_tools:
            custom = {"name": name, "input": text}
            self._call({"id": item["call_id"], "type": "custom", "custom": custom}, item)
        else:
            function = {"name": name, "arguments": emulated_arguments(text)}
            self._call({"id": item["call_id"], "type": "function", "function": function}, item)

    def mcp_call(self, item: JsonObject, param: str) -> None:
        """A finished call of an MCP tool: shown as a function call and its result."""
        call_id = as_text(item.get("id")) or f"mcp_{len(self.messages)}"
        self.losses.note("mcp_call items of the history were sent as function calls")
        result = item.get("output") if item.get("error") is None else item["error"]
        result = "" if result is None else result
        text = result if isinstance(result, str) else json_text(result, f"{param}.output")
        answer: JsonObject = {"type": "function_call_output", "output": text}
        self._outputs.setdefault(call_id, []).insert(0, (param, answer))
        self.function_call({**item, "call_id": call_id}, param)

    def _called(self, item: JsonObject, param: str) -> str:
        name = as_text(item.get("name"))
        if not name or not isinstance(item.get("call_id"), str) or not item["call_id"]:
            raise ArgumentError(f"{param} ({item['type']}) needs call_id and name.", param=param)
        return chat_name(name, item.get("namespace"))

    def _call(self, call: JsonObject, item: JsonObject) -> None:
        own = as_object(as_object(item.get("provider_data")).get("chat"))
        self._turn.started = True
        self._turn.calls.append({**call, **own})

    # --- the end of a turn -------------------------------------------------------------------

    def _flush(self) -> None:
        turn = self._turn
        if not turn.begun:
            return
        self._turn = _Turn()
        message: JsonObject = {"role": "assistant", "content": _assistant_content(turn)}
        if turn.fields:
            message.update(turn.fields)
        if self.options.reasoning_in is not None and turn.reasoning:
            message[self.options.reasoning_in] = "\n\n".join(turn.reasoning)
        if turn.details:
            message["reasoning_details"] = turn.details
        if turn.calls:
            message["tool_calls"] = turn.calls
        self.messages.append(message)
        if turn.calls:
            self._answers(turn.calls)

    def _answers(self, calls: list[JsonObject]) -> None:
        images: list[JsonObject] = []
        for call in calls:
            call_id = call["id"]
            waiting = self._outputs.get(call_id)
            if not waiting:
                raise ArgumentError(
                    f"the call with call_id {call_id!r} has no output in the input: a Chat server "
                    "needs one for every call.",
                    param="input",
                )
            at, item = waiting.pop(0)
            content = item.get("output")
            if type(content) is not str:
                content = self._output(content, f"{at}.output", images)
            self.messages.append({"role": "tool", "tool_call_id": call_id, "content": content})
        if images:
            self.messages.append({"role": "user", "content": images})

    def _output(self, output: Any, param: str, images: list[JsonObject]) -> Any:
        if isinstance(output, str):
            return output
        if not isinstance(output, list):
            raise ArgumentError(
                f"{param} must be a string or a list of parts, not {type(output).__name__}.",
                param=param,
            )
        parts = self._content(output, param)
        if self.options.tool_images or all(part["type"] == "text" for part in parts):
            return parts
        self.losses.note("images and files in tool outputs were sent in a user message after them")
        images.extend(part for part in parts if part["type"] != "text")
        return [
            part if part["type"] == "text" else {"type": "text", "text": _SEE_BELOW}
            for part in parts
        ]


_WALKERS: dict[str, Callable[[_Transcript, JsonObject, str], None]] = {
    "message": _Transcript.message,
    "function_call": _Transcript.function_call,
    "custom_tool_call": _Transcript.custom_call,
    "mcp_call": _Transcript.mcp_call,
    "reasoning": _Transcript.reasoning,
}


def _assistant_content(turn: _Turn) -> Any:
    if turn.content is not None:
        return turn.content
    if len(turn.parts) == 1 and turn.parts[0].keys() == {"type", "text"}:
        return turn.parts[0]["text"]
    if turn.parts:
        return turn.parts
    said = turn.calls or "refusal" in turn.fields or "audio" in turn.fields
    return None if said else ""


def _extras(item: JsonObject) -> JsonObject:
    """Fields of a message that no API defines, such as `prefix`: the server's to understand."""
    return {k: v for k, v in item.items() if v is not None and k not in _MESSAGE}


def nested_annotation(annotation: JsonObject) -> JsonObject:
    """`{"type": t, ...}` as Chat nests it: `{"type": t, t: {...}}`."""
    kind = as_text(annotation.get("type"))
    if not kind or kind in annotation:
        return annotation
    return {"type": kind, kind: {k: v for k, v in annotation.items() if k != "type"}}

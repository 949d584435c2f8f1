"""Run by an interpreter that has the official openai SDK: reads streams from its standard input.

Each line is `{"api": "responses" or "chat", "name": ..., "sse": ...}`; for each one line goes out,
with what the SDK read: plainly, and by its own helper that puts a stream together. Anything that
the SDK complains about stands in `error`.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

import openai

try:
    import httpx2 as httpx  # what 3.x stands on
except ImportError:
    import httpx  # type: ignore[no-redef]

QUESTION: dict[str, Any] = {"model": "m", "input": "Hi"}
MESSAGES: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
#: What its helper raises for an end that it has no answer for; the stream was read all the same.
MEANT = (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError)


def client_of(sse: str) -> openai.OpenAI:
    headers = {"content-type": "text/event-stream"}

    def answer(request: Any) -> Any:
        return httpx.Response(200, headers=headers, content=sse.encode())

    transport = httpx.MockTransport(answer)
    http = httpx.Client(transport=transport)
    return openai.OpenAI(base_url="http://server/v1", api_key="k", http_client=http, max_retries=0)


def from_response(response: Any) -> dict[str, Any]:
    calls = [
        [item.call_id, item.name, item.arguments]
        for item in response.output
        if item.type == "function_call"
    ]
    return {"text": response.output_text, "calls": calls, "end": response.status}


def responses(sse: str) -> dict[str, Any]:
    numbers: list[int] = []
    last: Any = None
    for event in client_of(sse).responses.create(stream=True, **QUESTION):
        numbers.append(event.sequence_number)
        last = event
    assert numbers == list(range(len(numbers))), "the numbers do not rise by one"
    found = {"plain": from_response(last.response)}
    with client_of(sse).responses.stream(**QUESTION) as stream:
        kinds = [event.type for event in stream]
    assert kinds[-1] == last.type
    if last.type == "response.completed":
        found["put together"] = from_response(stream.get_final_response())
    return found


def chat(sse: str) -> dict[str, Any]:
    text, ends, custom = "", [], False
    calls: dict[int, list[str]] = {}
    for chunk in client_of(sse).chat.completions.create(stream=True, **MESSAGES):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            ends += [choice.finish_reason] if choice.finish_reason else []
            for call in choice.delta.tool_calls or []:
                if call.type == "custom":
                    custom = True
                elif call.function is not None:
                    known = calls.setdefault(call.index, [call.id or "", "", ""])
                    known[1] += call.function.name or ""
                    known[2] += call.function.arguments or ""
    found = {"plain": {"text": text, "calls": [*calls.values()], "end": ends[-1] if ends else ""}}
    if custom:
        return found  # its helper knows functions only, and trips over what it says of others
    try:
        with client_of(sse).chat.completions.stream(**MESSAGES) as stream:
            for _event in stream:
                pass
            choice = stream.get_final_completion().choices[0]
    except MEANT:
        return found
    made = choice.message.tool_calls or []
    found["put together"] = {
        "text": choice.message.content or "",
        "calls": [[call.id, call.function.name, call.function.arguments] for call in made],
        "end": choice.finish_reason or "",
    }
    return found


READ: dict[str, Callable[[str], dict[str, Any]]] = {"responses": responses, "chat": chat}


def main() -> None:
    warnings.simplefilter("error")
    # Of tools and items of types that this SDK is too old for.
    warnings.filterwarnings("ignore", "Pydantic serializer warnings")
    for line in sys.stdin:
        given = json.loads(line)
        try:
            found = READ[given["api"]](given["sse"])
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps({"name": given["name"], **found}) + "\n")


if __name__ == "__main__":
    main()

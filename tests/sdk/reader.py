"""Run by an interpreter that has the official openai SDK: reads streams and prints what it read.

    python reader.py <base URL>

One JSON object: for each request and each way to read it, the final text, calls, status and usage.
Anything that the SDK complains about ends the run with its traceback.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import openai

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
FUNCTION = {"name": "get_weather", "description": "d", "parameters": WEATHER, "strict": True}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
FORMAT = {"name": "person", "schema": PERSON, "strict": True}

RESPONSES: dict[str, dict[str, Any]] = {
    "text": {"input": "Tell me about bees"},
    "unicode": {"input": "蜜蜂について教えて 🐝"},
    "tool": {"input": "Weather in Paris?", "tools": [{"type": "function", **FUNCTION}]},
    "two tools": {
        "input": "Weather in Paris and Rome?",
        "tools": [{"type": "function", **FUNCTION}],
    },
    "schema": {"input": "A person", "text": {"format": {"type": "json_schema", **FORMAT}}},
    "limit": {"input": "Tell me about bees", "max_output_tokens": 16},
    "refusal": {"input": "Please refuse"},
    "reasoning": {"input": "Bees?", "reasoning": {"effort": "high"}},
}
CHAT: dict[str, dict[str, Any]] = {
    "text": {},
    "tool": {"tools": [{"type": "function", "function": FUNCTION}]},
    "two tools": {"tools": [{"type": "function", "function": FUNCTION}]},
    "schema": {"response_format": {"type": "json_schema", "json_schema": FORMAT}},
    "limit": {"max_completion_tokens": 16},
    "refusal": {},
}


def from_response(response: Any) -> dict[str, Any]:
    calls = [
        [item.name, json.loads(item.arguments)]
        for item in response.output
        if item.type == "function_call" and item.status == "completed"
    ]
    return {
        "text": response.output_text,
        "calls": calls,
        "status": response.status,
        "usage": response.usage.total_tokens,
    }


def from_completion(completion: Any) -> dict[str, Any]:
    choice = completion.choices[0]
    calls = [
        [call.function.name, json.loads(call.function.arguments)]
        for call in choice.message.tool_calls or []
    ]
    return {
        "text": choice.message.content or "",
        "refusal": choice.message.refusal or "",
        "calls": calls,
        "finish": choice.finish_reason,
        "usage": completion.usage and completion.usage.total_tokens,
    }


def responses(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, params in RESPONSES.items():
        found[f"{name}/plain"] = from_response(client.responses.create(model="demo", **params))
        last = None
        numbers = []
        for event in client.responses.create(model="demo", stream=True, **params):
            numbers.append(event.sequence_number)
            last = event
        assert numbers == list(range(len(numbers))), numbers
        found[f"{name}/create"] = from_response(last.response)
        with client.responses.stream(model="demo", **params) as stream:
            kinds = [event.type for event in stream]
            assert kinds[-1] in ("response.completed", "response.incomplete"), kinds[-1]
            if kinds[-1] == "response.completed":
                found[f"{name}/stream"] = from_response(stream.get_final_response())
    return found


def chat(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    completions = client.chat.completions
    for name, more in CHAT.items():
        params = {
            "model": "demo",
            "messages": [{"role": "user", "content": RESPONSES[name]["input"]}],
            **more,
        }
        found[f"{name}/plain"] = from_completion(completions.create(**params))
        text, finish, usage = "", None, None
        chunks = completions.create(stream=True, stream_options={"include_usage": True}, **params)
        for chunk in chunks:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
        found[f"{name}/create"] = {"text": text, "finish": finish, "usage": usage.total_tokens}
        if name == "limit":
            continue  # the SDK's accumulator raises for a length finish, as it should
        with completions.stream(stream_options={"include_usage": True}, **params) as stream:
            for _event in stream:
                pass
            found[f"{name}/stream"] = from_completion(stream.get_final_completion())
    return found


def main() -> None:
    warnings.simplefilter("error")
    client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0, timeout=20)
    found = {"version": openai.__version__, "responses": responses(client), "chat": chat(client)}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()

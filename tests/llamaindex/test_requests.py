"""What goes over the wire: options, tools and history as a server sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import orjson
import pytest
from llama_index.core.base.llms.types import AudioBlock, ChatMessage, DocumentBlock, ImageBlock
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

from llamaindex_resp import RespLLM
from llamaindex_resp.request import options_of
from llamaindex_resp.tools import choice, function_tool
from resp_core.errors import ArgumentError

HELLO = [ChatMessage(role="user", content="Hello")]
SAID = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}],
}
THOUGHT = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
MCP = {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "s", "tools": []}

Send = Callable[..., dict[str, Any]]


@pytest.fixture
def send() -> Iterator[Send]:
    """Calls a model and gives the body that was sent."""
    bodies: list[dict[str, Any]] = []
    output = [MCP, THOUGHT, SAID]

    def answer(request: httpx2.Request) -> httpx2.Response:
        bodies.append(orjson.loads(request.content) | {"headers": dict(request.headers)})
        usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        body = {"id": "resp_1", "status": "completed", "output": output, "usage": usage}
        return httpx2.Response(200, json=body)

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as guest:

        def call(use: Callable[[RespLLM], Any] | None = None, **options: Any) -> dict[str, Any]:
            name = options.pop("model", "openai/gpt-5")
            llm = RespLLM(name, api="responses", api_key="k", http_client=guest, **options)
            (use or (lambda m: m.chat(HELLO)))(llm)
            return bodies[-1]

        yield call


def add(a: int, b: int = 2) -> int:
    """Add."""
    return a + b


TOOL = FunctionTool.from_defaults(add)
SPACED = FunctionTool.from_defaults(add, name="my tool")


def media(block: Any) -> ChatMessage:
    return ChatMessage(role="user", blocks=[block])


def test_nothing_is_sent_that_was_not_said(send):
    body = send()
    headers = body.pop("headers")
    assert body == {"model": "gpt-5", "input": [{"role": "user", "content": "Hello"}]}
    assert headers["authorization"] == "Bearer k"


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"max_tokens": 50}, {"max_output_tokens": 50}),
        ({"max_output_tokens": 50}, {"max_output_tokens": 50}),
        ({"reasoning": "low"}, {"reasoning": {"effort": "low"}}),
        ({"reasoning": {"summary": "auto"}}, {"reasoning": {"summary": "auto"}}),
        ({"verbosity": "low"}, {"text": {"verbosity": "low"}}),
        ({"metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
        ({"previous_response_id": "resp_0"}, {"previous_response_id": "resp_0"}),
        ({"user": "u", "safety_identifier": "s"}, {"user": "u", "safety_identifier": "s"}),
        ({"service_tier": "flex", "store": True}, {"service_tier": "flex", "store": True}),
        ({"extra_body": {"new": 1}}, {"new": 1}),
        ({"model_kwargs": {"max_tool_calls": 2}}, {"max_tool_calls": 2}),
        (
            {"model": "openai/gpt-4o", "top_logprobs": 2},
            {"top_logprobs": 2, "include": ["message.output_text.logprobs"]},
        ),
        ({"model": "openai/gpt-4o", "temperature": 0.0}, {"temperature": 0.0}),
        ({"model": "openai/gpt-4o", "top_logprobs": 0, "logprobs": False}, {}),
        ({"default_headers": {"x-a": "1"}}, {}),
        ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
        (
            {"reasoning_options": {"summary": "auto"}, "reasoning_effort": "low"},
            {"reasoning": {"summary": "auto", "effort": "low"}},
        ),
        (
            {"include": ["reasoning.encrypted_content"]},
            {"include": ["reasoning.encrypted_content"]},
        ),
        ({"instructions": "Be brief."}, {"instructions": "Be brief."}),
        ({"truncation": "auto"}, {"truncation": "auto"}),
        ({"call_metadata": {"a": "b"}}, {"metadata": {"a": "b"}}),
        ({"additional_kwargs": {"prompt_cache_key": "k"}}, {"prompt_cache_key": "k"}),
        ({"conversation": "conv_1"}, {"conversation": "conv_1"}),
        ({"strict": True, "built_in_tools": []}, {}),
    ],
    ids=lambda value: next(iter(value), "none"),
)
def test_options_under_the_names_of_the_api(send, options, sent):
    body = send(**options)
    headers = body.pop("headers")
    assert {k: v for k, v in body.items() if k not in ("model", "input")} == sent
    assert headers.get("x-a") == options.get("default_headers", {}).get("x-a")


def test_what_a_call_says_is_merged(send):
    body = send(
        lambda m: m.chat(HELLO, reasoning={"summary": "auto"}, verbosity="high", max_tokens=9),
        reasoning="low",
        max_tokens=5,
    )
    assert body["reasoning"] == {"effort": "low", "summary": "auto"}
    assert (body["text"], body["max_output_tokens"]) == ({"verbosity": "high"}, 9)


def test_chat_options_of_llama_indexs_openai():
    """As OpenAI's constructor takes them, on the Chat API."""
    bodies: list[dict[str, Any]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        bodies.append(orjson.loads(request.content))
        message = {"role": "assistant", "content": "Hi"}
        choice_ = {"index": 0, "finish_reason": "stop", "message": message}
        return httpx2.Response(200, json={"id": "c", "choices": [choice_]})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as guest:
        RespLLM(
            "openai/gpt-4o-audio-preview",
            api="chat",
            api_key="k",
            http_client=guest,
            temperature=0.5,
            max_tokens=9,
            logprobs=True,
            top_logprobs=2,
            modalities=["text", "audio"],
            audio_config={"voice": "alloy", "format": "wav"},
            additional_kwargs={"seed": 1},
            frequency_penalty=0.5,
        ).chat(HELLO)
    [body] = bodies
    assert body.pop("messages") == [{"role": "user", "content": "Hello"}]
    tokens = body.pop("max_completion_tokens", None) or body.pop("max_tokens")
    assert tokens == 9
    assert body == {
        "model": "gpt-4o-audio-preview",
        "temperature": 0.5,
        "logprobs": True,
        "top_logprobs": 2,
        "modalities": ["text", "audio"],
        "audio": {"voice": "alloy", "format": "wav"},
        "seed": 1,
        "frequency_penalty": 0.5,
    }


@pytest.mark.parametrize(
    ("use", "param", "words"),
    [
        (lambda m: m.chat("Hello"), "messages", "complete"),
        (lambda m: m.chat(HELLO[0]), "messages", "ChatMessage"),
        (lambda m: m.chat(None), "messages", "NoneType"),
        (lambda m: m.chat([{"role": "user", "content": "a"}]), "messages", r"\[0\].*dict"),
        (lambda m: m.stream_chat(["a"]), "messages", r"\[0\].*str"),
        (lambda m: m.complete(None), "prompt", "NoneType"),
        (lambda m: m.stream_complete(5), "prompt", "int"),
        (lambda m: m.chat(HELLO, stream=True), "stream", "stream_chat"),
        (lambda m: m.chat(HELLO, model="gpt-4o"), "model", "model_copy"),
        (lambda m: m.chat(HELLO, tools=["add"]), "tools", "chat_with_tools"),
        (lambda m: m.chat_with_tools([add], "Hi"), "tools", "FunctionTool"),
        (lambda m: m.chat_with_tools([SPACED], "Hi"), "tools", "my tool"),
        (lambda m: m.chat_with_tools([TOOL], "Hi", tool_choice="sub"), "tool_choice", "add"),
        (lambda m: m.structured_predict(BaseModel, "a {x}", x=1), "prompt", "PromptTemplate"),
        (lambda m: m.structured_predict(dict, PromptTemplate("a")), "output_cls", "dict"),
        (
            lambda m: m.stream_structured_predict(list[int], PromptTemplate("a")),
            "output_cls",
            "list",
        ),
        (lambda m: m.chat([media(ImageBlock())]), "messages", "ImageBlock"),
        (lambda m: m.chat([media(DocumentBlock())]), "messages", "DocumentBlock"),
        (lambda m: m.chat([media(AudioBlock())]), "messages", "AudioBlock"),
    ],
)
def test_bad_input_is_named_and_nothing_is_sent(use, param, words):
    def never(request: httpx2.Request) -> httpx2.Response:
        raise AssertionError("sent")

    with httpx2.Client(transport=httpx2.MockTransport(never)) as guest:
        llm = RespLLM("openai/gpt-5", api_key="k", http_client=guest)
        with pytest.raises(ArgumentError, match=words) as caught:
            use(llm)
    assert caught.value.param == param


async def test_bad_input_of_async_calls_is_named():
    llm = RespLLM("offline/demo")
    with pytest.raises(ArgumentError, match="complete"):
        await llm.achat("Hello")
    with pytest.raises(ArgumentError, match="prompt"):
        await llm.astream_complete(None)


def test_messages_from_a_generator_are_all_sent(send):
    assert send(lambda m: m.chat(message for message in HELLO))["input"]


@pytest.mark.parametrize(("model", "included"), [("openai/gpt-5", True), ("openai/gpt-4o", False)])
def test_encrypted_reasoning_is_asked_for_where_nothing_is_stored(send, model, included):
    body = send(model=model, store=False)
    assert body.get("include") == (["reasoning.encrypted_content"] if included else None)


def test_tools_and_no_more(send):
    body = send(lambda m: m.chat_with_tools([TOOL], "Add", allow_parallel_tool_calls=True))
    [tool] = body["tools"]
    assert (tool["type"], tool["name"], tool["strict"]) == ("function", "add", False)
    assert tool["parameters"]["required"] == ["a"]
    assert "tool_choice" not in body
    assert "parallel_tool_calls" not in body


def test_one_call_at_a_time_is_said(send):
    body = send(lambda m: m.chat_with_tools([TOOL], "Add", tool_required=True))
    assert (body["parallel_tool_calls"], body["tool_choice"]) == (False, "required")


def test_without_tools_nothing_about_tools_is_sent(send):
    body = send(
        lambda m: m.chat_with_tools([], "Add", tool_required=True), parallel_tool_calls=True
    )
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & body.keys()


def test_a_native_schema(send):
    class Hi(BaseModel):
        type: str = "message"

    def use(llm: RespLLM) -> None:
        with pytest.raises(ValueError, match="Hi"):
            llm.structured_predict(Hi, PromptTemplate("x"))

    form = send(use)["text"]["format"]
    assert (form["type"], form["name"], form["strict"]) == ("json_schema", "Hi", True)
    assert form["schema"]["additionalProperties"] is False


def test_an_answer_goes_back_byte_for_byte(send):
    def use(llm: RespLLM) -> None:
        first = llm.chat(HELLO)
        llm.chat([*HELLO, first.message, ChatMessage(role="user", content="More")])

    assert send(use)["input"][1:4] == [MCP, THOUGHT, SAID]


def test_a_result_for_a_call_that_the_server_remembers(send):
    result = ChatMessage(role="tool", content="3", additional_kwargs={"tool_call_id": "call_9"})
    output = {"type": "function_call_output", "call_id": "call_9", "output": "3"}
    for known in ({"previous_response_id": "resp_0"}, {"conversation": "conv_0"}):
        assert send(lambda m, k=known: m.chat([result], **k))["input"] == [output]
    assert send(lambda m: m.chat([*HELLO, result]))["input"] != [output]


def test_an_answer_goes_to_another_server_without_its_secrets(send):
    def use(llm: RespLLM) -> None:
        first = llm.chat(HELLO)
        llm.base_url = "https://elsewhere.example/v1"
        llm.api_key = "other"
        llm.chat([*HELLO, first.message])

    body = send(use)
    assert [item.get("type", "message") for item in body["input"]] == ["message", "message"]
    assert "id" not in body["input"][1]
    assert body["headers"]["authorization"] == "Bearer other"


def test_hosted_tools_come_first(send):
    search = {"type": "web_search"}
    body = send(lambda m: m.chat_with_tools([TOOL], "Add"), built_in_tools=[search])
    assert [tool["type"] for tool in body["tools"]] == ["web_search", "function"]


# --- the pure parts


@pytest.mark.parametrize(
    ("given", "required", "sent"),
    [
        (None, False, None),
        (None, True, "required"),
        ("auto", True, "required"),
        ("none", False, "none"),
        ("any", False, "required"),
        ("my_tool", True, {"type": "function", "name": "my_tool"}),
        (
            {"type": "function", "function": {"name": "f"}},
            False,
            {"type": "function", "name": "f"},
        ),
        ({"type": "web_search"}, True, {"type": "web_search"}),
    ],
)
def test_tool_choices(given, required, sent):
    assert choice(given, required=required) == sent


def test_a_chat_shaped_format_is_flattened():
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "strict": True}}
    made = options_of([{"response_format": form}], hosted=())
    assert made.body["text"]["format"] == {
        "type": "json_schema",
        "name": "n",
        "schema": {},
        "strict": True,
    }


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"stop": [1]}, "stop"),
        ({"text": "short"}, "text"),
        ({"extra_body": "x"}, "extra_body"),
        ({"no_such_thing": 1}, "no_such_thing"),
    ],
)
def test_wrong_options_are_named(options, param):
    with pytest.raises(ArgumentError) as caught:
        options_of([options], hosted=())
    assert caught.value.param == param


def test_a_tool_that_cannot_be_strict_says_so():
    def put(values: dict[str, int]) -> None:
        """Put values."""

    with pytest.raises(ArgumentError, match="strict"):
        function_tool(FunctionTool.from_defaults(put), strict=True)

"""bind_tools and with_structured_output: every kind of tool, choice and schema."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress
from typing import Annotated, Any

import pytest
from langchain_core import exceptions as lc
from langchain_core.exceptions import OutputParserException
from langchain_core.tools import BaseTool, Tool, tool
from pydantic import BaseModel, Field
from pydantic.v1 import BaseModel as OldModel
from typing_extensions import TypedDict

from langchain_resp import ChatResp
from langchain_resp.schemas import response_format
from langchain_resp.tools import (
    _CACHE,
    bound_tools,
    request_tool,
    request_tool_choice,
    request_tools,
)
from resp_core import errors as core
from tests.langchain.server import Server, called, refused, response, said, stream_of

PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


@tool
def base_tool(city: str) -> str:
    """Weather."""
    return city


def function(city: str) -> str:
    """Weather."""
    return city


class New(BaseModel):
    """Weather."""

    city: str


class Old(OldModel):
    """Weather."""

    city: str


class Typed(TypedDict):
    """Weather."""

    city: str


@pytest.mark.parametrize(
    "given",
    [
        base_tool,
        function,
        New,
        Old,
        Typed,
        {"type": "function", "function": {"name": "function", "parameters": PARAMETERS}},
        {"type": "function", "name": "function", "parameters": PARAMETERS},
        {"name": "function", "input_schema": PARAMETERS},
        {"title": "function", **PARAMETERS},
    ],
)
def test_functions_of_every_kind(given: Any) -> None:
    made = request_tool(given)
    assert made["type"] == "function"
    assert made["name"] in ("base_tool", "function", "New", "Old", "Typed")
    assert list(made["parameters"]["properties"]) == ["city"]
    assert "function" not in made


@pytest.mark.parametrize(
    "given",
    [
        {"type": "web_search", "search_context_size": "low"},
        {"type": "mcp", "server_label": "a", "server_url": "https://a.test"},
        {"type": "computer"},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "custom", "name": "c", "format": {"type": "text"}},
        {"type": "brand_new", "x": 1},
    ],
)
def test_hosted_and_unknown_tools_pass(given: dict[str, Any]) -> None:
    before = dict(given)
    assert request_tool(given) == before
    assert request_tool(request_tool(given)) == before == given


def test_custom_tools_and_extras() -> None:
    custom = Tool(name="c", description="d", func=str, metadata={"type": "custom_tool"})
    assert request_tool(custom) == {"type": "custom", "name": "c", "description": "d"}
    later = base_tool.model_copy(update={"extras": {"defer_loading": True}})
    assert request_tool(later)["defer_loading"] is True


def test_conversions_are_cached_by_identity_and_go_with_the_tool() -> None:
    assert bound_tools([base_tool], None)[0] is bound_tools([base_tool], None)[0]
    changed = base_tool.model_copy()
    first = request_tool(changed)
    changed.description = "other"
    assert request_tool(changed)["description"] == "other" != first["description"]
    gone, key = weakref.ref(changed), (id(changed), None)
    assert key in _CACHE._made
    del changed
    gc.collect()
    assert gone() is None
    assert key not in _CACHE._made


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        (False, None),
        ("auto", "auto"),
        ("none", "none"),
        ("any", "required"),
        ("required", "required"),
        (True, "required"),
        ("f", {"type": "function", "name": "f"}),
        ("c", {"type": "custom", "name": "c"}),
        ("web_search", {"type": "web_search"}),
        ("docs", {"type": "mcp", "server_label": "docs"}),
        ({"type": "function", "function": {"name": "f"}}, {"type": "function", "name": "f"}),
        ({"type": "function", "name": "f"}, {"type": "function", "name": "f"}),
        ({"type": "tool", "name": "f"}, {"type": "function", "name": "f"}),
        ({"type": "any"}, "required"),
        ({"type": "auto"}, "auto"),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "auto",
                    "tools": [{"type": "function", "function": {"name": "f"}}],
                },
            },
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "f"}],
            },
        ),
    ],
)
def test_tool_choice(choice: Any, expected: Any) -> None:
    tools = [
        {"type": "function", "name": "f"},
        {"type": "custom", "name": "c"},
        {"type": "web_search"},
        {"type": "mcp", "server_label": "docs"},
    ]
    assert request_tool_choice(choice, tools) == expected


def test_a_choice_that_is_no_tool_is_refused() -> None:
    with pytest.raises(core.ArgumentError, match="nope"):
        request_tool_choice("nope", [{"type": "function", "name": "f"}])
    with pytest.raises(core.ArgumentError):
        request_tool_choice(3, [])


def test_strict_is_honoured_or_refused() -> None:
    (made,) = [request_tool(t) for t in bound_tools([function], True)]
    assert made["strict"] is True
    assert made["parameters"]["additionalProperties"] is False

    def open_ended(data: dict[str, Any]) -> str:
        """Take anything."""
        return str(data)

    with pytest.raises(core.UnsupportedError, match="data"):
        ChatResp(model="offline/demo").bind_tools([open_ended], strict=True)
    given = {"type": "function", "name": "f", "parameters": PARAMETERS, "strict": False}
    with pytest.raises(core.ArgumentError, match="strict"):
        bound_tools([given], True)


def test_the_second_request_is_the_first() -> None:
    server = Server(response(said("a")))
    tools = [base_tool, {"type": "image_generation", "partial_images": 1}, New]
    model = server.model().bind_tools(tools, tool_choice="auto", parallel_tool_calls=False)
    model.invoke("hi")
    model.invoke("hi")
    list(model.stream("hi"))
    first, second, third = server.bodies
    assert first == second == {k: v for k, v in third.items() if k != "stream"}


def test_no_tools_no_tool_options() -> None:
    server = Server(response(said("a")))
    server.model(parallel_tool_calls=False).bind_tools([], tool_choice="auto").invoke("hi")
    assert set(server.bodies[0]) == {"model", "input"}


# -- schemas


class Item(BaseModel):
    name: str
    price: float | None = None


class Order(BaseModel):
    """An order."""

    items: list[Item] = Field(default_factory=list)
    note: str = "none"
    title: str


def test_strict_schemas_require_everything() -> None:
    made = response_format(Order, None)
    assert made["strict"] is True
    assert made["name"] == "Order"
    schema = made["schema"]
    assert schema["required"] == ["items", "note", "title"]
    assert schema["additionalProperties"] is False
    assert list(schema["properties"]) == ["items", "note", "title"]
    assert schema["properties"]["items"]["items"] == {"$ref": "#/$defs/Item"}
    item = schema["$defs"]["Item"]
    assert item["required"] == ["name", "price"]
    assert item["additionalProperties"] is False


class Free(BaseModel):
    data: dict[str, Any]


def test_a_schema_that_cannot_be_enforced() -> None:
    assert response_format(Free, None)["strict"] is False
    assert response_format(Free, False)["strict"] is False
    with pytest.raises(core.UnsupportedError, match="data"):
        response_format(Free, True)


def test_ready_made_formats() -> None:
    chat = {"type": "json_schema", "json_schema": {"name": "x", "schema": PARAMETERS}}
    assert response_format(chat, None)["name"] == "x"
    assert response_format({"type": "json_object"}, None) == {"type": "json_object"}
    assert response_format(PARAMETERS, None)["name"] == "response"
    strict = {**chat["json_schema"], "strict": True}  # type: ignore[dict-item]
    for given in (strict, {"type": "json_schema", "json_schema": strict}):
        made = response_format(given, None)
        assert made["schema"]["additionalProperties"] is False
    with pytest.raises(core.ArgumentError):
        response_format(7, None)


class Tree(BaseModel):
    """A tree."""

    name: str
    children: list[Tree] = Field(default_factory=list)


class Forest(BaseModel):
    """Trees."""

    trees: list[Tree]


@pytest.mark.parametrize("kind", [Tree, Forest])
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("strict", [None, True, False])
def test_a_class_inside_itself_keeps_its_shape(kind: Any, method: Any, strict: Any) -> None:
    server = Server(answer("json_schema", "{}"))
    model = server.model().with_structured_output(kind, method=method, strict=strict)
    with suppress(OutputParserException):
        model.invoke("hi")
    body = server.bodies[0]
    found = body["text"]["format"]["schema"] if "text" in body else body["tools"][0]["parameters"]
    assert found["properties"].keys() == kind.model_fields.keys()
    inner = found["$defs"]["Tree"]
    assert inner["properties"]["children"]["items"] == {"$ref": "#/$defs/Tree"}
    if strict or (strict is None and method == "json_schema"):
        assert inner["additionalProperties"] is False


@pytest.mark.parametrize(
    "given",
    [
        {"type": "object", "properties": {"setup": {"type": "string"}}},
        {"name": "joke", "schema": PARAMETERS},
        {"type": "json_schema", "json_schema": {"name": "joke", "schema": PARAMETERS}},
        {"title": "joke", "description": "A joke.", **PARAMETERS},
        {"name": "joke", "description": "A joke.", "parameters": PARAMETERS},
        {"name": "joke", "description": "A joke.", "input_schema": PARAMETERS},
        {"type": "function", "function": {"name": "joke", "parameters": PARAMETERS}},
    ],
)
def test_a_schema_as_a_dict_of_any_form_makes_a_function(given: dict[str, Any]) -> None:
    name = "joke" if "joke" in str(given) else "response"
    server = Server(response(called(name, '{"setup": "a"}')))
    runnable = server.model().with_structured_output(given, method="function_calling")
    assert runnable.invoke("hi") == {"setup": "a"}
    (tool,) = server.bodies[0]["tools"]
    assert tool["name"] == name
    assert tool["parameters"]["properties"]
    if "A joke." in str(given):
        assert tool["description"] == "A joke."


def test_what_is_no_function_is_refused() -> None:
    model = ChatResp(model="offline/demo")
    with pytest.raises(core.ArgumentError, match="json_mode"):
        model.with_structured_output({"type": "json_object"}, method="function_calling")
    with pytest.raises(core.ArgumentError, match="tools") as caught:
        model.bind_tools([7])  # type: ignore[list-item]
    assert caught.value.param == "tools"


class Joke(BaseModel):
    """A joke."""

    setup: Annotated[str, Field(description="first part")]
    punchline: str


class JokeDict(TypedDict):
    """A joke."""

    setup: str
    punchline: str


GOOD = '{"setup": "a", "punchline": "b"}'


def answer(method: str, text: str) -> dict[str, Any]:
    if method == "function_calling":
        return response(called("Joke", text))
    return response(said(text))


METHODS: list[Any] = ["json_schema", "function_calling", "json_mode"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("include_raw", [False, True])
def test_data_comes_out(method: Any, include_raw: bool) -> None:
    model = Server(answer(method, GOOD)).model()
    runnable = model.with_structured_output(Joke, method=method, include_raw=include_raw)
    for result in (runnable.invoke("hi"), list(runnable.stream("hi"))[-1]):
        parsed = result["parsed"] if include_raw and "parsed" in result else result
        if include_raw and "parsed" not in result:
            continue
        assert parsed == Joke(setup="a", punchline="b")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("text", ["no json", '{"setup": "a"}', '{"setup": "a", "punch'])
def test_what_is_no_data_raises_or_is_told(method: Any, text: str) -> None:
    model = Server(answer(method, text)).model()
    with pytest.raises(OutputParserException):
        model.with_structured_output(Joke, method=method).invoke("hi")
    told = model.with_structured_output(Joke, method=method, include_raw=True).invoke("hi")
    assert told["parsed"] is None
    assert isinstance(told["parsing_error"], OutputParserException)
    assert told["raw"].response_metadata["id"] == "resp_1"


@pytest.mark.parametrize("method", METHODS)
def test_refusals_are_errors_of_both_trees(method: Any) -> None:
    model = Server(response(refused("I will not"))).model()
    runnable = model.with_structured_output(Joke, method=method)
    with pytest.raises(core.RefusalError) as caught:
        runnable.invoke("hi")
    assert caught.value.refusal == "I will not"
    assert isinstance(caught.value, getattr(lc, "ModelRefusalError", lc.ModelError))
    with pytest.raises(core.RefusalError):
        list(runnable.stream("hi"))
    told = model.with_structured_output(Joke, method=method, include_raw=True).invoke("hi")
    assert isinstance(told["parsing_error"], core.RefusalError)


def test_dicts_grow_while_they_stream() -> None:
    server = Server(stream_of(response(said(GOOD)), pieces=8))
    parts = list(server.model().with_structured_output(JokeDict).stream("hi"))
    assert len(parts) > 2
    assert parts[-1] == {"setup": "a", "punchline": "b"}


def test_methods_and_strictness_are_checked() -> None:
    model = ChatResp(model="offline/demo")
    with pytest.raises(core.ArgumentError, match="method"):
        model.with_structured_output(Joke, method="xml")  # type: ignore[arg-type]
    with pytest.raises(core.ArgumentError, match="strict"):
        model.with_structured_output(Joke, method="json_mode", strict=True)
    with pytest.raises(core.ArgumentError, match="schema"):
        model.with_structured_output()
    with pytest.raises(core.UnsupportedError):
        model.with_structured_output(Free, strict=True)


def test_structured_output_beside_tools() -> None:
    server = Server(response(said(GOOD)))
    runnable = server.model().with_structured_output(Joke, tools=[base_tool], strict=True)
    assert runnable.invoke("hi") == Joke(setup="a", punchline="b")
    body = server.bodies[0]
    assert body["text"]["format"]["strict"] is True
    assert body["tools"][0]["name"] == "base_tool"


def test_fenced_json_is_read() -> None:
    server = Server(response(said(f"```json\n{GOOD}\n```")))
    runnable = server.model().with_structured_output(Joke, method="json_mode")
    assert runnable.invoke("hi") == Joke(setup="a", punchline="b")


def test_provider_strategy_is_chosen_where_the_model_can() -> None:
    profile = ChatResp(model="openai/gpt-5.4-mini").profile
    assert profile is not None
    assert profile["structured_output"]
    assert isinstance(base_tool, BaseTool)


def test_bound_functions_are_made_flat_once() -> None:
    tools = bound_tools([base_tool, function, New], None)
    flat = request_tools(tools, None)
    assert flat == [request_tool(tool) for tool in tools]
    assert request_tools(tools, None) is flat
    assert request_tools(list(tools), None) is flat
    assert request_tools(bound_tools([base_tool, function, New], None), None)[0] is flat[0]
    assert request_tools(tools[:2], None) == flat[:2]
    assert request_tools(tools, True) == [request_tool(tool, True) for tool in tools]


def test_a_change_of_a_bound_function_is_sent() -> None:
    made = [
        {"type": "function", "function": {"name": "f", "parameters": {"properties": {}}}},
        {"type": "function", "function": {"name": "g"}},
    ]
    changes: list[Any] = [
        lambda: made[0]["function"].update(description="more"),  # type: ignore[attr-defined]
        lambda: made[0]["function"].update(name="h"),  # type: ignore[attr-defined]
        lambda: made[0]["function"]["parameters"]["properties"].update(x={}),  # type: ignore[index]
        lambda: made[1].update(function={"name": "i"}),
        lambda: made[1].update(strict=True),
        lambda: made.reverse(),
        lambda: made.append({"type": "web_search"}),
        lambda: made.pop(),
    ]
    request_tools(made, None)
    for change in changes:
        change()
        assert request_tools(made, None) == [request_tool(tool) for tool in made]


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_a_change_of_a_bound_function_reaches_the_server(api: Any) -> None:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "hi"},
        "finish_reason": "stop",
    }
    server = Server(response(said("hi"), object="chat.completion", choices=[choice]))
    model = server.model(api=api).bind_tools([base_tool])
    function: Any = model.kwargs["tools"][0]["function"]  # type: ignore[attr-defined]
    before = dict(function)
    try:
        for text in ("first", "second", "second"):
            function["description"] = text
            model.invoke("hi")
    finally:
        function.update(before)
    sent = [body["tools"][0] for body in server.bodies]
    assert [t.get("function", t)["description"] for t in sent] == ["first", "second", "second"]


def test_bound_functions_do_not_hide_numbers_that_are_none() -> None:
    server = Server(response(said("hi")))
    model = server.model().bind_tools([base_tool])
    odd = {"type": "function", "name": "f", "parameters": {"maximum": float("inf")}}
    for _ in range(2):
        model.invoke("hi")
        with pytest.raises(core.ArgumentError, match="tools"):
            model.invoke("hi", extra_body={"tools": [odd]})
    bound = server.model().bind_tools([{"type": "function", "function": {"name": "g", **odd}}])
    for _ in range(2):
        with pytest.raises(core.ArgumentError, match="tools"):
            bound.invoke("hi")

"""Whatever a call is given, it is ready to be sent or refused with a typed error."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from resp_core import Client
from resp_core.client import plan
from resp_core.client.params import CHAT_FIELDS, RESPONSE_FIELDS
from resp_core.errors import RespError

WORDS = (
    "type role content name function custom arguments call_id id tool_calls output text image_url "
    "file format schema json_schema effort summary tools mode audio tool_call_id function_call "
    "refusal annotations namespace input status parameters server_label require_approval"
).split()
KINDS = (
    "function custom namespace message function_call function_call_output reasoning mcp mcp_call "
    "mcp_approval_response item_reference input_text input_image output_text refusal text "
    "image_url file allowed_tools json_schema web_search computer_call custom_tool_call"
).split()
ROLES = ("user", "assistant", "system", "tool", "developer", "function", "nobody")

simple = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.sampled_from([object(), int, {1, 2}, (), KINDS]),
)
values = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner),
        st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
        st.fixed_dictionaries(
            {}, optional={"type": st.sampled_from(KINDS), "role": st.sampled_from(ROLES)}
        ),
    ),
    max_leaves=8,
)
items = st.lists(
    st.fixed_dictionaries(
        {"content": values},
        optional={
            "type": st.sampled_from(KINDS),
            "role": st.sampled_from(ROLES),
            "call_id": st.sampled_from(["c", "", None]),
            "tool_calls": values,
            "output": values,
        },
    ),
    max_size=3,
)
CLIENTS = [
    Client("openai/m", api_key="k", api="responses"),
    Client("openai/m", api_key="k", api="chat"),
    Client("openai/o3", api_key="k", api="chat"),
    Client("openai/gpt-5", api_key="k", api="responses"),
    Client("azure/o1", api_key="k", base_url="https://r.openai.azure.com"),
    Client("azure_text/d", api_key="k", base_url="https://r.openai.azure.com"),
    *(Client(f"{name}/m", api_key="k") for name in ("mistral", "xai", "deepseek", "vllm")),
]


def fields(names: frozenset[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(sorted(names)), values, max_size=3)


def ready(client: Client, made: Any) -> None:
    call: Any = client.call_for(made)
    if hasattr(call, "task"):
        call.task.reader(call.prepare(), call.clock, call._losses)


clients, policies = st.sampled_from(CLIENTS), st.sampled_from(["raise", "drop"])


@given(clients, fields(RESPONSE_FIELDS - {"input"}), st.text() | items, policies, st.booleans())
@settings(max_examples=300)
def test_responses(
    client: Client, params: dict[str, Any], input: Any, policy: Any, stream: bool
) -> None:
    with suppress(RespError):
        ready(client, plan.response_turn({**params, "input": input}, stream, policy))


@given(clients, fields(CHAT_FIELDS - {"messages"}), items, policies, st.booleans())
@settings(max_examples=300)
def test_chat(
    client: Client, params: dict[str, Any], messages: Any, policy: Any, stream: bool
) -> None:
    with suppress(RespError):
        ready(client, plan.chat_turn({**params, "messages": messages}, stream, policy))

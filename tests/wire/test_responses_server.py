"""Chat parts and tools in a Responses request, put right."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from resp_core.wire.losses import Losses
from resp_core.wire.responses_server import normalize_input

TEXT = {"type": "text", "text": "a"}
IMAGE = {"type": "image_url", "image_url": {"url": "u", "detail": "low"}}
FILE = {"type": "file", "file": {"file_id": "f"}}
FUNCTION = {"type": "function", "name": "f", "parameters": {}, "strict": True}

CHANGED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"input": [{"role": "user", "content": [TEXT, IMAGE, FILE]}]},
        {
            "input": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "a"},
                        {"type": "input_image", "image_url": "u", "detail": "low"},
                        {"type": "input_file", "file_id": "f"},
                    ],
                }
            ]
        },
    ),
    (
        {"input": [{"role": "assistant", "content": [TEXT]}]},
        {"input": [{"role": "assistant", "content": [{"type": "output_text", "text": "a"}]}]},
    ),
    (
        {"input": [{"type": "function_call_output", "call_id": "c", "output": [TEXT]}]},
        {
            "input": [
                {
                    "type": "function_call_output",
                    "call_id": "c",
                    "output": [{"type": "input_text", "text": "a"}],
                }
            ]
        },
    ),
    (
        {
            "input": "hi",
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        },
        {"input": "hi", "tools": [{**FUNCTION, "strict": False}]},
    ),
]


@pytest.mark.parametrize(("given", "expected"), CHANGED)
def test_chat_forms_are_converted(given: dict[str, Any], expected: dict[str, Any]) -> None:
    before, losses = copy.deepcopy(given), Losses("a server")
    assert normalize_input({"model": "m", **given}, losses) == {"model": "m", **expected}
    assert given == before
    assert len(losses.notes) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"input": "hi"},
        {"input": [{"role": "user", "content": "hi"}], "tools": [FUNCTION]},
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "a"}]}]},
        {"input": [{"type": "not_yet_invented", "content": [{"type": "output_smell"}]}]},
        {"input": ["odd", None, {"role": "user", "content": ["odd", {}]}]},
        {"input": None, "tools": None},
        {},
    ],
)
def test_everything_else_is_left_alone(body: dict[str, Any]) -> None:
    losses = Losses("a server")
    assert normalize_input(body, losses) is body
    assert losses.notes == []

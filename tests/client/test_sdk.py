"""What the official openai SDK has, this client has under the same name: its 2.x and its 3.x."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from resp_core import AsyncClient, Client
from resp_core.client import params
from resp_core.client.obj import Obj
from resp_core.offline import chat_in, responses_in

METHODS = (
    "chat.completions.create",
    "chat.completions.parse",
    "chat.completions.stream",
    "conversations.create",
    "conversations.delete",
    "conversations.items.create",
    "conversations.items.delete",
    "conversations.items.list",
    "conversations.items.retrieve",
    "conversations.retrieve",
    "conversations.update",
    "embeddings.create",
    "models.list",
    "models.retrieve",
    "responses.cancel",
    "responses.compact",
    "responses.create",
    "responses.delete",
    "responses.input_items.list",
    "responses.input_tokens.count",
    "responses.parse",
    "responses.retrieve",
    "responses.stream",
)
pytestmark = pytest.mark.peer


@cache
def sdk(python: str) -> dict[str, Any]:
    script = Path(__file__).parent / "sdk_fields.py"
    done = subprocess.run(
        [python, "-W", "ignore", "-I", str(script), *METHODS],
        capture_output=True,
        text=True,
        timeout=50,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def method(client: Any, name: str) -> Any:
    for part in name.split("."):
        client = getattr(client, part)
    return client


def parameters(of: Any) -> set[str]:
    """The parameters of one of our methods, those of its TypedDict included."""
    names: set[str] = set()
    for name, parameter in inspect.signature(of).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            kind = parameter.annotation.removeprefix("Unpack[").removesuffix("]")
            names |= set(getattr(params, kind).__annotations__)
        else:
            names.add(name)
    return names


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_is_known(name: str, kind: Any, openai_python: str) -> None:
    theirs = sdk(openai_python)["parameters"][name]
    assert set(theirs) - parameters(method(kind("offline/demo"), name)) == set()


@pytest.mark.parametrize("name", METHODS)
def test_sync_and_async_take_the_same(name: str) -> None:
    sync, asynchronous = (method(kind("offline/demo"), name) for kind in (Client, AsyncClient))
    assert parameters(sync) == parameters(asynchronous)
    assert (
        str(inspect.signature(sync)).partition(" ->")[0]
        == (str(inspect.signature(asynchronous)).partition(" ->")[0])
    )


@pytest.mark.parametrize(
    ("name", "table"),
    [("responses.create", responses_in.CREATE), ("chat.completions.create", chat_in.COMPLETE)],
)
def test_the_offline_server_knows_them_too(
    name: str, table: dict[str, Any], openai_python: str
) -> None:
    ours = {"extra_headers", "extra_query", "extra_body", "timeout"}
    assert set(sdk(openai_python)["parameters"][name]) - ours - table.keys() == set()


def test_optional_fields_read_as_none(openai_python: str) -> None:
    empty = Obj({})
    methods = {"keys"}  # of a dict, until there is a field of that name
    for name in set(sdk(openai_python)["optional"]) - methods:
        assert getattr(empty, name) is None, name

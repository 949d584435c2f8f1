"""One model over each API and each way to reach it: every contract test runs on all four.

Async ones run twice, on an event loop of their own and on one loop for the whole session; and
wherever a test asks for no options, one object serves the whole session, as in a real program.
With LLAMAINDEX_LLM=OpenAI or OpenAIResponses the contract is asked of that LLM of LlamaIndex's
own instead (see `peers.py`); tests marked `own` say what is RespLLM's alone.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from llama_index.core import Settings
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.tools import FunctionTool
from pydantic import Field

from llamaindex_resp import RespEmbedding, RespLLM
from resp_core.errors import APIError
from resp_core.offline.loopback import OfflineServer, serve
from tests.loops import own_loop

PEER = os.environ.get("LLAMAINDEX_LLM", "")
OURS = ("responses", "chat", "azure-responses", "azure-chat")
BACKENDS = (PEER,) if PEER else OURS
KEY = "sk-canary-0123456789abcdef"


LOOPS = {"new-loop": "function", "one-loop": "session"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "own: says what RespLLM does beyond LlamaIndex's contract")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "make_llm" in metafunc.fixturenames and inspect.iscoroutinefunction(metafunc.function):
        metafunc.fixturenames.append("loop")
        scopes = [
            pytest.param(name, marks=pytest.mark.asyncio(loop_scope=scope), id=name)
            for name, scope in LOOPS.items()
        ]
        metafunc.parametrize("loop", scopes)


@pytest.fixture(autouse=True)
def loop_of_the_main_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """LlamaIndex's blocking methods make themselves a loop where there is none, and leave it."""
    if inspect.iscoroutinefunction(request.function):
        yield
        return
    with own_loop():
        yield


MakeLLM = Callable[..., RespLLM]


@pytest.fixture(scope="session")
def azure() -> Iterator[OfflineServer]:
    """Stands in for an Azure resource: the same strict server behind Azure's addresses."""
    with serve() as server:
        yield server


class Models:
    """The models of a session: those without options, by backend and name, and all there are."""

    def __init__(self) -> None:
        self.shared: dict[tuple[str, str], RespLLM] = {}
        self.made: list[RespLLM] = []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def models() -> AsyncIterator[Models]:
    models = Models()
    yield models
    for llm in models.made:
        llm.client.close()
        await llm.async_client.close()


@pytest.fixture(params=BACKENDS)
def make_llm(request: pytest.FixtureRequest, azure: OfflineServer, models: Models) -> MakeLLM:
    """Makes a RespLLM on the backend under test; options are RespLLM's, `fresh` shares nothing."""
    if PEER:
        from tests.llamaindex.peers import peer_llm

        return lambda name="offline/demo", **options: peer_llm(PEER, azure.url, name, options)
    host, _, api = request.param.rpartition("-")
    where: dict[str, Any] = {"api": api}
    if host == "azure":
        where |= {"azure_endpoint": azure.url, "api_version": "2025-04-01-preview"}

    def make(name: str = "offline/demo", *, fresh: bool = False, **options: Any) -> RespLLM:
        name = name.replace("offline/", "azure/") if host else name
        place = (request.param, name)
        shares = not (options or fresh)
        if shares and place in models.shared:
            return models.shared[place]
        models.made.append(RespLLM(name, **{"api_key": KEY, **where, **options}))
        if shares:
            models.shared[place] = models.made[-1]
        return models.made[-1]

    return make


@pytest.fixture
def api(request: pytest.FixtureRequest) -> str:
    """The API that the LLM under test speaks."""
    if PEER:
        return "chat" if PEER == "OpenAI" else "responses"
    return str(request.node.callspec.params["make_llm"]).rpartition("-")[2]


@pytest.fixture
def api_error() -> type[Exception] | tuple[type[Exception], ...]:
    """What the LLM under test raises where the provider fails, or the connection to it."""
    if PEER:
        import httpx
        import openai

        return openai.APIError, httpx.HTTPError
    return APIError


@pytest.fixture
def llm(make_llm: MakeLLM) -> Iterator[RespLLM]:
    """The one model of the backend; Settings and some tests give it callbacks of their own."""
    llm = make_llm()
    before = llm.callback_manager
    yield llm
    llm.callback_manager = before


@pytest.fixture
def embedding() -> RespEmbedding:
    return RespEmbedding("offline/embed")


@pytest.fixture
def settings(llm: RespLLM, embedding: RespEmbedding) -> Iterator[Any]:
    """LlamaIndex's global settings, with our models in them."""
    Settings.llm, Settings.embed_model = llm, embedding
    yield Settings
    Settings._llm = Settings._embed_model = Settings._callback_manager = None


class Events(BaseEventHandler):
    """Collects what LlamaIndex's dispatcher sends."""

    events: list[Any] = Field(default_factory=list[Any])

    @classmethod
    def class_name(cls) -> str:
        return "Events"

    def handle(self, event: Any, **kwargs: Any) -> None:
        self.events.append(event)

    def names(self) -> list[str]:
        return [event.class_name() for event in self.events]

    def of(self, name: str) -> list[Any]:
        return [event for event in self.events if event.class_name() == name]


@pytest.fixture
def events() -> Iterator[Events]:
    dispatcher = get_dispatcher()
    handler = Events()
    dispatcher.add_event_handler(handler)
    yield handler
    dispatcher.event_handlers.remove(handler)


def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


def get_weather(city: str) -> str:
    """Get the weather in a city."""
    return f"sunny in {city}"


@pytest.fixture
def tools() -> list[FunctionTool]:
    return [FunctionTool.from_defaults(multiply), FunctionTool.from_defaults(get_weather)]

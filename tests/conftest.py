"""What every test stands on: no network, no credentials, the paths of this checkout."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from tests.servers import postgres_url, redis_url  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from resp_core.offline.loopback import OfflineServer

ROOT = Path(__file__).resolve().parent.parent
RECORDINGS = ROOT.parent / "shared" / "recordings"

#: Variables that change what the packages do. None of the developer's own may reach a test.
PRIVATE = re.compile(
    r"^(OPENAI|AZURE|GROQ|MISTRAL|DEEPSEEK|XAI|OPENROUTER|TOGETHER|TOGETHERAI|FIREWORKS|PERPLEXITY"
    r"|PERPLEXITYAI|CEREBRAS|OLLAMA|VLLM|HOSTED_VLLM|LM_STUDIO|LMSTUDIO|CUSTOM|RESP|LITELLM"
    r"|LANGCHAIN|LANGSMITH|AWS|GOOGLE|IDENTITY|MSI|HTTP_PROXY|HTTPS_PROXY|ALL_PROXY|NO_PROXY"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE)(_|$)|_API_KEY$",
    re.IGNORECASE,
)

settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")


class NetworkForbiddenError(RuntimeError):
    """A test tried to leave this machine."""


def is_local(host: object) -> bool:
    """Whether `host` (a name or an address) is this machine."""
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name in {"", "localhost"} or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def guard_sockets() -> None:
    """Let sockets reach loopback and Unix addresses only, for the whole run.

    Names under `.invalid` fail as an unknown host does, so that DNS failures can be tested.
    """
    connect, connect_ex, getaddrinfo = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def check(sock: socket.socket, address: Any) -> None:
        internet = sock.family in {socket.AF_INET, socket.AF_INET6}
        if internet and not is_local(address[0]):
            raise NetworkForbiddenError(f"tests may not connect to {address!r}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(self, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not is_local(name) and not is_address(name):
            raise NetworkForbiddenError(f"tests may not look up {name!r}")
        return getaddrinfo(host, *args, **kwargs)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_getaddrinfo


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


#: pytest-asyncio would make one, which nobody closes once `asyncio.run` has taken its place.
_LOOP = asyncio.new_event_loop()


def pytest_unconfigure() -> None:
    _LOOP.close()


def pytest_configure() -> None:
    asyncio.set_event_loop(_LOOP)
    guard_sockets()
    for name in [name for name in os.environ if PRIVATE.search(name)]:
        del os.environ[name]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than the processors: many tests wait for a server."""
    return min((os.cpu_count() or 1) + 1, 8)


def pytest_collection_finish() -> None:
    """What was imported stays; looking through it at each collection took a tenth of the run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """Whatever a test does to the environment ends with it."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded provider traffic, which is not part of this repository."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not beside this checkout (../shared/recordings)")
    return RECORDINGS


@pytest.fixture
def offline_server() -> Iterator[OfflineServer]:
    """The offline provider on a loopback port, with a memory of its own."""
    from resp_core.offline.loopback import serve

    with serve() as server:
        yield server


def peer_python(folder: str) -> str:
    """The interpreter of a peer's environment, for tests that start one.

    `make test` builds them; where one is missing the test is skipped and says how to get it.
    """
    bin_folder = "Scripts" if sys.platform == "win32" else "bin"
    python = ROOT / f".venv-{folder}" / bin_folder / "python"
    if not python.exists():
        pytest.skip(f"no environment for this peer: python3 scripts/envs.py {folder}")
    return str(python)


@pytest.fixture(params=["openai2", "openai3"])
def openai_python(request: pytest.FixtureRequest) -> str:
    """An interpreter that has the official openai SDK: 2.x, then 3.x."""
    return peer_python(request.param)

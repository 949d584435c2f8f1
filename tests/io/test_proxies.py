"""Proxies and certificates, for every kind of connection, against a proxy that logs."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import trustme

from resp_core.errors import APIConnectionError, ArgumentError
from resp_core.io.proxies import ProxyTable
from tests.callers import Caller, is_async
from tests.rawserver import Peer, RawServer, answer, raw_server, response

#: own connections (one and many at once), aiohttp, and the user's own clients
OURS = ("sync", "async", "aiohttp")
GUESTS = ("httpx", "httpx2", "httpx-async", "httpx2-async")


class LoggingProxy:
    """CONNECT and absolute-form requests; `lines` are what clients asked of it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.refuse = False

    def __call__(self, peer: Peer) -> None:
        asked = peer.ask()
        if asked is None:
            return
        self.lines.append(asked.line)
        self.headers.append(asked.headers)
        method, target, _ = asked.line.split(" ")
        if self.refuse:
            peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            return
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            with socket.create_connection((host, int(port))) as upstream:
                peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
                self._pump(peer.sock, upstream)
            return
        peer.send(answer(response("by proxy")))

    def _pump(self, left: socket.socket, right: socket.socket) -> None:
        def copy(source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    target.sendall(data)
                target.shutdown(socket.SHUT_WR)

        back = threading.Thread(target=copy, args=(right, left), daemon=True)
        back.start()
        copy(left, right)
        back.join(5)


@pytest.fixture
def proxy() -> Iterator[tuple[LoggingProxy, str]]:
    logging = LoggingProxy()
    with raw_server(logging) as server:
        yield logging, f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[RawServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response("direct")))

    with raw_server(serve, context) as server:
        yield server


@pytest.fixture
def plain() -> Iterator[RawServer]:
    def serve(peer: Peer) -> None:
        while peer.ask():
            peer.send(answer(response("direct")))

    with raw_server(serve) as server:
        yield server


def guest(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The user's own client, configured as its library has it."""
    library = httpx if kind.startswith("httpx-") or kind == "httpx" else httpx2
    made = dict(settings)
    if "verify" in made and isinstance(made["verify"], str):
        made["verify"] = ssl.create_default_context(cafile=made["verify"])
    if is_async(kind):
        return {"http_async_client": library.AsyncClient(**made)}
    return {"http_client": library.Client(**made)}


def said_by(kind: str, url: str, **settings: Any) -> str:
    """The text of an answer, by a client of this kind with these settings of connections."""
    if kind in OURS:
        return Caller(kind, base_url=url, **settings).respond().output_text
    import asyncio

    from resp_core import AsyncClient, Client

    common = {"model": "openai/m", "base_url": url, "api_key": "sk", "max_retries": 0}
    if not is_async(kind):
        mine = guest(kind, settings)
        with mine["http_client"]:
            return Client(**common, **mine).responses.create(input="Hi").output_text

    async def main() -> str:
        mine = guest(kind, settings)
        async with mine["http_async_client"]:
            client = AsyncClient(**common, **mine)
            return (await client.responses.create(input="Hi")).output_text

    return asyncio.run(main())


EVERY = pytest.mark.parametrize("kind", [*OURS, *GUESTS])


@EVERY
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_http_by_environment(
    kind: str, variable: str, proxy: Any, plain: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging, url = proxy
    monkeypatch.setenv(variable, url)
    assert said_by(kind, plain.url) == "by proxy"
    assert logging.lines == [f"POST {plain.url}/responses HTTP/1.1"]
    assert plain.requests == []


@EVERY
def test_http_by_argument(kind: str, proxy: Any, plain: RawServer) -> None:
    logging, url = proxy
    assert said_by(kind, plain.url, proxy=url) == "by proxy"
    assert len(logging.lines) == 1


@EVERY
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_https_through_a_tunnel(
    kind: str, by: str, proxy: Any, secure: RawServer, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging, url = proxy
    settings: dict[str, Any] = {"verify": bundle}
    if by == "argument":
        settings["proxy"] = url
    else:
        monkeypatch.setenv("HTTPS_PROXY", url)
    assert said_by(kind, secure.url, **settings) == "direct"
    assert logging.lines == [f"CONNECT localhost:{secure.port} HTTP/1.1"]
    assert "authorization" not in logging.headers[0]  # the key is not the proxy's to see
    assert secure.requests[0].headers["authorization"].startswith("Bearer ")


@EVERY
@pytest.mark.parametrize("exempt", ["127.0.0.1", "*", "example.com,127.0.0.1"])
def test_no_proxy(
    kind: str, exempt: str, proxy: Any, plain: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging, url = proxy
    monkeypatch.setenv("HTTP_PROXY", url)
    monkeypatch.setenv("NO_PROXY", exempt)
    assert said_by(kind, plain.url) == "direct"
    assert logging.lines == []


@pytest.mark.parametrize("kind", OURS)
def test_an_empty_argument_means_none(
    kind: str, proxy: Any, plain: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging, url = proxy
    monkeypatch.setenv("HTTP_PROXY", url)
    assert said_by(kind, plain.url, proxy="") == "direct"
    assert logging.lines == []


@pytest.mark.parametrize("kind", OURS)
def test_a_proxy_with_a_password(kind: str, proxy: Any, plain: RawServer) -> None:
    logging, url = proxy
    with_user = url.replace("http://", "http://us%40er:pa%3Ass@")
    assert said_by(kind, plain.url, proxy=with_user) == "by proxy"
    assert logging.headers[0]["proxy-authorization"] == "Basic dXNAZXI6cGE6c3M="


@pytest.mark.parametrize("kind", OURS)
def test_a_proxy_that_refuses(kind: str, proxy: Any, secure: RawServer, bundle: str) -> None:
    logging, url = proxy
    logging.refuse = True
    with pytest.raises(APIConnectionError, match="407") as caught:
        said_by(
            kind, secure.url, proxy=url.replace("http://", "http://user:canary@"), verify=bundle
        )
    assert "canary" not in str(caught.value)
    assert secure.requests == []


@EVERY
@pytest.mark.parametrize("by", ["argument", "SSL_CERT_FILE"])
def test_certificates(
    kind: str, by: str, secure: RawServer, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "argument":
        assert said_by(kind, secure.url, verify=bundle) == "direct"
        return
    monkeypatch.setenv("SSL_CERT_FILE", bundle)
    assert said_by(kind, secure.url) == "direct"


@pytest.mark.parametrize("kind", OURS)
def test_a_folder_of_certificates(
    kind: str, secure: RawServer, authority: trustme.CA, tmp_path: Path, monkeypatch: Any
) -> None:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command to name the file after its subject")
    command = ["openssl", "x509", "-noout", "-hash", "-in", str(file)]
    digest = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    (tmp_path / f"{digest}.0").write_bytes(authority.cert_pem.bytes())
    file.unlink()
    assert said_by(kind, secure.url, verify=str(tmp_path)) == "direct"
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert said_by(kind, secure.url) == "direct"


@pytest.mark.parametrize("kind", OURS)
def test_verification_can_be_turned_off_in_code_only(kind: str, secure: RawServer) -> None:
    assert said_by(kind, secure.url, verify=False) == "direct"
    with pytest.raises(ArgumentError):
        said_by(kind, secure.url, verify="false")


@pytest.mark.parametrize("kind", OURS)
@pytest.mark.parametrize("by", ["argument", "environment"])
def test_a_socks_proxy_without_its_package(
    kind: str, by: str, plain: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {}
    if by == "argument":
        settings["proxy"] = "socks5://127.0.0.1:1"
    else:
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(ArgumentError, match=r"(?i)socks") as caught:
        said_by(kind, plain.url, **settings)
    assert caught.value.param == "proxy"
    assert plain.requests == []


@pytest.mark.parametrize("kind", OURS)
def test_a_broken_variable(kind: str, plain: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "ftp://user:canary@host")
    with pytest.raises(ArgumentError, match="HTTP_PROXY") as caught:
        said_by(kind, plain.url)
    assert "canary" not in str(caught.value)


EXEMPT: list[tuple[str, str, bool]] = [
    ("example.com", "https://example.com/v1", True),
    ("example.com", "https://api.example.com/v1", True),
    (".example.com", "https://api.example.com/v1", True),
    ("*.example.com", "https://api.example.com/v1", True),
    ("example.com", "https://notexample.com/v1", False),
    ("EXAMPLE.com", "https://example.COM/v1", True),
    ("example.com:8443", "https://example.com:8443/v1", True),
    ("example.com:8443", "https://example.com/v1", False),
    ("10.0.0.0/8", "https://10.1.2.3/v1", True),
    ("10.0.0.0/8", "https://11.1.2.3/v1", False),
    ("::1", "http://[::1]:8080/v1", True),
    ("[::1]", "http://[::1]:8080/v1", True),
    ("*", "https://anything/v1", True),
    ("", "https://anything/v1", False),
    ("a, example.com ,b", "https://example.com/v1", True),
]


@pytest.mark.parametrize(("rule", "url", "exempt"), EXEMPT)
def test_no_proxy_rules(rule: str, url: str, exempt: bool) -> None:
    table = ProxyTable(None, {"ALL_PROXY": "http://proxy:1", "no_proxy": rule})
    assert (table.proxy_for(url) is None) == exempt


def test_schemes_have_their_own_proxies() -> None:
    table = ProxyTable(None, {"HTTP_PROXY": "http://a:1", "HTTPS_PROXY": "b:2", "ALL_PROXY": "c:3"})
    assert table.proxy_for("http://x/") == "http://a:1"
    assert table.proxy_for("https://x/") == "http://b:2"
    chosen: Callable[[str], str | None] = ProxyTable("http://d:4", {"NO_PROXY": "*"}).proxy_for
    assert chosen("https://x/") == "http://d:4"

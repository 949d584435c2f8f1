"""`resp prices update`: the one way in which prices are fetched, against a server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from resp_core import cost_of
from resp_core.cli.app import app
from resp_core.cli.prices import check
from resp_core.cost.tables import forget
from resp_core.io import price_file
from tests.cost.arithmetic import dollars, responses

MODEL = {
    "id": "gpt-7",
    "match": {"equals": "gpt-7"},
    "prices": {"input_mtok": 3, "output_mtok": 12},
    "price_comments": "verified on 2026-11-25",
}
TABLES = [{"id": "openai", "name": "OpenAI", "api_pattern": "https://x", "models": [MODEL]}]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where fetched prices are kept, in this test."""
    path = tmp_path / "home" / "prices.json"
    monkeypatch.setattr(price_file, "PRICE_FILE", path)
    forget()
    yield path
    forget()


@pytest.fixture
def served() -> Iterator[dict[str, Any]]:
    """A server that answers with `status` and `body`."""
    answer: dict[str, Any] = {"status": 200, "body": json.dumps(TABLES).encode()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer["status"])
            self.send_header("content-length", str(len(answer["body"])))
            self.send_header("location", "https://example.org/")
            self.end_headers()
            self.wfile.write(answer["body"])

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    answer["url"] = f"http://127.0.0.1:{server.server_port}/data.json"
    yield answer
    server.shutdown()
    thread.join()
    server.server_close()


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["prices", *arguments, "--plain"], catch_exceptions=False)
    return done.exit_code, " ".join(done.output.split())


def test_update_fetches_and_prices_by_what_came(file: Path, served: dict[str, Any]) -> None:
    assert cost_of(responses(1000, 100), provider="openai", model="gpt-7").total is None
    code, said = run("update", "--url", served["url"])
    assert code == 0
    assert said.startswith("1 models in")
    forget()  # as a new process would
    cost = cost_of(responses(1000, 100), provider="openai", model="gpt-7")
    assert cost.total == dollars("1000*3 + 100*12")
    assert (cost.source or "").startswith("genai-prices fetched 20")
    assert cost.source_date == "2026-11-25"
    _, checked = run("--check")
    assert "last checked 2026-11-25" in checked
    assert f"from {served['url']}" in checked
    assert "days ago" in checked


def test_the_age_decides(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(Console(width=200), date(2026, 11, 1))
    assert "fetched tables: none" in capsys.readouterr().out
    assert not check(Console(width=200), date(2027, 11, 1))
    assert "The tables are old" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, b"[]", "status 404"),
        (302, b"", "status 302"),
        (200, b"no json", "holds no price tables"),
        (200, b"{}", "holds no price tables"),
        (200, b"[]", "holds no price tables"),
        (200, b'[{"id": "x"}]', "holds no price tables"),
    ],
)
def test_what_is_no_table_changes_nothing(
    file: Path, served: dict[str, Any], status: int, body: bytes, said: str
) -> None:
    run("update", "--url", served["url"])
    before = file.read_bytes()
    served.update(status=status, body=body)
    code, output = run("update", "--url", served["url"])
    assert code == 1
    assert said in output
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_nobody_there(file: Path, served: dict[str, Any]) -> None:
    code, output = run("update", "--url", "http://127.0.0.1:9/data.json")
    assert code == 1
    assert "APIConnectionError" in output
    assert not file.exists()
    code, output = run("update", "--url", "http://example.org/data.json")
    assert code == 1
    assert "Prices come by https" in output


def test_too_much_is_not_read(
    file: Path, served: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(price_file, "_MOST", 100)
    code, output = run("update", "--url", served["url"])
    assert code == 1
    assert "too large" in output


def test_a_broken_file_is_said_and_not_used(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.parent.mkdir()
    file.write_text("{oops")
    cost = cost_of(responses(1000, 100), provider="openai", model="gpt-5.4")
    assert cost.total == dollars("1000*2.5 + 100*15")
    assert "The fetched prices are not used" in caplog.text
    code, output = run("--check")
    assert code == 1
    assert "resp prices update" in output


def test_tables_of_before_an_upgrade_are_not_used(file: Path, served: dict[str, Any]) -> None:
    run("update", "--url", served["url"])
    kept = json.loads(file.read_bytes())
    file.write_text(json.dumps({**kept, "beside": "0.0.1"}))
    forget()
    assert cost_of(responses(1000, 100), provider="openai", model="gpt-5.4").total
    assert "genai-prices was upgraded since" in run("--check")[1]


def test_nothing_else_fetches(file: Path) -> None:
    """The suite forbids the network, so that a price that was looked up came from the package."""
    assert cost_of(responses(1, 1), provider="openai", model="gpt-none").total is None
    assert not file.exists()

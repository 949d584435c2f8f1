"""The ledger: a row per call, whatever became of it, and nothing lost when a sink fails."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from resp_core import CallRecord, Client, InternalServerError, LedgerError
from resp_core.cli.app import app
from resp_core.cli.spend import grouped, since_of
from resp_core.io.ledger import Ledger, MemorySink, open_ledger, open_sink
from resp_core.io.ledger_jsonl import JsonLinesSink
from resp_core.io.ledger_sqlite import SqliteSink

PRICES = {"offline/demo": {"input": "2", "output": "10"}}
SECRET = "Do not write this down 4711"


def used(client: Client) -> None:
    """One call of each kind: plain, chat, streamed, left, failed, looked up."""
    made = client.responses.create(
        input=SECRET, safety_identifier="ann", metadata={"run": "1"}, tags=["a", "b"]
    )
    client.chat.completions.create(
        messages=[{"role": "user", "content": SECRET}], user="bob", tags=["a"]
    )
    for _ in client.responses.create(input=SECRET, stream=True):
        pass
    left = client.responses.create(input=SECRET, stream=True)
    next(left)
    left.close()
    with pytest.raises(Exception, match=r"."):
        client.responses.create(input=SECRET, model="offline/fault-400")
    client.responses.retrieve(made.id)


@pytest.fixture(params=["memory", "sqlite", "jsonl", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    spec = {
        "memory": "memory",
        "sqlite": str(tmp_path / "calls.db"),
        "jsonl": f"jsonl:///{tmp_path}/calls.jsonl",
    }.get(request.param)
    if spec is None:
        import sqlalchemy

        spec = request.getfixturevalue("postgres_url")
        engine = sqlalchemy.create_engine(spec.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("DROP TABLE IF EXISTS resp_calls"))
        engine.dispose()
    found = Ledger(open_sink(spec), spool=str(tmp_path / "spool.jsonl"))
    yield found
    found.close()


def test_one_row_per_call(ledger: Ledger) -> None:
    records: list[CallRecord] = []
    client = Client("offline/demo", prices=PRICES, ledger=ledger, hooks=[records.append])
    before = time.time()
    used(client)
    rows = ledger.read()
    assert [row["status"] for row in rows] == [
        "completed",
        "completed",
        "completed",
        "cancelled",
        "failed",
        "completed",
    ]
    assert [row["operation"] for row in rows] == [*["responses"] * 1, "chat", *["responses"] * 3,
                                                  "responses.retrieve"]  # fmt: skip
    assert rows[0]["safety_identifier"] == "ann"
    assert rows[0]["tags"] == ["a", "b"]
    assert rows[0]["metadata"] == {"run": "1"}
    assert rows[1]["user_id"] == "bob"
    assert rows[3]["estimated"] == 1
    assert rows[4]["error"] == "BadRequestError"
    assert Decimal(rows[4]["cost"]) == Decimal(rows[5]["cost"]) == 0
    assert all(before <= row["started"] <= time.time() for row in rows)
    for row, record in zip(rows, records, strict=True):
        assert Decimal(row["known_cost"]) == record.cost.known
        assert row["seconds"] == pytest.approx(record.seconds)
    assert "write this" not in json.dumps(rows)
    assert ledger.read(since=time.time() + 60) == []


class Broken(MemorySink):
    """A sink that is out of order until it is mended."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = True

    def write(self, rows: Sequence[dict[str, Any]]) -> None:
        if self.broken:
            raise OSError("the disk is full")
        super().write(rows)


def test_a_broken_sink_spools_says_so_and_catches_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Broken()
    now = [0.0]
    ledger = Ledger(sink, spool=str(tmp_path / "spool"), monotonic=lambda: now[0])
    client = Client("offline/demo", ledger=ledger)
    assert client.responses.create(input="one").output_text
    ledger.flush()
    assert client.responses.create(input="two").output_text
    assert len(ledger.read()) == 2
    assert sink.rows == []
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o600
    said = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert said == ["The ledger cannot be written: the disk is full. Calls are spooled."]
    sink.broken = False
    now[0] = 60.0
    client.responses.create(input="three")
    ledger.flush()
    assert len(sink.rows) == 3
    assert not (tmp_path / "spool").exists()
    assert ledger.dropped == 0
    ledger.close()


def test_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The kernel's own full device: nothing is taken for written that was not."""
    ledger = Ledger(JsonLinesSink("/dev/full"), spool=str(tmp_path / "spool"))
    client = Client("offline/demo", ledger=ledger)
    assert client.responses.create(input="one").output_text
    ledger.flush()
    assert len((tmp_path / "spool").read_bytes().splitlines()) == 1
    assert "The ledger cannot be written: [Errno 28] No space left on device" in caplog.text
    assert ledger.dropped == 0


def test_a_line_that_was_cut_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    sink = JsonLinesSink(str(path))
    sink.write([{"started": 1.0}])
    with path.open("ab") as file:
        file.write(b'{"started": 2.0, "mod')  # somebody was killed here
    sink.write([{"started": 3.0}])
    assert [row["started"] for row in sink.read()] == [1.0, 3.0]


def test_a_partial_write_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = JsonLinesSink(str(tmp_path / "calls.jsonl"))
    sink.write([{"started": 1.0}])
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:5]))
    with pytest.raises(OSError, match="no space"):
        sink.write([{"started": 2.0}])
    monkeypatch.undo()
    sink.write([{"started": 3.0}])
    assert (tmp_path / "calls.jsonl").read_text() == '{"started":1.0}\n{"started":3.0}\n'


def test_a_full_database(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sink = open_sink(str(tmp_path / "calls.db"))
    assert isinstance(sink, SqliteSink)
    ledger = Ledger(sink, spool=str(tmp_path / "spool"), monotonic=iter(range(1000)).__next__)
    client = Client("offline/demo", ledger=ledger)
    client.responses.create(input="one")
    ledger.flush()
    with sink._file.transaction() as db:
        db.execute("PRAGMA max_page_count = 1")  # no more than there is
    client.responses.create(input="two", metadata={"note": "x" * 500}, tags=["t" * 9000])
    ledger.flush()
    assert "database or disk is full" in caplog.text
    assert [row["status"] for row in ledger.read()] == ["completed", "completed"]
    with sink._file.transaction() as db:
        db.execute("PRAGMA max_page_count = 100000")
    for _ in range(8):  # its clock ticks with each look
        ledger.flush()
    assert not (tmp_path / "spool").exists()
    assert "can be written again" in caplog.text
    assert len(ledger.read()) == 2
    ledger.close()


def test_a_dead_database_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sink = open_sink("postgresql://nobody@127.0.0.1:9/none")
    ledger = Ledger(sink, spool=str(tmp_path / "spool"))
    assert Client("offline/demo", ledger=ledger).responses.create(input="one").output_text
    ledger.flush()
    assert "The ledger cannot be written" in caplog.text
    assert (tmp_path / "spool").exists()


def test_a_strict_ledger_begins_no_call_that_it_cannot_keep(tmp_path: Path) -> None:
    sink, now, sent = Broken(), [0.0], list[str]()
    ledger = Ledger(sink, spool=str(tmp_path / "spool"), strict=True, monotonic=lambda: now[0])

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(str(request.url))
        return httpx2.Response(500, json={})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        client = Client(
            "openai/gpt-5.4", api_key="k", http_client=http, ledger=ledger, max_retries=0
        )
        for _ in range(2):
            with pytest.raises(LedgerError, match=r"strict .* the disk is full. Nothing was sent"):
                client.responses.create(input="one")
        assert sent == []
        sink.broken = False
        with pytest.raises(LedgerError):  # it is tried again after a time
            client.responses.create(input="one")
        now[0] = 60.0
        with pytest.raises(InternalServerError):
            client.responses.create(input="one")
        assert len(sent) == 1
    assert [row["status"] for row in ledger.read()] == ["failed"]
    ledger.close()


def test_a_ledger_is_made_strict_by_name(tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")
    ledger = open_ledger(path, strict=True)
    assert ledger.strict
    assert Client("offline/demo", ledger=ledger).responses.create(input="x").output_text
    nowhere = open_ledger(f"jsonl:///{tmp_path}/none/calls.jsonl", strict=True)
    with pytest.raises(LedgerError, match="No such file"):
        Client("offline/demo", ledger=nowhere).responses.create(input="x")
    for each in (ledger, nowhere):
        each.close()


def test_what_cannot_even_be_spooled_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(Broken())
    client = Client("offline/demo", ledger=ledger)
    assert client.responses.create(input="one").output_text
    ledger.flush()
    assert ledger.dropped == 1
    assert "1 calls are lost to the ledger" in caplog.text
    ledger.close()


def test_the_same_name_is_the_same_ledger(tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")
    first = open_ledger(path)
    assert open_ledger(path) is first
    first.close()
    assert open_ledger(path) is not first
    open_ledger(path).close()


def test_an_unknown_sink_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        open_sink("mysql://x")


@pytest.fixture
def filled(tmp_path: Path) -> str:
    path = str(tmp_path / "calls.db")
    client = Client("offline/demo", prices=PRICES, ledger=path)
    used(client)
    client.responses.create(input="x", model="offline/demo", service_tier="flex")
    open_ledger(path).close()
    return path


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("kind", [[], ["--mcp", "--yes"]], ids=["frameworks", "mcp"])
def test_the_demo_fills_the_ledger(
    kind: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "home" / "ledger.db"
    monkeypatch.setattr("resp_core.cli.spend.LEDGER", path)
    run("demo", "--plain", "--no-env-file", "--no-ledger", *kind)
    assert not path.exists()
    run("demo", "--plain", "--no-env-file", *kind)
    open_ledger(str(path)).flush()  # as the end of the process does
    (groups,) = json.loads(run("spend", "--by", "tag", "--json"))["groups"]
    assert groups["name"] == "demo"
    assert groups["calls"] >= 2
    assert groups["cost"] == "0"
    assert groups["unknown"] == 0
    open_ledger(str(path)).close()


def test_resp_spend(filled: str, tmp_path: Path) -> None:
    said = run("spend", "--ledger", filled, "--by", "user", "--plain", "--chart")
    assert "Spend by user" in said
    assert "ann" in said
    assert "bob" in said
    assert "█" in said
    assert "+ ?" in said
    found = json.loads(run("spend", "--ledger", filled, "--by", "tag", "--json"))
    by_tag = {group["name"]: group for group in found["groups"]}
    assert by_tag["a"]["calls"] == 2
    assert by_tag["b"]["calls"] == 1
    assert by_tag["(none)"]["unknown"] == 1
    lines = run("spend", "--ledger", filled, "--by", "day", "--csv").splitlines()
    assert lines[0].startswith("name,calls,failed,input_tokens")
    assert len(lines) == 2
    assert "No such" not in run("spend", "--ledger", filled, "--since", "7d")
    report = tmp_path / "spend.html"
    run("spend", "--ledger", filled, "--html", str(report))
    text = report.read_text()
    assert text.count("<svg") == 5
    assert "<script" not in text
    assert "http" not in text.replace("http://www.w3.org", "")


def test_resp_spend_without_a_ledger(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["spend", "--ledger", str(tmp_path / "none.db")])
    assert done.exit_code == 1
    assert "There is no ledger at" in done.output


def test_labels_do_no_harm() -> None:
    row = {
        "started": 0.0, "user_id": "<b>&=1", "safety_identifier": None, "tags": [], "model": "m",
        "provider": "p", "deployment": "d", "status": "completed", "input_tokens": 1,
        "cached_tokens": 0, "output_tokens": 1, "known_cost": "0.5", "cost": "0.5", "estimated": 0,
    }  # fmt: skip
    from resp_core.cli.spend import page

    assert "<b>" not in page([row])
    assert [group.name for group in grouped([row], "user")] == ["<b>&=1"]


@pytest.mark.parametrize(
    ("text", "since"),
    [("", 0.0), ("24h", 1e9 - 86400), ("2w", 1e9 - 1209600), ("2001-09-09", 999993600.0)],
)
def test_since(text: str, since: float) -> None:
    assert since_of(text, 1e9) == since


def test_resp_prices() -> None:
    said = run("prices", "openai/gpt-5.4", "--plain")
    assert "input_mtok" in said
    assert "272,000" in said
    done = CliRunner().invoke(app, ["prices", "openai/gpt-none"])
    assert done.exit_code == 1

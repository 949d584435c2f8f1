"""Counting before the call: by tables, by thumb, by the provider; and what it may cost."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from resp_core import AsyncClient, Client
from resp_core.cost.tokens import count_request, encoding_of, image_tokens
from resp_core.io.token_tables import encoder

TEXTS = [
    ("Hello, world!", 4, 4),
    ("The quick brown fox jumps over the lazy dog.", 10, 10),
    ('{"location":"San Francisco, CA","unit":"celsius"}', 13, 13),
    ("Grüße aus 東京 🦄", 8, 10),
]


def tables(encoding: str) -> Callable[[str], int]:
    found = encoder(encoding, {})
    assert found is not None
    return found


@pytest.mark.parametrize(("text", "o200k", "cl100k"), TEXTS)
def test_the_tables_of_tiktoken(text: str, o200k: int, cl100k: int) -> None:
    assert tables("o200k_base")(text) == o200k
    assert tables("cl100k_base")(text) == cl100k


def test_special_tokens_in_text_are_text() -> None:
    assert tables("o200k_base")("<|endoftext|>") > 1


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-6.1-sol", "o200k_base"),
        ("openai/gpt-5.4-mini", "o200k_base"),
        ("o3", "o200k_base"),
        ("gpt-4o", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-35-turbo", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("claude-opus-5", None),
        ("gemini-3.5-flash", None),
        ("prod-chat", None),
    ],
)
def test_encodings(model: str, encoding: str | None) -> None:
    assert encoding_of(model) == encoding


def test_a_chat_by_the_known_rules() -> None:
    body = {
        "messages": [
            {"role": "system", "content": "Hello, world!"},
            {"role": "user", "content": "Hello, world!", "name": "ann"},
        ]
    }
    found = count_request(body, "gpt-4o", tables("o200k_base"))
    # 3 a message, the role, the content; 1 and the name; 3 for the answer's beginning
    assert (found.tokens, found.method) == ((3 + 1 + 4) + (3 + 1 + 4 + 1 + 1) + 3, "tiktoken")


def test_tools_calls_results_and_images_count() -> None:
    plain = count_request({"input": "hi"}, "gpt-5.4", None).tokens
    tool = {"type": "function", "name": "weather", "description": "The weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"},
                           "unit": {"type": "string", "enum": ["c", "f"]}}}}  # fmt: skip
    assert count_request({"input": "hi", "tools": [tool]}, "gpt-5.4", None).tokens > plain + 20
    items = [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "look"},
         {"type": "input_image", "image_url": "https://x.example/a.png", "detail": "low"}]},
        {"type": "function_call", "name": "weather", "arguments": '{"city":"Paris"}'},
        {"type": "function_call_output", "output": "18 degrees"},
        {"type": "reasoning", "encrypted_content": "x" * 9000},
    ]  # fmt: skip
    found = count_request({"input": items}, "gpt-4o", None)
    assert 85 + 15 < found.tokens < 85 + 60
    assert found.method == "approx"


@pytest.mark.parametrize(
    ("model", "detail", "size", "tokens"),
    [
        ("gpt-4o", "low", (4000, 4000), 85),
        ("gpt-4o", "high", (1024, 1024), 85 + 170 * 4),
        ("gpt-4o", "high", (2048, 4096), 85 + 170 * 6),
        ("gpt-4o-mini", "high", (512, 512), 2833 + 5667),
        ("o1", "high", (512, 512), 75 + 150),
        ("gpt-5", "high", (512, 512), 70 + 140),
        ("gpt-4.1-mini", "high", (1024, 1024), 1659),
        ("o4-mini", "high", (3200, 3200), 2642),
    ],
)
def test_images(model: str, detail: str, size: tuple[int, int], tokens: int) -> None:
    assert image_tokens(model, detail, *size) == tokens


def test_missing_tables_are_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resp_core.io import token_tables

    monkeypatch.setattr(token_tables, "_folders", lambda environ: iter([tmp_path]))
    (tmp_path / "9b5ad71b2ce5302211f9c61530b329a4922fc6a4").write_bytes(b"not the table")
    assert [encoder("cl100k_base", {}) for _ in range(3)] == [None, None, None]
    assert caplog.text.count("tokens are approximate") == 1


def test_importing_us_brings_no_tiktoken() -> None:
    import subprocess

    code = "import sys, resp_core; print(sorted({'tiktoken', 'genai_prices'} & set(sys.modules)))"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{root / 'core'}:{root}"},
    )
    assert done.stdout.strip() == "[]"


def test_an_estimate_has_a_range() -> None:
    client = Client("openai/gpt-5.4", api_key="k")
    found = client.estimate(input="Hello, world!", max_output_tokens=1000)
    assert found.tokens.tokens == 3 + 3 + 1 + 4
    assert found.tokens.method == "tiktoken"
    assert found.low.total == Decimal("11") * Decimal("0.0000025")
    assert found.high is not None
    assert found.high.total == found.low.total + 1000 * Decimal("0.000015")
    assert found.low.estimated
    assert str(found) == "11 tokens in (tiktoken), 0.0000275 USD to 0.0150275 USD"


def test_an_estimate_without_a_limit_or_a_price() -> None:
    client = Client("custom/llama", base_url="http://localhost:9/v1", api_key="k")
    found = client.estimate(messages=[{"role": "user", "content": "hi"}])
    assert found.high is None
    assert found.low.total is None
    assert found.tokens.method == "approx"
    assert "unknown" in str(found)
    with pytest.raises(ValueError, match="inputt"):
        client.estimate(inputt="x")


def test_the_provider_counts_on_request() -> None:
    params: dict[str, Any] = {"input": "Count these words, please.", "max_output_tokens": 100}
    client = Client("offline/demo", prices={"offline/demo": {"input": 1, "output": 2}})
    counted = client.responses.count_tokens(input=params["input"])
    found = client.estimate(exact=True, **params)
    assert (found.tokens.tokens, found.tokens.method) == (counted.input_tokens, "exact")
    made = client.responses.create(**params)
    assert made.usage.input_tokens == found.tokens.tokens
    assert made.cost is not None
    assert found.high is not None
    assert (found.low.total or 0) <= (made.cost.total or 0) <= (found.high.total or 0)

    async def also() -> Any:
        async with AsyncClient("offline/demo") as other:
            return await other.estimate(exact=True, **params)

    assert asyncio.run(also()).tokens == found.tokens
    with pytest.raises(ValueError, match="exact"):
        client.estimate(exact=True, messages=[{"role": "user", "content": "x"}])

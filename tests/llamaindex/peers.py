"""The contract suite asked of LlamaIndex's own OpenAI LLMs, and the table of what each passes.

    python -m tests.llamaindex.peers            writes docs/llamaindex-contract.md

Needs `python3 scripts/envs.py llamaindex-peer`. The LLMs speak to the offline server, as ours do.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENV = "llamaindex-peer"
SUITE = ("test_llm", "test_llm_object", "test_structured", "test_agents", "test_engines")
PEERS = ("OpenAI", "OpenAIResponses")
PAGE = ROOT / "docs" / "llamaindex-contract.md"
SIGNS = {"pass": "yes", "fail": "**no**", "skip": "–"}


# -- the LLMs


def peer_llm(kind: str, url: str, name: str, options: dict[str, Any]) -> Any:
    """LlamaIndex's own LLM on the offline server; a test that needs an option it lacks is skipped.

    They refuse model names that they do not know, so unknown ones (faults) borrow the facts of a
    known one: what is asked here is how they behave, not which names they know.
    """
    named = _named(kind)
    fault = name.removeprefix("offline/")
    given: dict[str, Any] = {
        "model": fault if fault.startswith("fault") else "gpt-4o-mini",
        "api_base": f"{url}/v1",
        "api_key": "sk-canary-0123456789abcdef",
        "reuse_client": False,
        "max_retries": 0,
        "timeout": 10.0,
    }
    for option, value in options.items():
        given |= _translated(kind, named, option, value)
    if given.pop("is_function_calling_model", True) is False:
        given["model"] = "no-tools"
    return named(**given)


@cache
def _named(kind: str) -> Any:
    """A subclass with facts for every name, at a place where pickle finds it."""
    from llama_index.core.base.llms.types import LLMMetadata
    from llama_index.llms import openai

    base: Any = getattr(openai, kind)

    class Named(base):
        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(
                context_window=128_000,
                is_chat_model=True,
                is_function_calling_model=self.model != "no-tools",
                model_name=self.model,
            )

    Named.__qualname__ = f"Named{kind}"
    globals()[Named.__qualname__] = Named
    return Named


def _translated(kind: str, base: Any, option: str, value: Any) -> dict[str, Any]:
    if option == "is_function_calling_model":
        return {option: value}
    if option == "reasoning":
        effort = value if isinstance(value, dict) else {"effort": value}
        if kind == "OpenAI":
            return {"reasoning_effort": effort["effort"], "model": "o4-mini"}
        return {"reasoning_options": effort, "model": "o4-mini"}
    if option == "max_tokens" and kind == "OpenAIResponses":
        return {"max_output_tokens": value}
    if option == "top_logprobs" and kind == "OpenAI":
        return {"logprobs": True, "top_logprobs": value}
    if option not in base.model_fields:
        pytest.skip(f"{kind} has no option {option}")
    return {option: value}


# -- the table


def main() -> int:
    python = ROOT / f".venv-{ENV}" / "bin" / "python"
    if not python.exists():
        print(f"no environment for this: python3 scripts/envs.py {ENV}")
        return 1
    columns = {"RespLLM": run(Path(sys.executable), "")}
    for peer in PEERS:
        columns[peer] = run(python, peer)
    PAGE.write_text(page(columns, version(python)))
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


def version(python: Path) -> str:
    code = "from importlib.metadata import version as v; print(v('llama-index-llms-openai'))"
    return subprocess.check_output([str(python), "-c", code], text=True).strip()


def run(python: Path, peer: str, suite: tuple[str, ...] = SUITE) -> dict[str, str]:
    """The outcome of each contract test, parameters other than the backend included."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        files = [f"tests/llamaindex/{name}.py" for name in suite]
        command = [str(python), "-m", "pytest", "-q", "-m", "not own", "--tb=no", "--timeout=30"]
        command += ["-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider"]
        command += ["-o", "filterwarnings=default"] if peer else []
        subprocess.run(
            [*command, f"--junitxml={report}", *files],
            cwd=ROOT,
            env={**os.environ, "LLAMAINDEX_LLM": peer},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return outcomes(report, peer)


def outcomes(report: Path, peer: str) -> dict[str, str]:
    """Worst outcome over the backends of each test."""
    order = ("pass", "skip", "fail")
    found: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = (
            "fail" if kinds & {"failure", "error"} else "skip" if "skipped" in kinds else "pass"
        )
        name = f"{case.get('classname', '').rpartition('.')[2]}::{unbacked(case.get('name', ''))}"
        found[name] = max(found.get(name, "pass"), outcome, key=order.index)
    return found


def unbacked(name: str) -> str:
    """A test's name without the backend that it ran on, and without the event loop."""
    name = re.sub(r"(new|one)-loop-?", "", name).replace("-]", "]").replace("[]", "")
    backends = "azure-responses|azure-chat|responses|chat|OpenAIResponses|OpenAI"
    name = re.sub(rf"\[({backends})\]", "", name)
    name = re.sub(rf"\[({backends})-", "[", name)
    return re.sub(rf"-({backends})(?=[-\]])", "", name)


def page(columns: dict[str, dict[str, str]], peers: str) -> str:
    names = list(columns["RespLLM"])
    lines = [
        "# The contract of a LlamaIndex LLM, and who keeps it",
        "",
        "LlamaIndex publishes no test suite for LLMs, so this project has its own: what the base",
        "classes, callbacks, engines and agents of llama-index-core rely on, asked through public",
        "methods only. Each test runs on `RespLLM` over Responses, Chat, Azure Responses and Azure",
        f"Chat, and on the two LLMs of llama-index-llms-openai {peers}, all against the same",
        "offline server. A dash is a test that needs an option which that LLM does not have.",
        "Written by `python -m tests.llamaindex.peers`.",
        "",
        f"| | {' | '.join(columns)} |",
        f"| --- | {' | '.join('---' for _ in columns)} |",
        f"| **passed** | {' | '.join(tally(found, names) for found in columns.values())} |",
    ]
    part = ""
    for name in names:
        module, _, test = name.partition("::")
        if module != part:
            part = module
            lines.append(
                f"| *{module.removeprefix('test_').replace('_', ' ')}* |" + " |" * len(columns)
            )
        row = [SIGNS[found.get(name, "fail")] for found in columns.values()]
        lines.append(f"| {title(test)} | {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def title(test: str) -> str:
    """A test's name as the page writes it."""
    said = test.removeprefix("test_").partition("[")
    parameters = f" `{said[2].rstrip(']')}`" if said[2] else ""
    return f"{said[0].replace('_', ' ')}{parameters}"


def tally(found: dict[str, str], names: list[str]) -> str:
    asked = [found.get(name, "fail") for name in names]
    return f"{asked.count('pass')} of {len(asked) - asked.count('skip')}"


if __name__ == "__main__":
    sys.exit(main())

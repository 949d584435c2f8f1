"""The page that compares us with LlamaIndex's own LLMs is up to date, and so are the names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from llamaindex_resp import RespLLM
from resp_core.errors import ArgumentError
from tests.conftest import peer_python
from tests.llamaindex import peers

pytestmark = [pytest.mark.own, pytest.mark.slow]

#: The constructor arguments of classes that are not installed here.
ELSEWHERE = {
    "AzureOpenAI": "model engine temperature max_tokens additional_kwargs max_retries timeout "
    "reuse_client api_key api_version azure_endpoint azure_deployment azure_ad_token_provider "
    "use_azure_ad callback_manager deployment_name deployment_id deployment http_client "
    "async_http_client system_prompt messages_to_prompt completion_to_prompt "
    "pydantic_program_mode output_parser default_headers",
    "LiteLLM": "model temperature max_tokens additional_kwargs max_retries api_key api_type "
    "api_base callback_manager system_prompt messages_to_prompt completion_to_prompt "
    "pydantic_program_mode output_parser custom_llm_provider",
    "OpenAILike": "context_window is_chat_model is_function_calling_model tokenizer "
    "should_use_structured_outputs",
}
NAMES = """
import inspect, json
from llama_index.llms import openai
found = {}
for kind in (openai.OpenAI, openai.OpenAIResponses):
    names = {*inspect.signature(kind.__init__).parameters, *kind.model_fields}
    found[kind.__name__] = sorted(names - {"self", "kwargs"})
print(json.dumps(found))
"""


def is_known(name: str) -> bool:
    """Whether RespLLM knows the name, be it to say what to do instead."""
    try:
        RespLLM(**{"model": "openai/gpt-5", name: object()})
    except ArgumentError as error:
        return "There is no option" not in str(error)
    except (TypeError, AttributeError):  # no value of that kind, but a name of ours
        return True
    return True


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_every_argument_of_other_classes_is_known(kind):
    assert [name for name in ELSEWHERE[kind].split() if not is_known(name)] == []


@pytest.mark.peer
def test_every_argument_of_the_installed_classes_is_known():
    python = peer_python(peers.ENV)
    found = json.loads(subprocess.check_output([python, "-c", NAMES], text=True))
    assert set(found) == set(peers.PEERS)
    unknown = {kind: [n for n in names if not is_known(n)] for kind, names in found.items()}
    assert unknown == {kind: [] for kind in found}


def rows(text: str) -> dict[str, list[str]]:
    """The lines of the page by the name of the test."""
    lines = re.findall(r"^\| (?!\*|---|\| )([^|]+) \| (.*) \|$", text, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in lines}


def test_the_page_has_every_test_of_the_contract():
    files = [f"tests/llamaindex/{name}.py" for name in peers.SUITE]
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "-m", "not own", *files]
    listed = subprocess.check_output(command, cwd=peers.ROOT, text=True)
    names = [peers.unbacked(line.partition("::")[2]) for line in listed.splitlines()]
    expected = {peers.title(name) for name in names if name}
    assert set(rows(peers.PAGE.read_text())) == expected


@pytest.mark.peer
@pytest.mark.parametrize("peer", peers.PEERS)
@pytest.mark.timeout(180)
def test_the_page_says_what_a_peer_does(peer):
    """One file of the contract again; all of it is what writes the page."""
    python = Path(peer_python(peers.ENV))
    column = 1 + peers.PEERS.index(peer)
    page = rows(peers.PAGE.read_text())
    for name, outcome in peers.run(python, peer, suite=("test_llm",)).items():
        said = page[peers.title(name.partition("::")[2])][column]
        assert said == peers.SIGNS[outcome], name

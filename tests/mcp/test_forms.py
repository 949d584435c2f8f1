"""`require_approval` and `allowed_tools` in all their forms: emulated decides as hosted does.

The offline provider's hosted side has a reading of its own (`offline/mcp_tools.py`); it is the
documented one, and the two are compared tool by tool and then end to end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resp_core import BadRequestError
from resp_core.mcp.server import mcp_servers
from resp_core.offline.mcp_tools import HostedServer
from tests.mcp.host import Host
from tests.mcp.talk import FORMS, Talk, items, kinds

NAMES = ("look", "delete", "archive")
RULES = st.fixed_dictionaries(
    {},
    optional={
        "tool_names": st.lists(st.sampled_from([*NAMES, "other"]), max_size=3),
        "read_only": st.booleans(),
    },
)
APPROVALS = st.one_of(
    st.none(),
    st.sampled_from(["always", "never"]),
    st.fixed_dictionaries({}, optional={"always": st.none() | RULES, "never": st.none() | RULES}),
)
ALLOWED = st.one_of(st.none(), st.lists(st.sampled_from([*NAMES, "other"]), max_size=3), RULES)
ODD = st.one_of(
    st.booleans(),
    st.integers(),
    st.text(),
    st.lists(st.text(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), min_size=1, max_size=2),
    st.fixed_dictionaries({"never": st.text() | st.booleans() | st.lists(st.text())}),
    st.fixed_dictionaries({"never": st.fixed_dictionaries({"tool_names": st.text()})}),
    st.fixed_dictionaries({"never": st.fixed_dictionaries({"read_only": st.text()})}),
    st.fixed_dictionaries({"never": st.fixed_dictionaries({"unknown": st.booleans()})}),
)


def both(approval: Any, allowed: Any) -> tuple[Any, HostedServer]:
    tool = {
        "type": "mcp",
        "server_label": "files",
        "server_url": "http://127.0.0.1:1/mcp",
        "require_approval": approval,
        "allowed_tools": allowed,
    }
    (ours,) = mcp_servers([tool])
    return ours, HostedServer("files", "", {}, allowed, approval)


@given(APPROVALS, ALLOWED, st.sampled_from([*NAMES, "other", "third"]), st.booleans())
def test_both_readings_agree(approval: Any, allowed: Any, name: str, read_only: bool) -> None:
    ours, hosted = both(approval, allowed)
    assert ours.allows(name, read_only) == hosted.allows(name, read_only)
    assert ours.requirement.asks(name, read_only) == hosted.asks(name, read_only)


RULE = {"tool_names": ["delete"]}
READS = {"read_only": True}
#: (require_approval, tool, does it only read, is it asked for), after the API's documentation.
DOCUMENTED: list[tuple[Any, str, bool, bool]] = [
    (None, "look", True, True),
    (None, "delete", False, True),
    ("always", "look", True, True),
    ("never", "delete", False, False),
    ({}, "look", True, True),
    ({"never": RULE}, "delete", False, False),
    ({"never": RULE}, "archive", False, True),
    ({"never": READS}, "look", True, False),
    ({"never": READS}, "delete", False, True),
    ({"never": {**RULE, **READS}}, "delete", False, True),
    ({"never": {**RULE, **READS}}, "delete", True, False),
    ({"never": {}}, "look", True, True),
    ({"never": {"tool_names": []}}, "look", True, True),
    ({"always": RULE}, "delete", False, True),
    ({"always": RULE}, "look", True, True),
    ({"always": RULE, "never": READS}, "look", True, False),
    ({"always": RULE, "never": READS}, "delete", True, True),
    ({"always": None, "never": RULE}, "delete", False, False),
    ({"never": RULE, "sometimes": RULE}, "delete", False, True),
]


@pytest.mark.parametrize(("approval", "name", "read_only", "asked"), DOCUMENTED)
def test_as_documented(approval: Any, name: str, read_only: bool, asked: bool) -> None:
    ours, _ = both(approval, None)
    assert ours.requirement.asks(name, read_only) is asked


@given(ODD, st.sampled_from(NAMES), st.booleans())
def test_what_is_unknown_means_ask(approval: Any, name: str, read_only: bool) -> None:
    if approval == "never":
        return
    ours, _ = both(approval, None)
    assert ours.requirement.asks(name, read_only)


@given(RULES, st.sampled_from(NAMES), st.booleans())
def test_always_wins_over_never(rule: Any, name: str, read_only: bool) -> None:
    ours, _ = both({"always": rule, "never": rule}, None)
    assert ours.requirement.asks(name, read_only)


@pytest.mark.parametrize("form", FORMS)
def test_end_to_end(form: str, host: Host, talk_to: Callable[..., Talk]) -> None:
    hosted, emulated = talk_to("hosted", form=form), talk_to("emulated-chat", form=form)

    def outcome(talk: Talk, tool: dict[str, Any]) -> Any:
        host.calls.clear()
        response = talk.ask(input="look, delete and archive the path 'b.txt'", tools=[tool])
        listed = [
            entry["name"] for item in items(response, "mcp_list_tools") for entry in item["tools"]
        ]
        asked = [item["name"] for item in items(response, "mcp_approval_request")]
        ran = [item["name"] for item in items(response, "mcp_call")]
        assert sorted(ran) == sorted(name for name, _ in host.calls)
        return sorted(listed), sorted(asked), sorted(ran), "message" in kinds(response)

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(APPROVALS, ALLOWED)
    def same(approval: Any, allowed: Any) -> None:
        tool = host.tool(require_approval=approval, allowed_tools=allowed)
        given_fields = {name: value for name, value in tool.items() if value is not None}
        assert outcome(hosted, given_fields) == outcome(emulated, given_fields)

    same()


def test_the_provider_refuses_what_is_no_form(host: Host, talk_to: Callable[..., Talk]) -> None:
    tool = host.tool(require_approval="sometimes")
    with pytest.raises(BadRequestError, match="always"):
        talk_to("hosted").ask(input="delete the path 'b.txt'", tools=[tool])
    response = talk_to("emulated-chat").ask(input="delete the path 'b.txt'", tools=[tool])
    assert kinds(response) == ["mcp_list_tools", "mcp_approval_request"]

"""Rules in order, and what they do to tools and requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resp_core import ApprovalRequest, ArgumentError, Policy, Rule, deny, policy_decisions
from resp_core.mcp.arguments import canonical_arguments
from resp_core.mcp.display import display
from tests.mcp.host import Host
from tests.mcp.talk import Talk, items, kinds, text


def request(name: str = "delete", arguments: str = '{"path":"/etc"}', **fields: Any) -> Any:
    return ApprovalRequest("mcpr_1", fields.pop("server", "files"), name, arguments, **fields)


POLICY = Policy(
    [
        Rule("deny", tool="delete*", when=lambda a: a["path"].startswith("/etc"), reason="system"),
        Rule("approve", server="fil*", read_only=True),
        Rule("approve", tool="archive"),
        Rule("deny", server="evil"),
    ]
)


@pytest.mark.parametrize(
    ("asked", "decision", "rule"),
    [
        (request(), "deny", 0),
        (request(arguments='{"path":"/home"}'), "ask", None),
        (request(arguments="{}"), "ask", 0),  # the predicate raises
        (request(arguments="no json"), "ask", 0),
        (request("look", read_only=True), "approve", 1),
        (request("look", server="other", read_only=True), "ask", None),
        (request("archive", server="evil"), "approve", 2),
        (request("look", server="evil"), "deny", 3),
    ],
)
def test_the_first_match_wins(asked: Any, decision: str, rule: int | None) -> None:
    verdict = POLICY.decide(asked)
    assert (verdict.decision, verdict.rule) == (decision, rule)
    assert decision in POLICY.explain(asked)


def test_explained() -> None:
    assert POLICY.explain(request()) == "delete of files: deny, by rule 0 (system)."
    assert Policy().explain(request()) == (
        "delete of files: ask, as no rule matches (the default)."
    )


def test_a_wrong_decision() -> None:
    with pytest.raises(ArgumentError, match="ask, approve or deny"):
        Rule("reject")  # type: ignore[arg-type]


@pytest.mark.parametrize("default", ["approve", "deny"])
def test_emulated_requests_are_answered_by_it(
    default: Any, host: Host, talk_to: Callable[..., Talk]
) -> None:
    policy = Policy([Rule(default, tool="delete", when=lambda a: True, reason="so it is")])
    talk = talk_to("emulated-chat", approvals=policy)
    response = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    assert kinds(response) == ["mcp_list_tools", "mcp_call", "message"]
    (call,) = items(response, "mcp_call")
    if default == "approve":
        assert host.calls == [("delete", {"path": "b.txt"})]
    else:
        assert host.calls == []
        assert call["status"] == "failed"
        assert "so it is" in text(response)


def test_everything_approved_or_denied(host: Host, talk_to: Callable[..., Talk]) -> None:
    talk = talk_to("emulated-chat", approvals=Policy(default="approve"))
    talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    assert len(host.calls) == 1
    talk = talk_to("emulated-chat", approvals=Policy(default="deny"))
    response = talk.ask(input="delete the path 'b.txt'", tools=[host.tool()])
    assert items(response, "mcp_list_tools")[0]["tools"] == []
    assert len(host.calls) == 1


def test_deny_stops_emulated_never_tools(host: Host, talk_to: Callable[..., Talk]) -> None:
    policy = Policy([Rule("deny", when=lambda a: a["path"] == "b.txt", tool="delete")])
    talk = talk_to("emulated-chat", approvals=policy)
    tool = host.tool(require_approval="never")
    talk.ask(input="delete the path 'b.txt'", tools=[tool])
    assert host.calls == []
    talk.ask(input="delete the path 'c.txt'", tools=[tool])
    assert host.calls == [("delete", {"path": "c.txt"})]


@pytest.mark.parametrize("way", ["call", "client"])
def test_deny_takes_hosted_tools_out(way: str, host: Host, talk_to: Callable[..., Talk]) -> None:
    policy = {"approvals": Policy([Rule("deny", tool="delete")])}
    talk = talk_to("hosted", **(policy if way == "client" else {}))
    tool = host.tool(require_approval="never", allowed_tools=["look", "delete"])
    response = talk.ask(
        input="look at and delete the path 'b.txt'",
        tools=[tool],
        **(policy if way == "call" else {}),
    )
    assert [t["name"] for t in items(response, "mcp_list_tools")[0]["tools"]] == ["look"]
    assert host.calls == [("look", {"path": "b.txt"})]


@pytest.mark.parametrize(
    ("policy", "fields", "refused"),
    [
        # Names are not known, and not every call is asked for.
        (Policy([Rule("deny", tool="del*")]), {"require_approval": "never"}, True),
        (Policy([Rule("deny", tool="del*")]), {}, False),
        (Policy([Rule("deny", tool="del*")]), {"allowed_tools": ["look", "delete"]}, False),
        # A denial that hangs on the arguments comes too late for what is not asked for.
        (
            Policy([Rule("deny", tool="delete", when=lambda a: True)]),
            {"require_approval": "never", "allowed_tools": ["delete"]},
            True,
        ),
        (
            Policy([Rule("deny", tool="delete", when=lambda a: True)]),
            {"require_approval": "never", "allowed_tools": ["look"]},
            False,
        ),
        (Policy([Rule("deny")]), {"require_approval": "never"}, False),
    ],
)
def test_hosted_denials_that_cannot_be_told_are_refused(
    policy: Policy, fields: Any, refused: bool, host: Host, talk_to: Callable[..., Talk]
) -> None:
    talk = talk_to("hosted", approvals=policy)
    if refused:
        with pytest.raises(ArgumentError, match="require_approval"):
            talk.ask(input="delete the path 'b.txt'", tools=[host.tool(**fields)])
    else:
        talk.ask(input="delete the path 'b.txt'", tools=[host.tool(**fields)])
    assert not [name for name, _ in host.calls if name == "delete"]


def test_policy_decisions(host: Host, world: str, talk_to: Callable[..., Talk]) -> None:
    """Headless: what a policy decides is sent back; what it leaves open stays open."""
    talk = talk_to(world)
    first = talk.ask(input="look, delete and archive the path 'b.txt'", tools=[host.tool()])
    policy = Policy([Rule("approve", read_only=True), Rule("deny", tool="delete", reason="no")])
    decided = {item["approval_request_id"]: item for item in policy_decisions(first, policy)}
    requests = {i["name"]: i["id"] for i in items(first, "mcp_approval_request")}
    assert decided[requests["look"]]["approve"] is True
    assert decided[requests["delete"]] == deny(requests["delete"], "no")
    assert requests["archive"] not in decided
    rest = policy_decisions(first, Policy([*policy.rules], default="approve"))
    talk.ask(input=rest, previous_response_id=first["id"], tools=[host.tool()])
    assert sorted(name for name, _ in host.calls) == ["archive", "look"]


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ('{"b": 1, "a": [1.0, "ü"]}', '{"a":[1.0,"ü"],"b":1}'),
        ({"b": 1, "a": 2}, '{"a":2,"b":1}'),
        ("", "{}"),
        ('{"n": 123456789012345678901234567890}', '{"n":123456789012345678901234567890}'),
        ("no json", "no json"),
        ('{"n": NaN}', '{"n": NaN}'),
        ('{"a": "\\ud83d"}', '{"a":"\\ud83d"}'),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_canonical_arguments(given: Any, spelled: str) -> None:
    assert canonical_arguments(given) == spelled


def test_display() -> None:
    assert display("a\tb\nü\x1b[31m\u202e\x00") == "a\tb\nü\\x1b[31m\\u202e\\x00"
    assert display("x" * 5000).endswith("(1000 more)")

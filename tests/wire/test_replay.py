"""`plan_replay`: histories cut anywhere still make a request that the API takes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from resp_core.wire.replay import NO_OUTPUT, ORIGIN, OUTPUT_OF, plan_replay

ANSWERS = set(OUTPUT_OF.values())


def user(text: str = "hi") -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str = "ok", **fields: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "content": [part], **fields}


def thought(id: str = "rs_1", **fields: Any) -> dict[str, Any]:
    return {"type": "reasoning", "id": id, "summary": [], **fields}


def call(call_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "f", "arguments": "{}", **fields}


def output(id: str, text: str = "42") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": id, "output": text}


def problems(items: list[dict[str, Any]], stored: bool) -> list[str]:
    """What the Responses API would refuse in `items`."""
    found: list[str] = []
    calls: dict[str, int] = {}
    answered: set[str] = set()
    for place, item in enumerate(items):
        kind = item.get("type", "message")
        if ORIGIN in item:
            found.append("a private key is sent")
        if kind in OUTPUT_OF:
            if item["call_id"] in calls:
                found.append(f"call twice: {item['call_id']}")
            calls[item["call_id"]] = place
        elif kind in ANSWERS:
            if item["call_id"] not in calls:
                found.append(f"output without call: {item['call_id']}")
            if item["call_id"] in answered:
                found.append(f"output twice: {item['call_id']}")
            answered.add(item["call_id"])
        elif kind == "reasoning":
            following = items[place + 1 :]
            produced = following[0] if following else {}
            role = produced.get("role", "assistant") if produced else "nobody"
            if role != "assistant" or produced.get("type") in ANSWERS:
                found.append("reasoning without the item that it produced")
            if not stored and not item.get("encrypted_content"):
                found.append("reasoning that nobody can read")
        if not stored and kind in ("message", "function_call") and "id" in item:
            found.append("an id that does not resolve")
    found += [f"call without output: {name}" for name in calls if name not in answered]
    return found


def turns() -> list[dict[str, Any]]:
    """A history that is right: three turns with reasoning and parallel calls."""
    return [
        {"role": "system", "content": "be brief"},
        user("a"),
        thought("rs_1", encrypted_content="x"),
        call("c1", id="fc_1"),
        call("c2", id="fc_2"),
        output("c1"),
        output("c2"),
        thought("rs_2", encrypted_content="y"),
        said("b", id="msg_1"),
        user("c"),
        thought("rs_3"),
        call("c3", id="fc_3"),
        output("c3"),
        said("d", id="msg_2"),
        user("e"),
    ]


def test_a_right_history_is_left_alone() -> None:
    items = turns()
    plan = plan_replay(items)
    kept = [item for item in plan if "id" in item]
    assert [item.get("type") for item in plan] == [item.get("type") for item in items]
    assert {item["id"] for item in kept} >= {"rs_1", "fc_1", "fc_2", "rs_2", "msg_1", "rs_3"}
    assert items == turns()


@given(
    st.lists(st.sampled_from(range(15)), max_size=20),
    st.booleans(),
    st.sampled_from([None, "here", "there"]),
)
def test_any_selection_in_any_order_is_valid(
    picks: list[int], stored: bool, origin: str | None
) -> None:
    history = turns()
    items = [
        {**history[n], ORIGIN: "here"} if n in (2, 3, 7, 8) else dict(history[n]) for n in picks
    ]
    before = [dict(item) for item in items]
    assert problems(plan_replay(items, stored=stored, origin=origin), stored) == []
    assert items == before


@given(st.integers(0, 15), st.integers(0, 15), st.booleans())
def test_a_slice_keeps_all_text(start: int, end: int, stored: bool) -> None:
    items = turns()[start:end]
    plan = plan_replay(items, stored=stored)
    assert problems(plan, stored) == []
    texts = [item.get("content") for item in items if item.get("role")]
    assert [item.get("content") for item in plan if item.get("role")] == texts


def test_planning_twice_changes_nothing() -> None:
    for stored in (True, False):
        once = plan_replay(turns()[3:11], stored=stored)
        assert plan_replay(once, stored=stored) == once


def test_an_interrupted_call_gets_an_output_that_says_so() -> None:
    plan = plan_replay([user(), call("c1"), call("c2"), output("c2"), user("next")])
    assert plan == [
        user(),
        call("c1"),
        call("c2"),
        output("c2"),
        {"type": "function_call_output", "call_id": "c1", "output": NO_OUTPUT},
        user("next"),
    ]


def test_an_output_before_its_call_is_moved_behind_it() -> None:
    assert plan_replay([output("c1"), call("c1")]) == [call("c1"), output("c1")]


def test_the_last_of_two_outputs_counts() -> None:
    items = [call("c1"), output("c1", "old"), user(), output("c1", "new")]
    assert plan_replay(items)[1] == output("c1", "new")


def test_outputs_that_the_server_waits_for_stay() -> None:
    items = [output("c1"), output("c9")]
    assert plan_replay(items, pending={"c1"}) == [output("c1")]


def test_another_origin_gets_text_and_calls_only() -> None:
    theirs = [
        thought("rs_1", encrypted_content="x"),
        call("c1", id="fc_1"),
        said("hello", id="msg_1"),
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
    ]
    marked = [{**item, ORIGIN: "openai@one"} for item in theirs]
    items = [user(), *marked[:2], output("c1"), *marked[2:]]
    assert plan_replay(items, origin="azure@two") == [
        user(),
        call("c1"),
        output("c1"),
        said("hello"),
    ]
    here = plan_replay(items, origin="openai@one")
    assert here[1] == theirs[0]
    assert here[-1] == theirs[3]


def test_call_ids_too_long_are_shortened_on_both_sides() -> None:
    name = "toolu_" + "x" * 80
    plan = plan_replay([call(name), output(name)])
    assert plan[0]["call_id"] == plan[1]["call_id"]
    assert len(plan[0]["call_id"]) <= 64


def test_a_stateless_server_gets_mcp_calls_as_function_calls() -> None:
    ran = {
        "type": "mcp_call",
        "id": "mcp_1",
        "name": "search",
        "server_label": "docs",
        "arguments": '{"q":1}',
        "output": "found",
        "approval_request_id": "mcpr_1",
    }
    items = [
        {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "docs", "tools": []},
        {"type": "mcp_approval_request", "id": "mcpr_1", "name": "search", "arguments": "{}"},
        {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
        ran,
        said(),
    ]
    plan = plan_replay(items, stored=False)
    assert [item["type"] for item in plan] == [
        "mcp_list_tools",
        "function_call",
        "function_call_output",
        "message",
    ]
    assert plan[2]["output"] == "found"
    assert plan_replay(items) == items


def test_approvals_go_in_pairs() -> None:
    asked = {"type": "mcp_approval_request", "id": "mcpr_1", "name": "f", "arguments": "{}"}
    answer = {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}
    assert plan_replay([asked, user()]) == [user()]
    assert plan_replay([user(), answer]) == [user()]
    assert plan_replay([asked, answer, answer]) == [asked, answer]
    assert plan_replay([answer], pending={"mcpr_1"}) == [answer]


def test_ids_that_we_made_are_not_sent() -> None:
    items = [thought("rs_rk1", content=[]), call("c1", id="fc_rk2"), output("c1")]
    plan = plan_replay(items)
    assert plan[1] == call("c1")


USUAL = [user(), user("b"), {"role": "assistant", "content": "ok"}, said()]
USUAL += [entry for name in ("c1", "c2") for entry in (call(name), output(name))]
USUAL += [{"role": "system", "content": "be brief"}]


@given(st.lists(st.sampled_from(USUAL), max_size=12), st.booleans())
def test_a_history_that_stands_is_what_the_long_way_gives(
    items: list[dict[str, Any]], stored: bool
) -> None:
    marked = [{**item, ORIGIN: "here"} for item in items]
    long_way = plan_replay(marked, stored=stored, origin="here")
    assert plan_replay(items, stored=stored, origin="here") == long_way

"""ChatOpenAI with our middleware: `mcp_chat_openai.py <options as JSON>`; prints each ending."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langchain_resp import MCPApprovalMiddleware

FORMS: list[dict[str, Any]] = [
    {},
    {"output_version": "v1"},
    {"use_previous_response_id": True},
    {"output_version": "v1", "use_previous_response_id": True},
]
ASKED = {"messages": [("user", "Call delete with the path 'x.txt'.")]}


def ending(model: Any, tool: dict[str, Any], stream: bool, decision: str) -> dict[str, Any]:
    agent: Any = create_agent(
        model, [tool], middleware=[MCPApprovalMiddleware()], checkpointer=InMemorySaver()
    )
    config: Any = {"configurable": {"thread_id": "1"}}

    def run(given: Any) -> None:
        if stream:
            list(agent.stream(given, config, stream_mode=["messages", "values"]))
        else:
            agent.invoke(given, config)

    run(ASKED)
    waits = [each.value for each in agent.get_state(config).interrupts]
    run(Command(resume={"decisions": [{"type": decision}]}))
    state = agent.get_state(config)
    return {
        "asked": [action["args"] for each in waits for action in each["action_requests"]],
        "text": str(state.values["messages"][-1].text),
        "left": len(state.interrupts),
    }


def main(options: dict[str, Any]) -> None:
    logging.disable()
    tool = options.pop("tool")
    for form in FORMS:
        for stream in (False, True):
            for decision in ("approve", "reject"):
                model = ChatOpenAI(use_responses_api=True, **form, **options)
                said = ending(model, tool, stream, decision)
                print(json.dumps({"decision": decision, **said}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

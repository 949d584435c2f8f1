"""One half of a paused conversation: `mcp_process.py ask|decide <folder> <options as JSON>`.

The thread's checkpoint and the state store are files in the folder; nothing else is shared.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langchain_resp import ChatResp, MCPApprovalMiddleware


def saved(file: Path) -> InMemorySaver:
    """A checkpointer whose entries are those of the file; each is bytes of LangGraph's own."""
    saver = InMemorySaver()
    if file.exists():
        storage, writes, blobs = pickle.loads(file.read_bytes())
        for thread, namespaces in storage.items():
            saver.storage[thread].update(namespaces)
        saver.writes.update(writes)
        saver.blobs.update(blobs)
    return saver


def save(saver: InMemorySaver, file: Path) -> None:
    storage = {thread: dict(spaces) for thread, spaces in saver.storage.items()}
    file.write_bytes(pickle.dumps((storage, dict(saver.writes), dict(saver.blobs))))


def main(step: str, folder: Path, options: dict[str, Any]) -> None:
    tool = options.pop("tool")
    prompt, decision = options.pop("prompt", None), options.pop("decision", None)
    saver = saved(folder / "checkpoint")
    model = ChatResp(state_store=f"sqlite:///{folder}/state.db", **options)
    agent: Any = create_agent(
        model, [tool], middleware=[MCPApprovalMiddleware()], checkpointer=saver
    )
    config: Any = {"configurable": {"thread_id": "1"}}
    if step == "ask":
        result = agent.invoke({"messages": [("user", prompt)]}, config)
    else:
        result = agent.invoke(Command(resume={"decisions": [decision]}), config)
    save(saver, folder / "checkpoint")
    waits = [each.value for each in result.get("__interrupt__", [])]
    print(json.dumps({"waits": waits, "text": result["messages"][-1].text}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))

"""One agent with an MCP tool, spoken to in the four ways that LangChain has."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langchain_resp import MCPApprovalMiddleware
from tests.langchain.mcp_worlds import World

WAYS = ["invoke", "ainvoke", "stream", "astream"]
MODES = ["messages", "values"]
DELETE = {"messages": [("user", "Call delete with the path 'x.txt'.")]}
BOTH = {"messages": [("user", "Call delete and archive with the path 'x.txt'.")]}
MIXED = {
    "messages": [("user", "Call delete with the path 'x.txt', and get_weather for the city Paris.")]
}
APPROVE = {"type": "approve"}
X = {"path": "x.txt"}


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"It is sunny in {city}, 21 degrees."


class Talk:
    """A thread of an agent. `way` is how it is called."""

    def __init__(
        self,
        world: World,
        way: str = "invoke",
        *,
        tools: Any = (),
        middleware: Any = None,
        saver: Any = None,
        mcp: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.world = world
        self.way = way
        self.model = world.model(**options)
        self.agent: Any = create_agent(
            self.model,
            [world.tool(**(mcp or {})), *tools],
            middleware=[MCPApprovalMiddleware()] if middleware is None else middleware,
            checkpointer=saver or InMemorySaver(),
        )
        self.config: Any = {"configurable": {"thread_id": "1"}}

    async def say(self, given: Any, config: Any = None) -> None:
        """One run, to its end or its next pause."""
        config = config or self.config
        if self.way == "invoke":
            self.agent.invoke(given, config)
        elif self.way == "ainvoke":
            await self.agent.ainvoke(given, config)
        elif self.way == "stream":
            list(self.agent.stream(given, config, stream_mode=MODES))
        else:
            async for _ in self.agent.astream(given, config, stream_mode=MODES):
                pass

    async def decide(self, *decisions: dict[str, Any]) -> None:
        await self.say(Command(resume={"decisions": list(decisions)}))

    @property
    def messages(self) -> list[BaseMessage]:
        return self.agent.get_state(self.config).values["messages"]

    @property
    def interrupts(self) -> list[dict[str, Any]]:
        """The payloads that wait for a person."""
        return [each.value for each in self.agent.get_state(self.config).interrupts]

    def decisions_sent(self) -> list[dict[str, Any]]:
        """Every decision that is in the conversation."""
        return [
            block["value"]
            for message in self.messages
            if isinstance(message, HumanMessage) and isinstance(message.content, list)
            for block in message.content
            if isinstance(block, dict)
        ]

    def tampered(self, arguments: str) -> AIMessage:
        """The last answer with other arguments in its request, under the same id."""
        last = next(m for m in reversed(self.messages) if isinstance(m, AIMessage))
        content = [
            {**block, "arguments": arguments}
            if isinstance(block, dict) and block.get("type") == "mcp_approval_request"
            else block
            for block in last.content
        ]
        return last.model_copy(update={"content": content})

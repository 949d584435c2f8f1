"""A user's program over ChatResp. Checked by mypy and pyright, never run."""

# The types of langchain's create_agent are partly unknown to pyright, whatever the model.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import asyncio
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_resp import ChatResp, RespEmbeddings, init_chat_model
from langchain_resp.errors import RateLimitError


class City(BaseModel):
    """A city."""

    name: str
    people: int


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def models() -> list[ChatResp]:
    return [
        ChatResp(model="offline/demo", temperature=0.2, max_tokens=50),
        ChatResp(model="azure/my-deployment", api="responses", reasoning={"effort": "low"}),
        init_chat_model("openai/gpt-5.4-mini", store=False),
    ]


def ask(model: ChatResp) -> str:
    message: AIMessage = model.invoke([HumanMessage("hi")])
    return str(message.text)


def chain(model: ChatResp) -> str:
    prompt = ChatPromptTemplate.from_template("Say {word}")
    return (prompt | model | StrOutputParser()).invoke({"word": "yes"})


def structured(model: ChatResp) -> City:
    runnable: Runnable[Any, Any] = model.with_structured_output(City, strict=True)
    city = runnable.invoke("Paris")
    if not isinstance(city, City):
        raise TypeError
    return city


def with_tools(model: ChatResp) -> list[str]:
    bound = model.bind_tools([weather], tool_choice="any", parallel_tool_calls=False)
    message: AIMessage = bound.invoke("How is Paris?")
    return [call["name"] for call in message.tool_calls]


def stream(model: ChatResp) -> str:
    return "".join(str(chunk.text) for chunk in model.stream("hi"))


async def astream(model: ChatResp) -> str:
    return "".join([str(chunk.text) async for chunk in model.astream("hi")])


def stored(model: ChatResp) -> str:
    response_id: str = model.invoke("hi").response_metadata["id"]
    return str(model.client.responses.retrieve(response_id).output_text)


def vectors() -> list[list[float]]:
    return RespEmbeddings(model="offline/embed", dimensions=64).embed_documents(["a", "b"])


def careful(model: ChatResp) -> str:
    try:
        return ask(model)
    except RateLimitError as error:
        return f"wait {error.retry_after} s"


def agent(model: ChatResp) -> str:
    graph = create_agent(model, [weather], system_prompt="Be brief.")
    result: dict[str, Any] = graph.invoke({"messages": [HumanMessage("How is Paris?")]})
    return str(result["messages"][-1].text)


def main() -> None:
    for model in models():
        print(ask(model), chain(model), structured(model), with_tools(model), stream(model))
        print(stored(model), careful(model), agent(model), asyncio.run(astream(model)))
    print(vectors())

"""Agents and workflows on every backend, streamed and not."""

import asyncio
import json

import pytest
from llama_index.core.agent.workflow import (
    AgentOutput,
    AgentStream,
    AgentWorkflow,
    CodeActAgent,
    FunctionAgent,
    ReActAgent,
    ToolCall,
    ToolCallResult,
)
from llama_index.core.llms import ChatMessage
from llama_index.core.memory import ChatMemoryBuffer, Memory
from llama_index.core.tools import FunctionTool
from llama_index.core.workflow import (
    Context,
    HumanResponseEvent,
    InputRequiredEvent,
    JsonPickleSerializer,
    JsonSerializer,
)
from pydantic import BaseModel

# llama-index leaves the memory out of a serialised context and says so: it is passed to `run`.
without_memory = pytest.mark.filterwarnings("ignore:Skipping serialization of known unserializable")

SUM = "What is 6 multiplied by 7?"


async def run(agent, message=SUM, **options):
    handler = agent.run(message, **options)
    seen = [event async for event in handler.stream_events()]
    return await handler, seen


def only(seen, kind):
    return [event for event in seen if type(event) is kind]


@pytest.mark.parametrize("streaming", [True, False])
async def test_function_agent(llm, tools, streaming):
    agent = FunctionAgent(tools=tools, llm=llm, streaming=streaming)
    result, seen = await run(agent)
    assert "42" in str(result)
    [call] = only(seen, ToolCall)
    assert (call.tool_name, call.tool_kwargs) == ("multiply", {"a": 6, "b": 7})
    assert result.tool_calls[0].tool_output.raw_output == 42


async def test_the_user_sees_the_answer_as_it_comes(llm, tools):
    result, seen = await run(FunctionAgent(tools=tools, llm=llm))
    streamed = only(seen, AgentStream)
    assert "".join(event.delta for event in streamed) == str(result)
    assert streamed[-1].response == str(result)


@pytest.mark.own
async def test_the_user_sees_the_usage(llm, tools):
    _, seen = await run(FunctionAgent(tools=tools, llm=llm))
    assert only(seen, AgentStream)[-1].raw["usage"]["total_tokens"] > 0


async def test_the_agent_shows_thoughts(make_llm, api, tools):
    llm = (
        make_llm(reasoning={"effort": "low", "summary": "auto"})
        if api == "responses"
        else make_llm(reasoning="low")
    )
    result, seen = await run(FunctionAgent(tools=tools, llm=llm))
    assert "42" in str(result)
    thoughts = [e.thinking_delta for e in only(seen, AgentStream) if e.thinking_delta]
    assert bool(thoughts) == (api == "responses")


@pytest.mark.parametrize("parallel", [True, False])
async def test_parallel_calls(llm, tools, parallel):
    agent = FunctionAgent(tools=tools, llm=llm, allow_parallel_tool_calls=parallel)
    result, seen = await run(agent, "What is the weather in Paris and in Rome?")
    cities = {call.tool_kwargs["city"] for call in only(seen, ToolCall)}
    assert "Paris" in cities
    assert "sunny" in str(result)
    if parallel:
        assert cities == {"Paris", "Rome"}


async def test_no_tools(llm):
    result, _ = await run(FunctionAgent(tools=[], llm=llm), "Hello")
    assert str(result).startswith("Hello!")


async def test_a_first_call_can_be_forced(llm, tools):
    agent = FunctionAgent(tools=tools, llm=llm, initial_tool_choice="get_weather")
    _, seen = await run(agent, "Hello Paris")
    assert only(seen, ToolCall)[0].tool_name == "get_weather"


async def test_a_system_prompt(llm, tools):
    agent = FunctionAgent(tools=tools, llm=llm, system_prompt="You calculate.")
    assert "42" in str((await run(agent))[0])


async def test_a_failing_tool_is_told_to_the_model(llm):
    def explode(city: str) -> str:
        """Get the weather in a city."""
        raise RuntimeError("no such city")

    tool = FunctionTool.from_defaults(explode, name="get_weather")
    result, seen = await run(FunctionAgent(tools=[tool], llm=llm), "What is the weather in Paris?")
    assert only(seen, ToolCallResult)[0].tool_output.is_error
    assert str(result)


async def test_return_direct(llm):
    def get_weather(city: str) -> str:
        """Get the weather in a city."""
        return f"direct {city}"

    tool = FunctionTool.from_defaults(get_weather, return_direct=True)
    result, _ = await run(FunctionAgent(tools=[tool], llm=llm), "What is the weather in Paris?")
    assert str(result) == "direct Paris"


async def test_async_tools(llm):
    async def get_weather(city: str) -> str:
        """Get the weather in a city."""
        await asyncio.sleep(0)
        return f"rain in {city}"

    agent = FunctionAgent(tools=[FunctionTool.from_defaults(async_fn=get_weather)], llm=llm)
    assert "rain" in str((await run(agent, "What is the weather in Paris?"))[0])


@pytest.mark.parametrize("kind", [ChatMemoryBuffer, Memory])
async def test_memory_is_kept_and_can_be_replayed(llm, tools, kind):
    agent = FunctionAgent(tools=tools, llm=llm)
    memory = kind.from_defaults(token_limit=4000)
    await run(agent, memory=memory)
    roles = [message.role.value for message in await memory.aget_all()]
    assert roles == ["user", "assistant", "tool", "assistant"]
    result, _ = await run(agent, "My name is Ada.", memory=memory)
    result, _ = await run(agent, "What is my name?", memory=memory)
    assert "Ada" in str(result)


@without_memory
@pytest.mark.parametrize("serializer", [JsonSerializer(), JsonPickleSerializer()])
async def test_a_context_survives_json(make_llm, tools, serializer):
    agent = FunctionAgent(tools=tools, llm=make_llm(reasoning="low"))
    memory = Memory.from_defaults(token_limit=4000)
    context = Context(agent)
    await agent.run(SUM, ctx=context, memory=memory)
    saved = json.loads(json.dumps(context.to_dict(serializer=serializer)))
    assert "canary" not in json.dumps(saved)
    again = Context.from_dict(agent, saved, serializer=serializer)
    assert "42" in str(await agent.run("What is 6 multiplied by 7?", ctx=again, memory=memory))


async def test_history_as_messages(llm, tools):
    history = [ChatMessage("My name is Ada."), ChatMessage(role="assistant", content="Hi Ada.")]
    agent = FunctionAgent(tools=tools, llm=llm)
    assert "Ada" in str(await agent.run("What is my name?", chat_history=history))


class Result(BaseModel):
    """The result of a sum."""

    number: int


@pytest.mark.parametrize("streaming", [True, False])
async def test_structured_output(llm, tools, streaming):
    agent = FunctionAgent(tools=tools, llm=llm, output_cls=Result, streaming=streaming)
    result, _ = await run(agent)
    assert isinstance(result.get_pydantic_model(Result), Result)


@pytest.mark.parametrize("streaming", [True, False])
async def test_react_agent(llm, tools, streaming):
    result, seen = await run(ReActAgent(tools=tools, llm=llm, streaming=streaming))
    assert "42" in str(result)
    assert only(seen, ToolCallResult)[0].tool_output.raw_output == 42


async def test_react_agent_without_a_call(llm, tools):
    result, _ = await run(ReActAgent(tools=tools, llm=llm), "Hello")
    assert str(result)


async def test_react_agent_on_a_model_without_tools(make_llm, tools):
    llm = make_llm(is_function_calling_model=False)
    workflow = AgentWorkflow.from_tools_or_functions(tools, llm=llm)
    assert "42" in str((await run(workflow))[0])


async def test_code_act_agent(llm):
    agent = CodeActAgent(code_execute_fn=lambda code: "ran", tools=[], llm=llm)
    assert str((await run(agent, "Hello"))[0])


def handoff_agents(llm, kind):
    def get_weather(city: str) -> str:
        """Get the weather in a city."""
        return f"sunny in {city}"

    def multiply(a: int, b: int) -> int:
        """Multiply two numbers."""
        return a * b

    return [
        kind(
            name="front",
            description="Greets people",
            tools=[],
            llm=llm,
            system_prompt="Hand off to calculator for sums.",
            can_handoff_to=["calculator", "forecaster"],
        ),
        kind(
            name="calculator",
            description="Multiplies numbers",
            tools=[FunctionTool.from_defaults(multiply)],
            llm=llm,
        ),
        kind(
            name="forecaster",
            description="Knows the weather",
            tools=[FunctionTool.from_defaults(get_weather)],
            llm=llm,
        ),
    ]


async def test_handoff(llm):
    workflow = AgentWorkflow(agents=handoff_agents(llm, FunctionAgent), root_agent="front")
    result, seen = await run(workflow, "Hand off to calculator: what is 6 multiplied by 7?")
    agents = [event.current_agent_name for event in only(seen, AgentOutput)]
    assert agents[0] == "front"
    assert "calculator" in agents
    assert "42" in str(result)


async def test_a_workflow_of_one(llm, tools):
    workflow = AgentWorkflow.from_tools_or_functions(tools, llm=llm)
    assert "42" in str((await run(workflow))[0])


async def test_state_in_the_context(llm):
    async def remember(ctx: Context, name: str) -> str:
        """Remember the name of a person."""
        state = await ctx.store.get("state")
        state["name"] = name
        await ctx.store.set("state", state)
        return "remembered"

    workflow = AgentWorkflow.from_tools_or_functions(
        [remember], llm=llm, initial_state={"name": "unset"}
    )
    context = Context(workflow)
    await workflow.run("Remember the name Ada, please.", ctx=context)
    assert (await context.store.get("state"))["name"] != "unset"


@without_memory
@pytest.mark.parametrize("saved", [False, True])
async def test_a_person_in_the_loop(llm, saved):
    async def delete_file(ctx: Context, path: str) -> str:
        """Delete a file."""
        answer = await ctx.wait_for_event(
            HumanResponseEvent,
            waiter_id="confirm",
            waiter_event=InputRequiredEvent(prefix=f"Delete {path}?"),
        )
        return f"deleted: {answer.response}"

    workflow = AgentWorkflow.from_tools_or_functions([delete_file], llm=llm)
    pickled = JsonPickleSerializer()  # the plain one leaves the memory out
    memory = ChatMemoryBuffer.from_defaults(token_limit=4000)
    handler = workflow.run("Delete the file report.txt", memory=memory)
    async for event in handler.stream_events():
        if isinstance(event, InputRequiredEvent):
            if saved:
                state = json.loads(json.dumps(handler.ctx.to_dict(serializer=pickled)))
                await handler.cancel_run()
                context = Context.from_dict(workflow, state, serializer=pickled)
                handler = workflow.run(ctx=context)
            handler.ctx.send_event(HumanResponseEvent(response="yes"))
            break
    assert "yes" in str(await handler)


async def test_a_broken_stream_ends_the_run(make_llm, tools, api_error):
    agent = FunctionAgent(tools=tools, llm=make_llm("offline/fault-cut", max_retries=0))
    with pytest.raises(api_error):
        await agent.run("Hello")


async def test_a_call_that_was_cut_is_not_run_and_ends_the_run(make_llm):
    ran = []

    def write_essay(text: str) -> str:
        """Write an essay with the text."""
        ran.append(text)
        return "written"

    llm = make_llm(max_tokens=16)
    agent = FunctionAgent(tools=[FunctionTool.from_defaults(write_essay)], llm=llm)
    await run(agent, "Write an essay with the text " + "very long " * 60)
    assert ran == []


async def test_many_agents_on_one_model(llm, tools):
    agent = FunctionAgent(tools=tools, llm=llm)
    results = await asyncio.gather(
        *(agent.run(f"What is {n} multiplied by 7?") for n in range(2, 12))
    )
    for n, result in enumerate(results, start=2):
        assert str(n * 7) in str(result)


def test_a_new_event_loop_for_each_run(llm, tools):
    agent = FunctionAgent(tools=tools, llm=llm)

    async def once():
        return str(await agent.run(SUM))

    assert all("42" in asyncio.run(once()) for _ in range(2))

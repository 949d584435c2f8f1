"""`resp demo`: an agent of LangChain and a query engine of LlamaIndex, on any model."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text

from resp_core.cli.layout import table
from resp_core.client.configured import fitting
from resp_core.client.wiring import connection_of
from resp_core.credentials import environ
from resp_core.errors import ConfigError
from resp_core.route.deployment import Connection
from resp_core.route.resolve import resolve

if TYPE_CHECKING:
    from rich.console import Console

    from resp_core.client.options import ClientOptions
    from resp_core.observe.record import CallRecord

__all__ = ["run_demo"]

_QUESTION = "What is the weather in Paris, and what is 19 plus 23?"
_NOTES = {
    "tides.txt": "Tides follow the Moon. The sea rises and falls twice a day, and the highest "
    "tides come at new and full Moon, when the Sun pulls along the same line.",
    "bread.txt": "Sourdough rises slowly. A starter of flour and water holds wild yeast, and the "
    "dough wants eight to twelve hours at room temperature before it is baked.",
    "bees.txt": "Honey bees dance to tell where flowers are. The angle of the waggle dance shows "
    "the direction relative to the Sun, and its length the distance.",
}
_QUERY = "How do honey bees tell each other where flowers are?"


def run_demo(model: str, options: ClientOptions, console: Console) -> None:
    """Run both on `model` with these options of a client, and print a table of the calls.

    Raises ArgumentError for a model or key that will not do, APIError for what a provider says.
    """
    # A missing key is said before anything is drawn.
    target = resolve(model, connection_of(options) or Connection(), environ())
    try:
        import langchain.agents  # noqa: F401  # pyright: ignore[reportUnusedImport]
        import llama_index.core  # noqa: F401  # pyright: ignore[reportUnusedImport]

        import langchain_resp  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise ConfigError(
            f'The demo needs {error.name}: pip install "respkit[demo]".', param="demo"
        ) from error
    begun = time.monotonic()
    records: list[CallRecord] = []
    console.print(Text(f"respkit demo on {model}", style="bold"))
    options["hooks"] = [records.append]
    _agent(model, options, console)
    # OpenAI's own vectors for OpenAI; elsewhere vectors that need no provider.
    openai = target.provider == "openai"
    _query_engine(
        model, "openai/text-embedding-3-small" if openai else "offline/embed", options, console
    )
    console.print()
    _show_calls(records, console)
    console.print(f"Done in {time.monotonic() - begun:.1f} s. ", end="")
    if model.startswith("offline/"):
        console.print("The same on a real model: resp demo --model openai/gpt-5.4-mini")
    else:
        console.print()
    if options.get("ledger") is not None:
        console.print("Where the money went, over all runs: resp spend --by model --chart")


def _agent(model: str, options: ClientOptions, console: Console) -> None:
    from langchain import agents
    from langchain_core.messages import AIMessageChunk, ToolMessage
    from langchain_core.tools import tool

    from langchain_resp import ChatResp

    @tool
    def get_weather(city: str) -> str:
        """The weather in a city now."""
        return f"{city}: 18 °C and sunny"

    @tool
    def add(a: float, b: float) -> float:
        """Add two numbers."""
        return a + b

    console.print()
    console.print(Text("LangChain: create_agent with two tools", style="bold cyan"))
    console.print(Text(f"> {_QUESTION}", style="dim"))
    create_agent: Any = cast("Any", agents).create_agent  # partly untyped in LangChain
    agent = create_agent(ChatResp(model=model, **cast("Any", options)), [get_weather, add])
    state = {"messages": [{"role": "user", "content": _QUESTION}]}
    in_text = False
    for message, _ in agent.stream(state, stream_mode="messages"):
        if isinstance(message, ToolMessage):
            console.print(Text(f"  tool {message.name} -> {message.text}", style="green"))
            in_text = False
        elif isinstance(message, AIMessageChunk):
            for call in message.tool_call_chunks:
                if call["name"]:
                    console.print(Text(f"  call {call['name']} {call['args']}", style="yellow"))
            if message.text:
                console.print(message.text, end="", markup=False)
                in_text = True
    if in_text:
        console.print()


def _query_engine(model: str, vectors: str, options: ClientOptions, console: Console) -> None:
    from llama_index.core import Document, VectorStoreIndex

    from llamaindex_resp import RespEmbedding, RespLLM

    console.print()
    console.print(Text("LlamaIndex: a query engine over three notes", style="bold cyan"))
    console.print(Text(f"> {_QUERY}", style="dim"))
    given, for_vectors = cast("Any", options), cast("Any", fitting(options, model, vectors))
    embedder = RespEmbedding(model=vectors, **for_vectors)
    notes = [Document(text=text, metadata={"file": name}) for name, text in _NOTES.items()]
    index: Any = VectorStoreIndex.from_documents(notes, embed_model=embedder)
    engine = index.as_query_engine(
        llm=RespLLM(model=model, **given), streaming=True, similarity_top_k=2
    )
    answer = engine.query(_QUERY)
    for piece in answer.response_gen:
        console.print(piece, end="", markup=False)
    console.print()
    for source in answer.source_nodes:
        name, score = source.node.metadata["file"], source.score or 0.0
        console.print(Text(f"  source {name} (similarity {score:.2f})", style="green"))


def _show_calls(records: list[CallRecord], console: Console) -> None:
    numbers = ("tokens in", "tokens out", "first token")
    made = table(console, "Calls", "model", "API", *numbers, "cost", right=numbers)
    reasons: dict[str, None] = {}
    for record in records:
        usage = record.usage or {}
        first = "-" if record.first_token is None else f"{record.first_token * 1000:.0f} ms"
        name = record.model or record.deployment
        cost = record.cost
        reasons |= dict.fromkeys(map(str, cost.unknown))
        made.add_row(
            name if name.startswith(f"{record.provider}/") else f"{record.provider}/{name}",
            "embeddings" if record.operation == "embeddings" else record.api,
            str(usage.get("input_tokens", usage.get("prompt_tokens", "-"))),
            str(usage.get("output_tokens", usage.get("completion_tokens", "-"))),
            first,
            str(cost) if cost.total is not None else "unknown, see below",
        )
    console.print(made)
    for reason in reasons:
        console.print(Text(f"Unknown cost: {reason}"))

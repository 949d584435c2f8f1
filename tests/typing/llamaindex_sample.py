"""What a type checker sees of the LlamaIndex adapter. Checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from llama_index.core import Settings
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import LLM, ChatMessage, ChatResponse, CompletionResponse
from llama_index.core.prompts import PromptTemplate
from pydantic import BaseModel

from llamaindex_resp import RespEmbedding, RespLLM, StructuredOutputError, ToolCallError
from resp_core import AsyncClient, Client


class Song(BaseModel):
    title: str


def models() -> tuple[LLM, BaseEmbedding]:
    llm = RespLLM(
        "azure/mine",
        azure_endpoint="https://mine.openai.azure.com",
        api="responses",
        temperature=0.1,
        stop=["END"],
        reasoning={"effort": "low"},
        metadata={"team": "a"},
    )
    llm = RespLLM(
        engine="mine",
        model="gpt-4o",
        azure_endpoint="https://mine.openai.azure.com",
        use_azure_ad=True,
        max_output_tokens=100,
        reasoning_effort="low",
        additional_kwargs={"seed": 1},
        instructions="Be brief.",
    )
    llm = RespLLM(client=Client("offline/demo"), async_client=AsyncClient("offline/demo"))
    embedding = RespEmbedding("openai/text-embedding-3-small", dimensions=256)
    Settings.llm, Settings.embed_model = llm, embedding
    return llm, embedding


def plain(llm: RespLLM) -> str | None:
    response = llm.chat([ChatMessage(role="user", content="Hello")])
    assert_type(response, ChatResponse)
    assert_type(llm.complete("Hello"), CompletionResponse)
    for chunk in llm.stream_chat([ChatMessage(role="user", content="Hello")]):
        assert_type(chunk, ChatResponse)
    return response.message.content


async def awaited(llm: RespLLM) -> list[str]:
    assert_type(await llm.achat([ChatMessage(role="user", content="Hello")]), ChatResponse)
    stream = await llm.astream_complete("Hello")
    return [chunk.text async for chunk in stream]


def structured(llm: RespLLM) -> str:
    song = llm.structured_predict(Song, PromptTemplate("A song about {topic}"), topic="rain")
    assert_type(song, Song)
    return song.title


def clients(llm: RespLLM) -> None:
    assert_type(llm.client, Client)
    assert_type(llm.async_client, AsyncClient)
    llm.client.responses.delete("resp_1")


def errors(error: Exception) -> str:
    if isinstance(error, ToolCallError):
        return str(error.calls)
    if isinstance(error, StructuredOutputError):
        return error.text
    return ""

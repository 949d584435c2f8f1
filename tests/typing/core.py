"""What a type checker sees of the core client. Checked by mypy and pyright, never run."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from resp_core import AsyncClient, CallRecord, Client, Obj, RateLimitError, Result, configure


def plain(client: Client) -> CallRecord | None:
    response = client.responses.create(input="Say hello.", temperature=0.2)
    assert_type(response, Result)
    completion = client.chat.completions.create(messages=[{"role": "user", "content": "Hi"}])
    assert_type(completion, Result)
    client.embeddings.create(input=["a", "b"])
    return response.record


def streamed(client: Client) -> list[str]:
    with client.responses.stream(input="Say hello.") as stream:
        for event in stream:
            assert_type(event, Obj)
    stream = client.responses.create(input="Say hello.", stream=True)
    return [str(event.type) for event in stream]


async def awaited(client: AsyncClient) -> int:
    response = await client.responses.create(input="Say hello.")
    assert_type(response, Result)
    return int(response["usage"]["total_tokens"])


def per_call(client: Client) -> None:
    client.responses.create(
        model="azure/my-gpt", input="Hi", azure_endpoint="https://x.openai.azure.com", timeout=5
    )


def configured(path: Path) -> AsyncClient:
    assert_type(Client.from_config("resp.yaml", timeout=5), Client)
    Client.from_config({"settings": {"timeout": 5}}, "openai/gpt-5.4-mini")
    configure(config=path, api_key="sk-...")
    return AsyncClient.from_config(path)


def refused(client: Client) -> None:
    """Each `ignore` is needed: mypy reports those that are not."""
    client.responses.create(input="Hi", temprature=0.2)  # type: ignore[call-overload]
    client.responses.create(input="Hi", timeout="soon")  # type: ignore[call-overload]
    Client("offline/demo", api="soap")  # type: ignore[arg-type]


def told(client: Client) -> float | None:
    try:
        client.responses.create(input="Say hello.")
    except RateLimitError as error:
        return error.retry_after
    return None

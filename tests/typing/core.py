"""What a type checker sees of the core client. Checked by mypy and pyright, never run."""

from __future__ import annotations

from resp_core import AsyncClient, Client, RateLimitError


def plain(client: Client) -> str:
    response = client.responses.create(input="Say hello.", temperature=0.2)
    completion = client.chat.completions.create(messages=[{"role": "user", "content": "Hi"}])
    client.embeddings.create(input=["a", "b"])
    return str(response.output_text) + str(completion.choices[0].message.content)


def streamed(client: Client) -> list[str]:
    with client.responses.stream(input="Say hello.") as stream:
        return [str(event.type) for event in stream]


async def awaited(client: AsyncClient) -> int | None:
    response = await client.responses.create(input="Say hello.")
    return int(response["usage"]["total_tokens"])


def told(client: Client) -> float | None:
    try:
        client.responses.create(input="Say hello.")
    except RateLimitError as error:
        return error.retry_after
    return None

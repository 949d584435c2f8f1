"""Module functions over one lazy default client, as LiteLLM's users write them."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from resp_core.client.params import sealed
from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from resp_core.client.async_client import AsyncClient
    from resp_core.client.configured import Source
    from resp_core.client.options import ClientOptions
    from resp_core.client.sync_client import Client
    from resp_core.client.wiring import Settings

__all__ = [
    "acancel_responses",
    "acompletion",
    "adelete_responses",
    "aembedding",
    "aget_responses",
    "aresponses",
    "cancel_responses",
    "completion",
    "configure",
    "delete_responses",
    "embedding",
    "get_responses",
    "responses",
]


class _Default:
    """The one global: made on first use, replaced by `configure`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settings: Settings | None = None
        self._clients: tuple[Client, AsyncClient] | None = None

    def configure(self, settings: Settings) -> None:
        with self._lock:
            self._settings, self._clients = settings, None

    def both(self) -> tuple[Client, AsyncClient]:
        with self._lock:
            if self._clients is None:
                from resp_core.client import AsyncClient, Client
                from resp_core.client.options import settings_of

                # As with LiteLLM, whose users set variables between calls.
                settings = replace(self._settings or settings_of(None, {}), live=True)
                client = Client.from_settings(settings)
                # One memory: what a sync call stored, an async call finds.
                made = AsyncClient.from_settings(settings).sharing_state_of(client)
                self._clients = client, made
            return self._clients


_default = _Default()


def configure(
    model: str | None = None,
    *,
    config: Source | None = None,
    **options: Unpack[ClientOptions],
) -> None:
    """Set the default client that the module functions use, with the arguments of `Client`.

    `config` is a configuration as `Client.from_config` reads it; the arguments win over it. What
    is wrong is said here.
    """
    if config is None:
        from resp_core.client.options import settings_of

        return _default.configure(settings_of(model, options))
    from resp_core.client.configured import concealed, settings_from

    config = concealed(config)
    return _default.configure(settings_from(config, model, sealed(options)))


def _ours(given: dict[str, Any]) -> dict[str, Any]:
    """LiteLLM's names of our options as ours; credentials veiled."""
    found = sealed(given)
    retries, drop = found.pop("num_retries", None), found.pop("drop_params", None)
    for name, value in (
        ("max_retries", retries),
        ("on_unsupported", None if drop is None else "drop" if drop else "raise"),
    ):
        if value is not None and found.setdefault(name, value) != value:
            raise ArgumentError(f"{name} is given twice, and differs.", param=name)
    return found


def responses(
    input: Any = None, model: str | None = None, *, stream: bool = False, **params: Any
) -> Any:
    """`Client.responses.create`."""
    return _default.both()[0].responses.create(
        input=input, model=model, stream=stream, **_ours(params)
    )


async def aresponses(
    input: Any = None, model: str | None = None, *, stream: bool = False, **params: Any
) -> Any:
    """`AsyncClient.responses.create`."""
    return await _default.both()[1].responses.create(
        input=input, model=model, stream=stream, **_ours(params)
    )


def completion(
    model: str | None = None, messages: Any = None, *, stream: bool = False, **params: Any
) -> Any:
    """`Client.chat.completions.create`."""
    return _default.both()[0].chat.completions.create(
        model=model, messages=messages, stream=stream, **_ours(params)
    )


async def acompletion(
    model: str | None = None, messages: Any = None, *, stream: bool = False, **params: Any
) -> Any:
    """`AsyncClient.chat.completions.create`."""
    return await _default.both()[1].chat.completions.create(
        model=model, messages=messages, stream=stream, **_ours(params)
    )


def embedding(model: str | None = None, input: Any = None, **params: Any) -> Any:
    """`Client.embeddings.create`."""
    return _default.both()[0].embeddings.create(model=model, input=input, **_ours(params))


async def aembedding(model: str | None = None, input: Any = None, **params: Any) -> Any:
    """`AsyncClient.embeddings.create`."""
    return await _default.both()[1].embeddings.create(model=model, input=input, **_ours(params))


def get_responses(response_id: str, *, stream: bool = False, **options: Any) -> Any:
    """`Client.responses.retrieve`."""
    client = _default.both()[0]
    return client.responses.retrieve(response_id, stream=stream, **_ours(options))


async def aget_responses(response_id: str, *, stream: bool = False, **options: Any) -> Any:
    """`AsyncClient.responses.retrieve`."""
    client = _default.both()[1]
    return await client.responses.retrieve(response_id, stream=stream, **_ours(options))


def delete_responses(response_id: str, **options: Any) -> Any:
    """`Client.responses.delete`."""
    return _default.both()[0].responses.delete(response_id, **_ours(options))


async def adelete_responses(response_id: str, **options: Any) -> Any:
    """`AsyncClient.responses.delete`."""
    return await _default.both()[1].responses.delete(response_id, **_ours(options))


def cancel_responses(response_id: str, **options: Any) -> Any:
    """`Client.responses.cancel`."""
    return _default.both()[0].responses.cancel(response_id, **_ours(options))


async def acancel_responses(response_id: str, **options: Any) -> Any:
    """`AsyncClient.responses.cancel`."""
    return await _default.both()[1].responses.cancel(response_id, **_ours(options))

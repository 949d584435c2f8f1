"""`RespEmbeddings`: LangChain embeddings over `resp_core`."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from langchain_core.embeddings import Embeddings
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError

from langchain_resp.errors import ArgumentError, ProtocolError, langchain_errors
from langchain_resp.options import CLIENT_FIELDS, canonical, explained

if TYPE_CHECKING:
    from resp_core import AsyncClient, Client

__all__ = ["RespEmbeddings"]

_LOCK = threading.Lock()
_NOT_PICKLED = (
    "api_key",
    "azure_ad_token",
    "azure_ad_token_provider",
    "credential",
    "default_headers",
    "default_query",
    "proxy",
    "http_client",
    "http_async_client",
)


class RespEmbeddings(BaseModel, Embeddings):
    """Embeddings of every provider that `resp_core` knows.

    The options for the connection are those of `ChatResp`. `dimensions` shortens the vectors,
    where the model can. Texts are sent in batches of at most `chunk_size` texts and
    `batch_chars` characters together; the order of the vectors is that of the texts.
    """

    model_config = ConfigDict(
        arbitrary_types_allowed=True,
        extra="forbid",
        protected_namespaces=(),
        hide_input_in_errors=True,
    )

    model: str
    dimensions: int | None = None
    chunk_size: int = Field(default=512, ge=1, le=2048)
    batch_chars: int = Field(default=400_000, ge=1)
    user: str | None = None
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    extra_body: dict[str, Any] | None = None

    api: Literal["auto", "responses", "chat"] = "auto"
    provider: str | None = None
    base_url: str | None = None
    api_key: SecretStr | None = None
    api_version: str | None = None
    azure_ad_token: SecretStr | None = None
    azure_ad_token_provider: Any = Field(default=None, exclude=True, repr=False)
    credential: Any = Field(default=None, exclude=True, repr=False)
    base_model: str | None = None
    context_window: int | None = None
    organization: str | None = None
    project: str | None = None
    default_headers: Mapping[str, str] | None = Field(default=None, exclude=True, repr=False)
    default_query: Mapping[str, Any] | None = Field(default=None, exclude=True, repr=False)
    timeout: float | None = None
    max_retries: int = 2
    proxy: str | None = Field(default=None, exclude=True, repr=False)
    verify: Any = Field(default=True, exclude=True, repr=False)
    transport: Literal["httpx2", "aiohttp"] = "httpx2"
    http_client: Any = Field(default=None, exclude=True, repr=False)
    http_async_client: Any = Field(default=None, exclude=True, repr=False)
    on_unsupported: Literal["raise", "warn", "drop"] = "raise"

    _client: Any = PrivateAttr(default=None)
    _async_client: Any = PrivateAttr(default=None)

    def __init__(self, **kwargs: Any) -> None:
        """Take the options above; ArgumentError for an unknown one or a wrong value."""
        values = canonical(kwargs, type(self).model_fields)
        if not values.get("model"):
            raise ArgumentError(
                'No model is named: pass model="provider/name", for example '
                '"openai/text-embedding-3-small", or "offline/embed", which needs no key.',
                param="model",
            )
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise explained(error) from None

    @property
    def client(self) -> Client:
        """The core's client with these settings, made on first use."""
        if self._client is None:
            from resp_core import Client

            with _LOCK, langchain_errors():
                if self._client is None:
                    self._client = Client(**self._client_options(self.http_client))
        return cast("Client", self._client)

    @property
    def async_client(self) -> AsyncClient:
        """The same, to be awaited."""
        if self._async_client is None:
            from resp_core import AsyncClient

            with _LOCK, langchain_errors():
                if self._async_client is None:
                    self._async_client = AsyncClient(
                        **self._client_options(self.http_async_client)
                    )
        return cast("AsyncClient", self._async_client)

    def _client_options(self, http_client: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"model": self.model}
        for name in CLIENT_FIELDS:
            value = getattr(self, name)
            if value is not None:
                value = value.get_secret_value() if isinstance(value, SecretStr) else value
                given[name] = value
        if http_client is not None:
            given["http_client"] = http_client
        return given

    def _params(self) -> dict[str, Any]:
        params: dict[str, Any] = {**self.model_kwargs, "encoding_format": "float"}
        for name in ("dimensions", "user", "extra_body"):
            if getattr(self, name) is not None:
                params[name] = getattr(self, name)
        return params

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:  # type: ignore[override]
        """One vector for each text, in order."""
        vectors: list[list[float]] = []
        params = self._params()
        with langchain_errors():
            for batch in batches(texts, self.chunk_size, self.batch_chars):
                answer: Any = self.client.embeddings.create(input=batch, **params)
                vectors += in_order(answer["data"], len(batch))
        return vectors

    async def aembed_documents(self, texts: Sequence[str]) -> list[list[float]]:  # type: ignore[override]
        """One vector for each text, in order."""
        vectors: list[list[float]] = []
        params = self._params()
        with langchain_errors():
            for batch in batches(texts, self.chunk_size, self.batch_chars):
                answer: Any = await self.async_client.embeddings.create(input=batch, **params)
                vectors += in_order(answer["data"], len(batch))
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return self.embed_documents([text])[0]

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return (await self.aembed_documents([text]))[0]

    def __getstate__(self) -> dict[Any, Any]:
        """For pickle: without credentials, headers and clients, which the reader supplies."""
        state = dict(super().__getstate__())
        fields = type(self).model_fields
        state["__dict__"] = {
            name: fields[name].default if name in _NOT_PICKLED else value
            for name, value in state["__dict__"].items()
        }
        state["__pydantic_fields_set__"] = set(state["__pydantic_fields_set__"]) - {*_NOT_PICKLED}
        state["__pydantic_private__"] = {"_client": None, "_async_client": None}
        return state

    def __copy__(self) -> RespEmbeddings:
        """A copy in this process keeps credentials; clients are its own."""
        return self._without_clients(super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> RespEmbeddings:
        """As `copy`; objects that cannot be copied, such as HTTP clients, are shared."""
        memo = {} if memo is None else memo
        for name in ("azure_ad_token_provider", "credential", "http_client", "verify"):
            memo[id(getattr(self, name))] = getattr(self, name)
        memo[id(self.http_async_client)] = self.http_async_client
        for client in (self._client, self._async_client):
            memo[id(client)] = None
        return self._without_clients(super().__deepcopy__(memo))

    @staticmethod
    def _without_clients(copied: RespEmbeddings) -> RespEmbeddings:
        copied._client = None
        copied._async_client = None
        return copied


def batches(texts: Sequence[str], count: int, chars: int) -> list[list[str]]:
    """`texts` in order, in lists of at most `count` texts and `chars` characters.

    A text longer than that makes a batch of its own.
    """
    made: list[list[str]] = []
    size = 0
    for text in texts:
        if not made or len(made[-1]) >= count or size + len(text) > chars:
            made.append([])
            size = 0
        made[-1].append(text)
        size += len(text)
    return made


def in_order(data: Sequence[Any], count: int) -> list[list[float]]:
    """The vectors of one answer by their `index`; ProtocolError where some are missing."""
    found = {entry.get("index", place): entry["embedding"] for place, entry in enumerate(data)}
    if sorted(found) != list(range(count)):
        raise ProtocolError(f"{count} texts were sent, {len(found)} vectors came back.")
    return [[float(value) for value in found[place]] for place in range(count)]

"""The constructor arguments of the public classes, for editors and type checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.core.callbacks import CallbackManager
    from llama_index.core.prompts import BasePromptTemplate
    from llama_index.core.storage.kvstore.types import BaseKVStore
    from llama_index.core.types import BaseOutputParser, PydanticProgramMode

    from llamaindex_resp.decisions import Decider
    from resp_core import AsyncClient, Budget, Budgets, Client, Hook, Policy
    from resp_core.cost.budget import OnUnknownPrice
    from resp_core.cost.custom import Prices
    from resp_core.io.ledger import Ledger, Sink
    from resp_core.io.state import StateStore
    from resp_core.types.json import JsonObject
    from resp_core.types.request import Api, OnUnsupported

__all__ = ["ConnectionOptions", "EmbeddingOptions", "LLMOptions"]


class ConnectionOptions(TypedDict, total=False):
    """How to reach the provider. What is left out comes from its environment variables."""

    api: Api
    base_url: str | None
    api_base: str | None
    openai_api_base: str | None
    azure_endpoint: str | None
    api_key: str | None
    api_version: str | None
    azure_ad_token: str | None
    azure_ad_token_provider: Callable[[], Any] | None
    credential: Any
    base_model: str | None
    organization: str | None
    project: str | None
    default_headers: Mapping[str, str] | None
    default_query: Mapping[str, object] | None
    timeout: float
    max_retries: int
    proxy: str | None
    verify: Any
    http_client: Any
    http_async_client: Any
    on_unsupported: OnUnsupported
    idle_timeout: float | None
    hooks: Sequence[Hook]
    prices: Prices | None
    budgets: Budgets | Sequence[Budget | Mapping[str, Any]] | None
    on_unknown_price: OnUnknownPrice | None
    tags: Sequence[str] | None
    ledger: str | Ledger | Sink | None
    state_store: str | StateStore | None
    approvals: Policy | None
    approval_scope: str | None
    strict_approvals: bool | None
    mcp_timeout: float | None
    client: Client | None
    async_client: AsyncClient | None
    callback_manager: CallbackManager | None
    rate_limiter: Any


class LLMOptions(ConnectionOptions, total=False):
    """What `RespLLM` takes besides the model. None leaves a choice to the server.

    `stop` is honoured on every API; `streaming` makes plain calls read a stream; `strict` closes
    the schemas of tools; `built_in_tools` are run by the server and go with every call;
    `model_kwargs` are further request fields by their API names, `extra_body` is sent
    unexamined. `context_window` and `num_output` (tokens) and `is_function_calling_model`
    override what is known of the model. `on_mcp_approval` (a callback or a `Policy`) decides MCP
    calls where no person can be asked: the same call then goes on with its decisions.
    """

    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    max_output_tokens: int | None
    stop: str | Sequence[str] | None
    reasoning: JsonObject | str | None
    store: bool | None
    previous_response_id: str | None
    service_tier: str | None
    user: str | None
    safety_identifier: str | None
    metadata: Mapping[str, str] | None
    parallel_tool_calls: bool | None
    verbosity: Literal["low", "medium", "high"] | None
    top_logprobs: int | None
    streaming: bool
    strict: bool
    built_in_tools: Sequence[JsonObject] | None
    model_kwargs: JsonObject | None
    extra_body: JsonObject | None
    on_mcp_approval: Decider | Policy | None
    context_window: int | None
    num_output: int | None
    is_function_calling_model: bool | None
    system_prompt: str | None
    messages_to_prompt: Callable[[Sequence[ChatMessage]], str] | None
    completion_to_prompt: Callable[[str], str] | None
    output_parser: BaseOutputParser | None
    pydantic_program_mode: PydanticProgramMode
    query_wrapper_prompt: BasePromptTemplate | None


class EmbeddingOptions(ConnectionOptions, total=False):
    """What `RespEmbedding` takes besides the model.

    `dimensions` shortens the vectors where the model can; `user` names the end user. The others
    are the base class's.
    """

    dimensions: int | None
    user: str | None
    extra_body: JsonObject | None
    embed_batch_size: int
    num_workers: int | None
    embeddings_cache: BaseKVStore | None

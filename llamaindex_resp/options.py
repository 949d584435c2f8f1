"""The constructor arguments of the public classes, for editors and type checkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from resp_core.client.options import ClientOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.core.callbacks import CallbackManager
    from llama_index.core.prompts import BasePromptTemplate
    from llama_index.core.storage.kvstore.types import BaseKVStore
    from llama_index.core.types import BaseOutputParser, PydanticProgramMode

    from llamaindex_resp.decisions import Decider
    from resp_core import AsyncClient, Client, Policy
    from resp_core.types.json import JsonObject

__all__ = ["ConnectionOptions", "EmbeddingOptions", "LLMOptions"]


class ConnectionOptions(ClientOptions, total=False):
    """What the core's clients take, also under the names of LlamaIndex's own classes.

    `client` and `async_client` are clients of the core that are there already: they then have
    the connection, and nothing of it may be said here. An Azure deployment goes by any of its
    names, or into the model as "azure/<deployment>".
    """

    client: Client | None
    async_client: AsyncClient | None
    async_http_client: Any
    azure_deployment: str | None
    engine: str | None
    deployment_name: str | None
    deployment_id: str | None
    use_azure_ad: bool
    reuse_client: Literal[True]
    callback_manager: CallbackManager | None
    rate_limiter: Any


class LLMOptions(ConnectionOptions, total=False):
    """What `RespLLM` takes besides the model. None leaves a choice to the server.

    `stop` is honoured on every API; `streaming` makes plain calls read a stream; `strict` closes
    the schemas of tools; `built_in_tools` are run by the server and go with every call.
    `model_kwargs` (or `additional_kwargs`) are further request fields by their API names, all of
    which may also be given by themselves; `extra_body` is sent unexamined. `context_window` and
    `num_output` (tokens) and `is_function_calling_model` override what is known of the model.
    `on_mcp_approval` (a callback or a `Policy`) decides MCP calls where no person can be asked:
    the same call then goes on with its decisions.
    """

    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    max_output_tokens: int | None
    max_completion_tokens: int | None
    stop: str | Sequence[str] | None
    reasoning: JsonObject | str | None
    reasoning_options: JsonObject | None
    reasoning_effort: str | None
    store: bool | None
    previous_response_id: str | None
    conversation: str | JsonObject | None
    instructions: str | None
    include: Sequence[str] | None
    truncation: Literal["auto", "disabled"] | None
    service_tier: str | None
    user: str | None
    safety_identifier: str | None
    prompt_cache_key: str | None
    prompt_cache_retention: str | None
    metadata: Mapping[str, str] | None
    call_metadata: Mapping[str, str] | None
    parallel_tool_calls: bool | None
    max_tool_calls: int | None
    verbosity: Literal["low", "medium", "high"] | None
    logprobs: bool | None
    top_logprobs: int | None
    seed: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    logit_bias: Mapping[str, float] | None
    modalities: Sequence[str] | None
    audio_config: JsonObject | None
    streaming: bool
    strict: bool
    built_in_tools: Sequence[JsonObject] | None
    model_kwargs: JsonObject | None
    additional_kwargs: JsonObject | None
    on_mcp_approval: Decider | Policy | None
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

    `dimensions` shortens the vectors where the model can; `user` names the end user;
    `encoding_format` "float" is for servers that know no base64, which is a quarter of the size,
    "base64_int8" for those whose vectors are 8-bit integers (Perplexity's).
    `extra_body` (or `additional_kwargs`) is sent unexamined. The others are the base class's.
    """

    dimensions: int | None
    user: str | None
    encoding_format: Literal["base64", "float", "base64_int8"]
    additional_kwargs: JsonObject | None
    embed_batch_size: int
    num_workers: int | None
    embeddings_cache: BaseKVStore | None

"""`ChatResp`: a LangChain chat model over `resp_core`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from inspect import signature
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, cast

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.language_models.model_profile import ModelProfile
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr

from langchain_resp.approvals import unheard
from langchain_resp.callbacks import atext_tokens, text_tokens, with_text_tokens
from langchain_resp.chunks import ChunkBuilder, message_of
from langchain_resp.connected import Connected
from langchain_resp.errors import langchain_errors
from langchain_resp.metadata import PROVIDER, origin_of, response_metadata
from langchain_resp.options import PARAMETERS
from langchain_resp.request import Plan, Target, call_options, make_plan
from langchain_resp.sealed import unsealed
from langchain_resp.templates import chat_result, generation_chunk, prompt_value
from langchain_resp.tools import bound_tools
from langchain_resp.traces import traced
from resp_core.client.obj import plain
from resp_core.errors import APIStatusError, ArgumentError
from resp_core.route.deployment import choose_wire
from resp_core.route.resolve import split_model
from resp_core.types.unchecked import private

if TYPE_CHECKING:
    from langchain_core.callbacks import (
        AsyncCallbackManagerForLLMRun,
        CallbackManagerForLLMRun,
    )
    from langchain_core.language_models.base import LangSmithParams, LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.prompt_values import PromptValue
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool

    from resp_core.client.obj import Result
    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["ChatResp"]

_Method = TypeVar("_Method", bound=Callable[..., Any])
#: Fields that a request carries, under LangChain's names.
_REQUEST_FIELDS = (
    "temperature",
    "top_p",
    "max_tokens",
    "stop",
    "reasoning",
    "reasoning_effort",
    "verbosity",
    "store",
    "previous_response_id",
    "include",
    "truncation",
    "service_tier",
    "prompt_cache_key",
    "safety_identifier",
    "user",
    "metadata",
    "parallel_tool_calls",
    "seed",
    "logprobs",
    "top_logprobs",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
)
_IDENTIFYING = (
    "model",
    "api",
    "provider",
    "base_url",
    "api_version",
    "base_model",
    *_REQUEST_FIELDS,
)


def _signed(method: _Method) -> _Method:
    """`method` with its signature at hand, which LangChain asks for at each call."""
    cast("Any", method).__signature__ = signature(method)
    return method


class ChatResp(Connected, BaseChatModel):
    """Chat models of OpenAI, Azure and every provider that `resp_core` knows.

    `model` is "provider/name" ("openai/gpt-5.4-mini", "azure/<deployment>", "offline/demo").
    `api` is "responses", "chat", or "auto": the one the provider prefers for the model; which
    was used stands in `response_metadata["api"]`. Credentials come from the arguments, else
    from the provider's usual environment variables, read when the first call is made.

    `timeout` is the total time of a call in seconds, all attempts together. `metadata` goes to
    the provider as well as to traces. `use_previous_response_id` sends only what is new since
    the last answer that the server stores. What a target cannot take raises UnsupportedError,
    or is dropped with `on_unsupported="drop"` ("warn": logged) and listed in
    `response_metadata["dropped"]`.

    Content is a string while an answer is text and function calls, a list of blocks where it
    holds more (reasoning, refusals, items of hosted tools), and LangChain's standard blocks
    with `output_version="v1"`; `message.text` and `message.content_blocks` are right in each.

    Errors are those of `langchain_resp.errors`: the core's and LangChain's at once.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: str | list[str] | None = None
    reasoning: dict[str, Any] | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    use_previous_response_id: bool = False
    include: list[str] | None = None
    truncation: str | None = None
    service_tier: str | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None
    user: str | None = None
    parallel_tool_calls: bool | None = None
    seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[int | str, float] | None = None
    streaming: bool = False
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    extra_body: dict[str, Any] | None = None

    stream_usage: bool | None = None
    include_response_headers: bool = False
    tiktoken_model_name: str | None = None

    _unheard: bool = PrivateAttr(default=False)
    _parameters: ClassVar[frozenset[str]] = PARAMETERS

    def _target(self, settings: Mapping[str, Any]) -> Target:
        """Where a call goes, as far as its request depends on it."""
        deployment = self._deployment(settings.get("model"), call_options(settings))
        return Target(
            origin=origin_of(deployment.provider, deployment.base_url),
            responses=choose_wire(deployment, None) == "responses",
            reasoning=bool(deployment.profile.reasoning),
        )

    # -- calls

    if not TYPE_CHECKING:
        stream = with_text_tokens(BaseChatModel.stream)
        astream = with_text_tokens(BaseChatModel.astream)

    def _generate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return super()._generate_with_cache(
            messages, stop=stop, run_manager=text_tokens(run_manager), **kwargs
        )

    async def _agenerate_with_cache(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await super()._agenerate_with_cache(
            messages, stop=stop, run_manager=atext_tokens(run_manager), **kwargs
        )

    def _plan(
        self,
        messages: Sequence[BaseMessage],
        stop: list[str] | None,
        kwargs: Mapping[str, Any],
        stream: bool,
    ) -> Plan:
        own = vars(self)
        settings: dict[str, Any] = {
            name: own[name] for name in _REQUEST_FIELDS if own[name] is not None
        }
        if self.model_kwargs:
            settings.update(unsealed(self.model_kwargs))
        settings.update({name: value for name, value in kwargs.items() if value is not None})
        if stop is not None:
            settings["stop"] = stop
        if self.extra_body:
            given: dict[str, Any] = settings.get("extra_body") or {}
            settings["extra_body"] = {**unsealed(self.extra_body), **given}
        target = None
        told = settings.pop("stream_usage", self.stream_usage)
        untold = stream and told is False
        if untold or settings.get("store") is False or any(m.type == "ai" for m in messages):
            target = self._target(settings)
            if untold and not target.responses:
                settings["stream_options"] = {"include_usage": False}
        plan = make_plan(
            messages,
            settings,
            target=target,
            stream=stream,
            on_unsupported=self.on_unsupported,
            chain=self.use_previous_response_id,
        )
        if self.output_version == "v1" and not plan.blocks:
            plan = replace(plan, blocks=True)
        return plan

    @_signed
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with langchain_errors():
            plan = self._plan(messages, stop, kwargs, stream=False)
            try:
                result = self.client.run(plan.request, model=plan.model, **plan.options)
            except APIStatusError as error:
                plan = _again(plan, error)
                result = self.client.run(plan.request, model=plan.model, **plan.options)
            self._hear(result.response)
            return self._result(result.response, result.record, plan)

    @_signed
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with langchain_errors():
            plan = self._plan(messages, stop, kwargs, stream=False)
            run = self.async_client.run
            try:
                result = await run(plan.request, model=plan.model, **plan.options)
            except APIStatusError as error:
                plan = _again(plan, error)
                result = await run(plan.request, model=plan.model, **plan.options)
            self._hear(result.response)
            return self._result(result.response, result.record, plan)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with langchain_errors():
            plan = self._plan(messages, stop, kwargs, stream=True)
            try:
                yield from self._chunks(plan, run_manager)
            except APIStatusError as error:
                yield from self._chunks(_again(plan, error), run_manager)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        with langchain_errors():
            plan = self._plan(messages, stop, kwargs, stream=True)
            try:
                async with aclosing(self._achunks(plan, run_manager)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except APIStatusError as error:
                async with aclosing(self._achunks(_again(plan, error), run_manager)) as chunks:
                    async for chunk in chunks:
                        yield chunk

    def _chunks(
        self, plan: Plan, run_manager: CallbackManagerForLLMRun | None
    ) -> Iterator[ChatGenerationChunk]:
        builder = ChunkBuilder(blocks=plan.blocks)
        events = self.client.events(plan.request, model=plan.model, **plan.options)
        with events:
            for event in events:
                message = builder.add(event)
                if message is not None:
                    chunk = generation_chunk(message)
                    if run_manager is not None:
                        run_manager.on_llm_new_token(str(message.text), chunk=chunk)
                    yield chunk
            last = self._last(builder, events.result, events.record, plan)
            self._hear(events.result)
        if run_manager is not None:
            run_manager.on_llm_new_token(str(last.message.text), chunk=last)
        yield last

    async def _achunks(
        self, plan: Plan, run_manager: AsyncCallbackManagerForLLMRun | None
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        builder = ChunkBuilder(blocks=plan.blocks)
        events = self.async_client.events(plan.request, model=plan.model, **plan.options)
        async with events:
            async for event in events:
                message = builder.add(event)
                if message is not None:
                    chunk = generation_chunk(message)
                    if run_manager is not None:
                        await run_manager.on_llm_new_token(str(message.text), chunk=chunk)
                    yield chunk
            last = self._last(builder, events.result, events.record, plan)
            self._hear(events.result)
        if run_manager is not None:
            await run_manager.on_llm_new_token(str(last.message.text), chunk=last)
        yield last

    def _result(self, response: JsonObject, record: CallRecord, plan: Plan) -> ChatResult:
        metadata = self._metadata(response, record, plan.dropped)
        message = message_of(response, metadata, blocks=plan.blocks)
        return chat_result(message)

    def _last(
        self,
        builder: ChunkBuilder,
        result: JsonObject | None,
        record: CallRecord | None,
        plan: Plan,
    ) -> ChatGenerationChunk:
        if result is None or record is None:
            raise RuntimeError("the stream has not ended")
        metadata = self._metadata(result, record, plan.dropped)
        return ChatGenerationChunk(message=builder.finish(result, metadata))

    def _metadata(
        self, response: JsonObject, record: CallRecord, dropped: Sequence[str] = ()
    ) -> dict[str, Any]:
        metadata = response_metadata(response, record, dropped)
        if self.include_response_headers:
            metadata["headers"] = dict(record.headers)
        return metadata

    def _hear(self, response: JsonObject | None) -> None:
        """Say once if an answer only asks for approvals that nobody gives."""
        if response and not private(self)["_unheard"] and unheard(response):
            self._unheard = True

    # -- stored responses

    def resume(
        self, message: AIMessage | str, *, within: float | None = None, interval: float = 1.0
    ) -> AIMessage:
        """Wait for a background response (`invoke(..., background=True)`) and give its message.

        `message` is what the call returned, or a response id. `within` bounds the wait in
        seconds (None: the model's `timeout`), `interval` is the first pause between two looks.
        """
        with langchain_errors():
            found = self.client.responses.wait(
                _response_id(message), within=within, interval=interval
            )
            return self._stored(found)

    async def aresume(
        self, message: AIMessage | str, *, within: float | None = None, interval: float = 1.0
    ) -> AIMessage:
        """The same as `resume`, awaited."""
        with langchain_errors():
            found = await self.async_client.responses.wait(
                _response_id(message), within=within, interval=interval
            )
            return self._stored(found)

    def _stored(self, found: Result) -> AIMessage:
        record = cast("CallRecord", found.record)
        response: JsonObject = plain(found)
        metadata = self._metadata(response, record)
        message = message_of(response, metadata, blocks=self.output_version == "v1")
        if self.output_version == "v1":
            metadata = {**message.response_metadata, "output_version": "v1"}
            content: list[Any] = [*message.content_blocks]
            return message.model_copy(update={"content": content, "response_metadata": metadata})
        return message

    # -- tools and structured output

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: dict[str, Any] | str | bool | None = None,
        strict: bool | None = None,
        parallel_tool_calls: bool | None = None,
        response_format: Any = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """This model with tools: functions, classes, BaseTools, dicts of any usual form.

        Dicts of hosted tools (`web_search`, `mcp`, `computer` …) are sent as they are.
        `tool_choice` is "auto", "none", "any", a tool's name or a dict; `strict` makes the
        server enforce the schemas (UnsupportedError where a schema cannot be); `response_format`
        asks for structured output beside the tools.
        """
        with langchain_errors():
            kwargs["tools"] = bound_tools(tools, strict)
        if tool_choice is not None and tool_choice is not False:
            kwargs["tool_choice"] = tool_choice
        if parallel_tool_calls is not None:
            kwargs["parallel_tool_calls"] = parallel_tool_calls
        if response_format is not None:
            kwargs["response_format"] = response_format
        return self.bind(**kwargs)

    def with_structured_output(
        self,
        schema: Any = None,
        *,
        method: Literal["json_schema", "function_calling", "json_mode"] = "json_schema",
        include_raw: bool = False,
        strict: bool | None = None,
        tools: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers as data: a pydantic class gives instances, any other schema dicts.

        `strict=None` lets the server enforce the schema where it can; True raises
        UnsupportedError where it cannot. With `include_raw` the result is
        {"raw", "parsed", "parsing_error"} and no parsing error is raised. A refusal raises
        RefusalError, an answer that is no such data OutputParserException.
        """
        from langchain_resp.structured import with_schema

        with langchain_errors():
            return with_schema(
                self,
                schema,
                method=method,
                include_raw=include_raw,
                strict=strict,
                tools=tools,
                bound=kwargs,
            )

    # -- what LangChain asks about a model

    @property
    def _llm_type(self) -> str:
        return "resp-chat"

    @property
    def model_name(self) -> str:
        """The model's name without its provider, as other chat models call it."""
        with suppress(ValueError):
            return split_model(self.model, self.provider)[1]
        return self.model

    @property
    def _identifying_params(self) -> dict[str, Any]:
        """What tells this model from another in traces and caches; no secret among it."""
        own = vars(self)
        said = {name: own[name] for name in _IDENTIFYING if own[name] is not None}
        return {**said, **self.model_kwargs}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = PROVIDER
        called = kwargs.get("model")
        with suppress(ValueError):
            provider, name = split_model(called or self.model, self.provider)
            cast("dict[str, Any]", params)["resp_provider"] = provider
            params["ls_model_name"] = name if called else self.base_model or name
        own_stop = [self.stop] if isinstance(self.stop, str) else self.stop
        if stop or own_stop:
            params["ls_stop"] = stop or own_stop
        return params

    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        own = self._identifying_params
        return traced({**own, "_type": self._llm_type, "stop": stop, **kwargs})

    def _convert_input(self, model_input: LanguageModelInput) -> PromptValue:
        # A list of messages would be converted and checked in vain, and histories are long.
        found = prompt_value(model_input)
        return super()._convert_input(model_input) if found is None else found

    def _resolve_model_profile(self) -> ModelProfile | None:
        from langchain_resp.profiles import model_profile

        return model_profile(
            self.model, self.provider, base_model=self.base_model, window=self.context_window
        )

    def get_token_ids(self, text: str) -> list[int]:
        """The ids of the tokens of `text`, by the model's own tables where they are at hand.

        Nothing is downloaded: without the tables (extra `tokens`) the ids are made up, and about
        as many.
        """
        from langchain_resp.tokens import token_ids

        if self.custom_get_token_ids is not None:
            return self.custom_get_token_ids(text)
        return token_ids(text, self._counted_as)

    def get_num_tokens(self, text: str) -> int:
        """The number of tokens in `text`; see `get_token_ids`."""
        return len(self.get_token_ids(text))

    def get_num_tokens_from_messages(
        self, messages: Sequence[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """The tokens of a prompt with its tools, images and all, without network.

        They are counted as `client.estimate` counts them.
        """
        from langchain_resp.tokens import count_messages

        return count_messages(messages, bound_tools(tools or (), None), self._counted_as)

    @property
    def _counted_as(self) -> str:
        return self.tiktoken_model_name or self.base_model or self.model

    # -- serialisation

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """True: `dumps` and `load` work; keys become references to environment variables."""
        return True

    @property
    def lc_secrets(self) -> dict[str, str]:
        """Options that `dumps` writes as names of environment variables."""
        from resp_core import providers

        key = "OPENAI_API_KEY"
        try:
            found = providers.get(split_model(self.model, self.provider)[0])
        except ValueError:
            pass
        else:
            key = found.key_env[0] if found.key_env else f"{found.name.upper()}_API_KEY"
        return {"api_key": key, "azure_ad_token": "AZURE_OPENAI_AD_TOKEN"}


def _response_id(message: AIMessage | str) -> str:
    found = message if isinstance(message, str) else message.response_metadata.get("id")
    if not isinstance(found, str):
        raise ArgumentError("This message names no stored response.", param="message")
    return found


def _again(plan: Plan, error: APIStatusError) -> Plan:
    """The plan without lost state, or the error where there is no other way."""
    plan_without = plan.again(error)
    if plan_without is None:
        raise error
    return plan_without


def _allow_loading() -> None:
    """Let `load(..., allowed_objects="all", valid_namespaces=["langchain_resp"])` make ours.

    The list behind "all" names LangChain's own partners only. The caller still has to name our
    namespace; without that nothing of ours is ever loaded.
    """
    from langchain_core.load.load import ALL_SERIALIZABLE_MAPPINGS

    path = tuple(ChatResp.lc_id())
    ALL_SERIALIZABLE_MAPPINGS.setdefault(path, path)


_allow_loading()

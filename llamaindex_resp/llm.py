"""RespLLM: any model of any provider as a LlamaIndex function-calling LLM."""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, LLMMetadata, MessageRole
from llama_index.core.constants import DEFAULT_NUM_OUTPUTS
from llama_index.core.instrumentation.events.llm import (
    LLMStructuredPredictEndEvent,
    LLMStructuredPredictStartEvent,
)
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.program.function_program import get_function_tool
from llama_index.core.types import PydanticProgramMode
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.span import active_span_id
from pydantic import BaseModel, Field, PrivateAttr

from llamaindex_resp.answers import Asked, completion_response, single_call
from llamaindex_resp.connection import ModelConnection
from llamaindex_resp.decisions import (
    MARK,
    approval_messages,
    approval_selections,
    is_approval_tool,
    pending_approvals,
)
from llamaindex_resp.endpoints import chat_endpoint, completion_endpoint
from llamaindex_resp.errors import ToolCallError
from llamaindex_resp.exchange import Exchange, Question
from llamaindex_resp.messages import to_items
from llamaindex_resp.redact import is_hidden
from llamaindex_resp.request import ENCRYPTED, REQUEST_NAMES, options_of
from llamaindex_resp.structured import GrowingObject, check_prediction, class_format, parsed
from llamaindex_resp.tools import choice, function_tool, selections, wire_name
from resp_core.errors import ArgumentError
from resp_core.types.request import Request
from resp_core.wire.shape import as_object

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
    from typing import Unpack

    from llama_index.core.base.llms.types import (
        ChatResponseAsyncGen,
        ChatResponseGen,
        CompletionResponse,
        CompletionResponseAsyncGen,
        CompletionResponseGen,
    )
    from llama_index.core.chat_engine.types import AgentChatResponse
    from llama_index.core.llms.llm import ToolSelection
    from llama_index.core.program.utils import FlexibleModel
    from llama_index.core.prompts import PromptTemplate
    from llama_index.core.tools.types import BaseTool

    from llamaindex_resp.options import LLMOptions
    from resp_core.types.json import JsonObject

__all__ = ["RespLLM"]

dispatcher = get_dispatcher(__name__)
Model = TypeVar("Model", bound=BaseModel)

#: Tokens assumed for a model that no table knows: too small costs calls, too large fails them.
UNKNOWN_WINDOW = 32_768
#: Fields of the object that are request fields of the same name.
_REQUEST_FIELDS = (
    *("temperature", "top_p", "max_tokens", "stop", "reasoning", "store", "previous_response_id"),
    *("service_tier", "user", "safety_identifier", "parallel_tool_calls", "verbosity"),
    *("top_logprobs", "extra_body"),
)
#: The base class's, without its span: ours is one already.
_predict_and_call: Any = cast("Any", FunctionCallingLLM.predict_and_call).__wrapped__
_apredict_and_call: Any = cast("Any", FunctionCallingLLM.apredict_and_call).__wrapped__
_BY_TOOL = (PydanticProgramMode.FUNCTION, PydanticProgramMode.OPENAI)
_OF_PROGRAMS = ("tool_required", "tool_choice", "allow_parallel_tool_calls")


class RespLLM(ModelConnection, FunctionCallingLLM):
    """A chat model with tools, over the Responses or the Chat API.

    `RespLLM("openai/gpt-5.4-mini")`, `RespLLM("azure/<deployment>", azure_endpoint=...)`,
    `RespLLM("offline/demo")`. The options are those of `LLMOptions`. Holds no conversation: one
    object serves many conversations, threads and event loops.

    Raises `resp_core` errors: `ArgumentError` for what is wrong before anything is sent,
    `APIError` for the rest, also from inside streams.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: str | list[str] | None = None
    reasoning: dict[str, Any] | str | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    service_tier: str | None = None
    user: str | None = None
    safety_identifier: str | None = None
    request_metadata: dict[str, str] | None = None
    parallel_tool_calls: bool | None = None
    verbosity: str | None = None
    top_logprobs: int | None = None
    streaming: bool = False
    strict: bool = False
    built_in_tools: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    model_kwargs: dict[str, Any] = Field(default_factory=dict[str, Any])
    extra_body: dict[str, Any] = Field(default_factory=dict[str, Any])
    on_mcp_approval: Any = Field(default=None, exclude=True)
    context_window: int | None = Field(default=None, gt=0)
    num_output: int | None = None
    is_function_calling_model: bool | None = None

    _warned: bool = PrivateAttr(default=False)

    def __init__(self, model: str | None = None, **options: Unpack[LLMOptions]) -> None:
        super().__init__(model, requests=REQUEST_NAMES, **options)
        options_of(self._layers({}), hosted=())  # what is wrong in model_kwargs fails here

    @classmethod
    def class_name(cls) -> str:
        """The name under which LlamaIndex serialises this class."""
        return "RespLLM"

    @property
    def metadata(self) -> LLMMetadata:
        """What is known of the model; any name works. Tokens."""
        profile = self._profile()
        window = self.context_window or profile.context_window or UNKNOWN_WINDOW
        known = self.max_tokens or min(profile.max_output or DEFAULT_NUM_OUTPUTS, window // 2)
        calls = self.is_function_calling_model
        return LLMMetadata(
            context_window=window,
            num_output=self.num_output if self.num_output is not None else known,
            is_chat_model=True,
            is_function_calling_model=not profile.embeds if calls is None else calls,
            model_name=self.model,
        )

    def to_payload(self) -> dict[str, Any]:
        """What events say of the model: never a credential."""
        return {"class_name": self.class_name(), **self.metadata.model_dump()}

    # --- the eight endpoints

    @chat_endpoint
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """One answer. `kwargs` are request fields; they win over the object's."""
        return self._chat(self.question(messages, kwargs))

    @chat_endpoint
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """`chat` for `await`."""
        return await self._achat(self.question(messages, kwargs))

    @chat_endpoint
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """The answer as it comes: each chunk holds the text so far, the last one everything."""
        return self._stream(self.question(messages, kwargs, stream=True))

    @chat_endpoint
    async def astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: Any
    ) -> ChatResponseAsyncGen:
        """`stream_chat` for `await` and `async for`."""
        return self._astream(self.question(messages, kwargs, stream=True))

    @completion_endpoint
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """The answer to one user message; `formatted` leaves `completion_to_prompt` out."""
        return completion_response(self._chat(self._prompted(prompt, formatted, kwargs)))

    @completion_endpoint
    async def acomplete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponse:
        """`complete` for `await`."""
        question = self._prompted(prompt, formatted, kwargs)
        return completion_response(await self._achat(question))

    @completion_endpoint
    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseGen:
        """The answer as it comes, `text` being the text so far."""
        question = self._prompted(prompt, formatted, kwargs, stream=True)
        return (completion_response(chunk) for chunk in self._stream(question))

    @completion_endpoint
    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseAsyncGen:
        """`stream_complete` for `await` and `async for`."""
        question = self._prompted(prompt, formatted, kwargs, stream=True)

        async def gen() -> CompletionResponseAsyncGen:
            async with aclosing(self._astream(question)) as chunks:
                async for chunk in chunks:
                    yield completion_response(chunk)

        return gen()

    # --- one call

    def _prompted(
        self, prompt: str, formatted: bool, kwargs: JsonObject, *, stream: bool = False
    ) -> Question:
        if not formatted:
            prompt = cast("Any", self.completion_to_prompt)(prompt)
        message = ChatMessage(role=MessageRole.USER, content=prompt)
        return self.question([message], kwargs, stream=stream)

    def _layers(self, kwargs: JsonObject) -> list[JsonObject]:
        values = vars(self)
        own = {name: values[name] for name in _REQUEST_FIELDS if values[name] is not None}
        if self.request_metadata is not None:
            own["metadata"] = self.request_metadata
        return [own, self.model_kwargs, kwargs]

    def question(
        self, messages: Sequence[ChatMessage], kwargs: JsonObject, *, stream: bool = False
    ) -> Question:
        """One request. All that can be wrong with its arguments is found here, unsent."""
        self._refuse_hidden()
        fields = {name: value for name, value in kwargs.items() if name != MARK}
        options = options_of(self._layers(fields), hosted=self.built_in_tools)
        body, target = options.body, self._reached()
        stored = body.get("store") is not False
        if not stored and target.wire == "responses" and target.profile.reasoning:
            body["include"] = list(dict.fromkeys([*body.get("include", ()), ENCRYPTED]))
        body["input"] = to_items(
            messages,
            stored=stored,
            origin=target.origin,
            continued=bool(body.get("previous_response_id") or body.get("conversation")),
        )
        request = Request(
            "responses",
            body,
            stream=stream or self.streaming,
            chat_only=options.chat_only,
            on_unsupported=self.on_unsupported or target.on_unsupported,
            extra_headers=options.extra_headers,
            extra_query=options.extra_query,
            extra_body=options.extra_body,
        )
        spoken = as_object(options.chat_only.get("audio")).get("format")
        asked = Asked(options.schemas, target.origin, body["input"], spoken)
        return Question(request, options.timeout, asked, messages, kwargs)

    def _refuse_hidden(self) -> None:
        """Pickles and dicts leave credentials out: what they left out must be given again."""
        for name in ("built_in_tools", "model_kwargs", "extra_body"):
            if (value := vars(self)[name]) and is_hidden(value):
                raise ArgumentError(
                    f"{name} came from a pickle or a dict, which hold no credentials: set "
                    f"llm.{name} again.",
                    param=name,
                )

    def _chat(self, question: Question) -> ChatResponse:
        if not self.streaming:
            return Exchange(self, question).run()
        [last] = deque(self._stream(question), maxlen=1)
        last.delta = None
        return last

    async def _achat(self, question: Question) -> ChatResponse:
        if not self.streaming:
            return await Exchange(self, question).arun()
        kept = deque[ChatResponse](maxlen=1)
        async with aclosing(self._astream(question)) as chunks:
            async for chunk in chunks:
                kept.append(chunk)
        kept[0].delta = None
        return kept[0]

    def _stream(self, question: Question) -> ChatResponseGen:
        return Exchange(self, question).stream()

    def _astream(self, question: Question) -> ChatResponseAsyncGen:
        return Exchange(self, question).astream()

    # --- approvals

    def approve(
        self,
        answer: ChatResponse | CompletionResponse | ChatMessage,
        decisions: Mapping[str, bool | tuple[bool, str | None]],
    ) -> list[ChatMessage]:
        """The messages that decide an answer's MCP calls; send them after it, with `chat`.

        `decisions` say True, False or (False, "the reason") for each id of
        `pending_approvals(answer)`. Raises ArgumentError unless all are decided, and no other.
        """
        return approval_messages(pending_approvals(answer), decisions)

    def warn_once(self, warn: Callable[[], bool]) -> None:
        """Call `warn` unless it has said something for this object before."""
        if not self._warned:
            self._warned = warn()

    # --- tools

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[BaseTool],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        tool_choice: Any = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        messages = list(chat_history or ())
        if isinstance(user_msg, str):
            user_msg = ChatMessage(role=MessageRole.USER, content=user_msg)
        if user_msg is not None:
            messages.append(user_msg)
        prepared: JsonObject = {"messages": messages, **kwargs}
        if any(is_approval_tool(tool) for tool in tools):
            prepared[MARK] = True  # for us, not for the model
            tools = [tool for tool in tools if not is_approval_tool(tool)]
        if not tools:
            return prepared
        strict = self.strict if strict is None else strict
        prepared["tools"] = [function_tool(tool, strict=strict) for tool in tools]
        prepared["tool_choice"] = choice(tool_choice, required=tool_required)
        # Parallel calls are every server's default, and some refuse the parameter.
        if self._profile().parallel_tools and not allow_parallel_tool_calls:
            prepared["parallel_tool_calls"] = False
        return prepared

    def _validate_chat_with_tools_response(
        self,
        response: ChatResponse,
        tools: Sequence[BaseTool],
        allow_parallel_tool_calls: bool = False,
        **kwargs: Any,
    ) -> ChatResponse:
        # Agents always allow parallel calls; the object may not.
        several = allow_parallel_tool_calls and self.parallel_tool_calls is not False
        return response if several else single_call(response)

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any
    ) -> list[ToolSelection]:
        """The tool calls of an answer; those that were cut or are not JSON are left out.

        Each undecided MCP call is one of the approval tool, where that was given. With
        `error_on_no_tool_call`, a broken call, or none at all, raises `ToolCallError`.
        """
        asked = approval_selections(response)
        demanded = error_on_no_tool_call and not asked
        return [*selections(response.message, demanded=demanded), *asked]

    def predict_and_call(self, tools: Any, *args: Any, **kwargs: Any) -> AgentChatResponse:
        """Let the model choose a tool and run it. A tool that is not there: `ToolCallError`."""
        try:
            return _predict_and_call(self, tools, *args, **kwargs)
        except KeyError as error:
            raise _undeclared(error) from None

    async def apredict_and_call(self, tools: Any, *args: Any, **kwargs: Any) -> AgentChatResponse:
        """`predict_and_call` for `await`."""
        try:
            return await _apredict_and_call(self, tools, *args, **kwargs)
        except KeyError as error:
            raise _undeclared(error) from None

    # --- structured output

    def _way(self) -> Literal["schema", "tool"] | None:
        """How to ask for an instance: natively, by a tool, or (None) in the base class's ways."""
        mode = self.pydantic_program_mode
        if mode is PydanticProgramMode.DEFAULT:
            known = self._profile().structured_output
            if self._reached().wire == "responses" if known is None else known:
                return "schema"
        elif mode not in _BY_TOOL:
            return None
        return "tool" if self.metadata.is_function_calling_model else None

    def _shaped(
        self,
        way: str,
        output_cls: type[BaseModel],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None,
        prompt_args: dict[str, Any],
    ) -> JsonObject:
        """The arguments of a call that must answer with an instance; its start is told."""
        check_prediction(output_cls, prompt)
        dispatcher.event(
            LLMStructuredPredictStartEvent(
                output_cls=output_cls, template=prompt, template_args=prompt_args
            )
        )
        messages = self._extend_messages(prompt.format_messages(llm=self, **prompt_args))
        kwargs = {k: v for k, v in (llm_kwargs or {}).items() if k not in _OF_PROGRAMS}
        if way == "tool":
            tool = get_function_tool(output_cls)
            tool.metadata.name = wire_name(tool.metadata.get_name())
            return self._prepare_chat_with_tools(
                [tool], chat_history=messages, tool_required=True, **kwargs
            )
        text = {**as_object(kwargs.get("text")), "format": class_format(output_cls)}
        return {"messages": messages, **kwargs, "text": text}

    def structured_predict(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Model:
        """The answer as an instance of `output_cls`: by JSON schema, else by a tool.

        Other ways are the base class's, by `pydantic_program_mode`. Raises `RefusalError`,
        `ToolCallError` or `StructuredOutputError`.
        """
        way = self._way()
        if way is None:
            return super().structured_predict(output_cls, prompt, llm_kwargs, **prompt_args)
        kwargs = self._shaped(way, output_cls, prompt, llm_kwargs, prompt_args)
        result = parsed(output_cls, self.chat(**kwargs), way == "tool")
        dispatcher.event(LLMStructuredPredictEndEvent(output=result))
        return result

    async def astructured_predict(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Model:
        """`structured_predict` for `await`."""
        way = self._way()
        if way is None:
            return await super().astructured_predict(output_cls, prompt, llm_kwargs, **prompt_args)
        kwargs = self._shaped(way, output_cls, prompt, llm_kwargs, prompt_args)
        result = parsed(output_cls, await self.achat(**kwargs), way == "tool")
        dispatcher.event(LLMStructuredPredictEndEvent(output=result))
        return result

    def stream_structured_predict(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Generator[Model | FlexibleModel, None, None]:
        """The instance as it grows; what is not whole yet is a `FlexibleModel`."""
        way = self._way()
        if way is None:
            return super().stream_structured_predict(output_cls, prompt, llm_kwargs, **prompt_args)
        kwargs = self._shaped(way, output_cls, prompt, llm_kwargs, prompt_args)
        growing = GrowingObject(output_cls, way == "tool", active_span_id.get())

        def gen() -> Generator[Model | FlexibleModel, None, None]:
            for chunk in self.stream_chat(**kwargs):
                if (found := growing.add(chunk)) is not None:
                    yield cast("Model", found)
            growing.end()

        return gen()

    async def astream_structured_predict(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> AsyncGenerator[Model | FlexibleModel, None]:
        """`stream_structured_predict` for `await` and `async for`."""
        way = self._way()
        if way is None:
            return await super().astream_structured_predict(
                output_cls, prompt, llm_kwargs, **prompt_args
            )
        kwargs = self._shaped(way, output_cls, prompt, llm_kwargs, prompt_args)
        growing = GrowingObject(output_cls, way == "tool", active_span_id.get())

        async def gen() -> AsyncGenerator[Model | FlexibleModel, None]:
            async with aclosing(await self.astream_chat(**kwargs)) as chunks:
                async for chunk in chunks:
                    if (found := growing.add(chunk)) is not None:
                        yield cast("Model", found)
            growing.end()

        return gen()


def _undeclared(error: KeyError) -> ToolCallError:
    return ToolCallError(f"The model called a tool that is not there: {error.args[0]!r}.")

"""`with_raw_response`: the methods of a resource, answering with the HTTP side of an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from resp_core.route.faults import request_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.client.carrier import AsyncCarrier, Carrier
    from resp_core.client.plan import Plan
    from resp_core.effects import Opened
    from resp_core.types.request import OnUnsupported

__all__ = [
    "AsyncRawView",
    "RawAnswer",
    "RawCompletions",
    "RawConversationItems",
    "RawConversations",
    "RawEmbeddings",
    "RawInputItems",
    "RawInputTokens",
    "RawModels",
    "RawResponses",
    "RawView",
]


class RawAnswer:
    """`status_code`, `headers` (lower case), `request_id`, and `parse()` for the result."""

    def __init__(self, opened: Opened | None, result: Any) -> None:
        self.status_code = 0 if opened is None else opened.status
        self.headers: Mapping[str, str] = {} if opened is None else opened.headers
        self.request_id = request_id_of(self.headers)
        self._result = result

    def parse(self) -> Any:
        """What the plain method returns: a result, or a stream that has begun."""
        return self._result


class RawView:
    """Stands in for a client behind its resources, and answers with `RawAnswer`."""

    def __init__(self, client: Carrier) -> None:
        self.on_unsupported: OnUnsupported = client.on_unsupported
        self.call_for, self.clock = client.call_for, client.clock
        self.carried_out, self.lazily = client.carried_out, client.lazily
        self.step_through = client.step_through

    def answer(self, plan: Plan) -> RawAnswer:
        """Carry a plan out."""
        call = self.call_for(plan)
        result = self.carried_out(call, plan)
        return RawAnswer(call.opened, result)


class AsyncRawView:
    """The same, awaited."""

    def __init__(self, client: AsyncCarrier) -> None:
        self.on_unsupported: OnUnsupported = client.on_unsupported
        self.call_for, self.clock = client.call_for, client.clock
        self.carried_out, self.lazily = client.carried_out, client.lazily
        self.step_through = client.step_through

    async def answer(self, plan: Plan) -> RawAnswer:
        """Carry a plan out."""
        call = self.call_for(plan)
        result = await self.carried_out(call, plan)
        return RawAnswer(call.opened, result)


#: RawAnswer, or an awaitable one.
AnswerT = TypeVar("AnswerT", RawAnswer, Awaitable[RawAnswer])
Method: TypeAlias = Callable[..., AnswerT]


class _Raw(Generic[AnswerT]):
    """The methods that a subclass names, taken from a resource over a raw view."""

    def __init__(self, resource: Any) -> None:
        for name in type(self).__annotations__:
            setattr(self, name, getattr(resource, name))


class RawResponses(_Raw[AnswerT]):
    """`client.responses.with_raw_response`."""

    create: Method[AnswerT]
    parse: Method[AnswerT]
    retrieve: Method[AnswerT]
    delete: Method[AnswerT]
    cancel: Method[AnswerT]
    compact: Method[AnswerT]
    count_tokens: Method[AnswerT]


class RawInputItems(_Raw[AnswerT]):
    """`client.responses.input_items.with_raw_response`."""

    list: Method[AnswerT]


class RawInputTokens(_Raw[AnswerT]):
    """`client.responses.input_tokens.with_raw_response`."""

    count: Method[AnswerT]


class RawCompletions(_Raw[AnswerT]):
    """`client.chat.completions.with_raw_response`."""

    create: Method[AnswerT]
    parse: Method[AnswerT]


class RawEmbeddings(_Raw[AnswerT]):
    """`client.embeddings.with_raw_response`."""

    create: Method[AnswerT]


class RawModels(_Raw[AnswerT]):
    """`client.models.with_raw_response`."""

    list: Method[AnswerT]
    retrieve: Method[AnswerT]


class RawConversations(_Raw[AnswerT]):
    """`client.conversations.with_raw_response`."""

    create: Method[AnswerT]
    retrieve: Method[AnswerT]
    update: Method[AnswerT]
    delete: Method[AnswerT]


class RawConversationItems(_Raw[AnswerT]):
    """`client.conversations.items.with_raw_response`."""

    create: Method[AnswerT]
    list: Method[AnswerT]
    retrieve: Method[AnswerT]
    delete: Method[AnswerT]

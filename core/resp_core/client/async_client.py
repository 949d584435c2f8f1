"""The async client: settings, connections, and one attribute per resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from resp_core.client.answer import Answer
from resp_core.client.chat import AsyncChat
from resp_core.client.conversations import AsyncConversations
from resp_core.client.embeddings import AsyncEmbeddings
from resp_core.client.models import AsyncModels
from resp_core.client.obj import Obj, Result
from resp_core.client.options import settings_of, updated
from resp_core.client.pages import AsyncPage
from resp_core.client.params import sealed
from resp_core.client.plan import Plan
from resp_core.client.responses import AsyncResponses
from resp_core.client.stream import AsyncEventStream
from resp_core.client.transports import AsyncTransports
from resp_core.client.wiring import Wiring, connection_of
from resp_core.drive import acomplete, adrive
from resp_core.errors import RespError
from resp_core.tasks import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType
    from typing import Self

    from resp_core.client.configured import Source
    from resp_core.client.estimates import Estimate
    from resp_core.client.options import ClientOptions
    from resp_core.client.sync_client import Client
    from resp_core.client.wiring import Settings
    from resp_core.drive import Flow
    from resp_core.io.async_net import AsyncNet
    from resp_core.route.deployment import Deployment
    from resp_core.types.json import JsonObject
    from resp_core.types.request import OnUnsupported, Request

__all__ = ["AsyncClient"]


class AsyncClient:
    """Calls any provider through the Responses or the Chat API.

    `model` is the default ("provider/name"); the further names are `ClientOptions`, and each
    may be given again per call. Connections are made when first needed, for each
    event loop, and closed with the loop, or by `close()` or `async with`.
    """

    def __init__(self, model: str | None = None, **options: Unpack[ClientOptions]) -> None:
        self._wire_up(Wiring(settings_of(model, options)))

    @classmethod
    def from_config(
        cls, config: Source, model: str | None = None, **overrides: Unpack[ClientOptions]
    ) -> Self:
        """A client with the settings of a configuration: a path to a `.yaml` (extra `yaml`) or
        `.json` file, or a mapping of the same shape, `{"settings": {"timeout": 30, ...}}`.

        `model` and `overrides` win over it, as `with_options` would have it: with a model of
        another provider the configuration's address and credentials do not apply. Raises
        ConfigError that names each place where something is wrong.
        """
        from resp_core.client.configured import concealed, settings_from

        config = concealed(config)
        return cls.from_settings(settings_from(config, model, sealed(overrides)))

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """A client with settings that were read before."""
        client = cls.__new__(cls)
        client._wire_up(Wiring(settings))
        return client

    def _wire_up(self, wiring: Wiring, net: AsyncNet | None = None) -> None:
        self._wiring = wiring
        self._owns = net is None
        if net is None:
            from resp_core.io.async_net import AsyncNet  # brings asyncio

            self._transports = AsyncTransports(wiring.settings)
            net = AsyncNet(self._transports.choose, wiring.state, wiring.hooks)
        self._net = net

    @property
    def responses(self) -> AsyncResponses:
        """`POST /responses` and what belongs to stored responses."""
        return AsyncResponses(self)

    @property
    def chat(self) -> AsyncChat:
        """`chat.completions.create`."""
        return AsyncChat(self)

    @property
    def embeddings(self) -> AsyncEmbeddings:
        """`embeddings.create`."""
        return AsyncEmbeddings(self)

    @property
    def models(self) -> AsyncModels:
        """`models.list`."""
        return AsyncModels(self)

    @property
    def conversations(self) -> AsyncConversations:
        """Stored conversations."""
        return AsyncConversations(self)

    @property
    def settings(self) -> Settings:
        """What the client was made with, after its arguments have been read."""
        return self._wiring.settings

    @property
    def on_unsupported(self) -> OnUnsupported:
        """What happens to a parameter that a target cannot carry, unless a call says."""
        return self._wiring.settings.on_unsupported

    def deployment(self, model: str | None = None, **options: Any) -> Deployment:
        """Where a call for `model` with these call options goes; nothing is sent.

        Raises ArgumentError where that cannot be told.
        """
        return self._wiring.deployment(model, connection_of(options))

    def clock(self, timeout: float | None) -> Callable[[], float]:
        """Tells the seconds left of `timeout`, or of the client's own."""
        monotonic = self._net.monotonic
        total = self._wiring.settings.policy.timeout if timeout is None else timeout
        until = monotonic() + total
        return lambda: until - monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait, as the client's calls do between attempts."""
        await self._net.sleep(seconds)

    async def estimate(self, *, exact: bool = False, **params: Any) -> Estimate:
        """Tokens and cost range of a call that `responses.create` or `chat.completions.create`
        would make with these parameters. Nothing is sent, unless `exact` asks the provider to
        count the input. Raises ArgumentError.
        """
        from resp_core.client.estimates import counting_plan, estimate_of

        counted = await self.answer(counting_plan(params)) if exact else None
        return estimate_of(self._wiring, params, counted)

    def with_options(
        self, model: str | None = None, **options: Unpack[ClientOptions]
    ) -> AsyncClient:
        """A client with other settings that shares this one's connections and state.

        With a `model` of another provider this one's address and credentials do not apply.
        """
        copy = AsyncClient.__new__(AsyncClient)
        settings = updated(self._wiring.settings.with_model(model), options)
        wiring = Wiring(settings, self._wiring.state)
        shares = wiring.settings.shares_transport(self._wiring.settings)
        copy._transports = self._transports
        copy._wire_up(wiring, self._net if shares else None)
        return copy

    def sharing_state_of(self, client: Client) -> AsyncClient:
        """This client, finding what `client` stored, and the reverse."""
        self._wiring.state = self._net.state = client.state
        return self

    async def run(self, request: Request, *, model: str | None = None, **options: Any) -> Answer:
        """A model's turn on plain dicts, for adapters: see `Request`."""
        call = self._wiring.call(Turn(request), model, options)  # pyright: ignore[reportArgumentType]
        await self._finish(call)
        return Answer(call)

    def events(
        self, request: Request, *, model: str | None = None, **options: Any
    ) -> AsyncEventStream[JsonObject]:
        """A model's turn as plain event dicts, for adapters."""
        call = self._wiring.call(Turn(request), model, options)  # pyright: ignore[reportArgumentType]
        return self._stream(call, None)

    async def answer(self, plan: Plan) -> Any:
        """Carry a plan out: what its method returns, a result or a stream that has begun."""
        return await self.carried_out(self.call_for(plan), plan)

    async def carried_out(self, call: Flow, plan: Plan) -> Any:
        """The same for a call of the plan that was made before."""
        if plan.task.stream:
            return await self._stream(call, Obj, plan.read).begin()
        await self._finish(call)
        answer, after = call.result or {}, plan.after
        if after is not None:
            return AsyncPage(answer, call.record, lambda last: self.answer(after(last)))
        result = Result(answer, call.record)
        return result if plan.read is None else plan.read(result)

    async def step_through(self, steps: Generator[Plan | float, Result, Result]) -> Result:
        """Carry out the plans and pauses that a helper yields, to its end."""
        try:
            step = next(steps)
            while True:
                try:
                    answer: Any = await self._step(step)
                except RespError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as stop:
            return stop.value

    async def _step(self, step: Plan | float) -> Result | None:
        if not isinstance(step, Plan):
            return await self.sleep(step)
        if step.task.stream:
            return await self.lazily(step).get_final_response()
        return await self.answer(step)

    def lazily(self, plan: Plan) -> AsyncEventStream[Obj]:
        """A stream that sends its request when it is first read."""
        return self._stream(self.call_for(plan), Obj, plan.read)

    def call_for(self, plan: Plan) -> Flow:
        """The call of a plan."""
        if plan.stored_id is not None:
            return self._wiring.stored(plan.task, plan.stored_id, plan.model, plan.options)
        return self._wiring.call(plan.task, plan.model, plan.options)

    async def _finish(self, call: Flow) -> None:
        await acomplete(call, self._net.exchange())

    def _stream(self, call: Flow, wrap: Any, read: Any = None) -> AsyncEventStream[Any]:
        exchange = self._net.exchange()
        return AsyncEventStream(call, adrive(call, exchange), exchange.interrupt, wrap, read)

    async def close(self) -> None:
        """Close the running loop's connections. Used again, the client makes new ones."""
        if self._owns:
            await self._transports.close()

    aclose = close

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        wiring: Wiring | None = self.__dict__.get("_wiring")  # absent while it is being made
        return f"AsyncClient(model={wiring and wiring.settings.model!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # In another process keys come from its environment.
        return type(self).from_settings, (self._wiring.settings.portable(),)

    def __copy__(self) -> AsyncClient:
        return self.with_options()

    def __deepcopy__(self, memo: dict[int, Any]) -> AsyncClient:
        return self.with_options()

"""OpenTelemetry spans and metrics after the GenAI semantic conventions (extra `otel`).

A span is begun when the call begins, under the context that is current there or that the call's
own headers carry, and ended by the call's record. It is never made current, so that it cannot leak
into code that runs in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from resp_core.errors import ArgumentError
from resp_core.observe.otel_content import asked_content, finish_reasons, told_content
from resp_core.types.json import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resp_core.observe.record import CallRecord
    from resp_core.types.json import JsonObject

__all__ = ["Telemetry", "Tracing"]

_NAME = "resp_core"
#: Ours -> the conventions' name of the provider.
_SYSTEMS = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "vertex_ai": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "xai": "x_ai",
}
_OPERATIONS = {
    "responses": "chat",
    "chat": "chat",
    "completions": "text_completion",
    "embeddings": "embeddings",
}
#: Parameters of a request, by any of their names -> the conventions' attribute.
_ASKED = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "dimensions": "gen_ai.embeddings.dimension.count",
    "service_tier": "openai.request.service_tier",
}
_TOKENS = [4**n for n in range(14)]
_SECONDS = [0.01 * 2**n for n in range(14)]


class Tracing:
    """The span of one call, and the headers that carry its context to the server."""

    __slots__ = ("_content", "_telemetry", "_told", "headers", "span")

    def __init__(self, telemetry: Telemetry, span: Any, headers: dict[str, str]) -> None:
        self.span = span
        self.headers = headers
        self._telemetry = telemetry
        self._told: dict[str, Any] = {}
        self._content: list[JsonObject] = []

    def answer(self, body: JsonObject) -> None:
        """See an answer of the call: why it ended, and its content if that was asked for."""
        reasons = finish_reasons(body)
        if reasons:
            self._told["gen_ai.response.finish_reasons"] = reasons
        if self._telemetry.content:
            self._content += told_content(body)

    def end(self, record: CallRecord) -> None:
        """End the span, and count the call."""
        if self._content:
            self._told["gen_ai.output.messages"] = dumps(self._content).decode()
        self._telemetry.end(record, self.span, self._told)


class Telemetry:
    """Begins spans and ends them with records; counts tokens, durations and cost.

    Without providers of your own the global ones are used. What was asked and answered is on spans
    only with `content`. Raises ArgumentError where opentelemetry is not installed.
    """

    def __init__(
        self, tracer_provider: Any = None, meter_provider: Any = None, *, content: bool = False
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError as error:
            raise ArgumentError(
                'telemetry needs OpenTelemetry: pip install "respkit[otel]".', param="telemetry"
            ) from error
        self.content = content
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_NAME, meter_provider=meter_provider)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Tokens of a call",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="Duration of a call",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._first = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            unit="s",
            description="To the first content",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._cost = meter.create_counter(
            "resp.client.cost", unit="USD", description="What calls are known to cost"
        )

    def begin(
        self, operation: str, model: str, body: JsonObject, headers: Mapping[str, str]
    ) -> Tracing:
        """A span under the context that `headers` carry, else under the current one.

        `body` is the request's JSON. The headers of what is returned carry the span to the server.
        """
        from opentelemetry import context, propagate, trace

        kind = _OPERATIONS.get(operation, operation)
        parent = context.get_current()
        if headers:
            given = {name.lower(): value for name, value in headers.items()}
            parent = propagate.extract(given, context=parent)
        span = self._tracer.start_span(
            f"{kind} {model}".rstrip(), context=parent, kind=trace.SpanKind.CLIENT
        )
        if span.is_recording():
            span.set_attributes({"gen_ai.operation.name": kind, **_asked(body)})
            if self.content:
                span.set_attributes(asked_content(body))
        carried: dict[str, str] = {}
        propagate.inject(carried, context=trace.set_span_in_context(span, parent))
        return Tracing(self, span, carried)

    def end(self, record: CallRecord, span: Any, told: Mapping[str, Any]) -> None:
        """Put the record on its span and into the metrics, and end the span."""
        from opentelemetry.trace import Status, StatusCode

        labels = _labels(record)
        failed = {} if record.error is None else {"error.type": record.error}
        if span.is_recording():
            span.set_attributes({**labels, **failed, **_attributes(record), **told})
            if record.status == "failed":
                span.set_status(Status(StatusCode.ERROR, record.error))
        span.end()
        self._duration.record(record.seconds, {**labels, **failed})
        if record.first_token is not None:
            self._first.record(record.first_token, {**labels, **failed})
        for usage in record.counted:
            for kind, count in (("input", usage.input_tokens), ("output", usage.output_tokens)):
                if count:
                    self._tokens.record(count, {**labels, "gen_ai.token.type": kind})
        known = record.cost.known
        if known:
            self._cost.add(float(known), labels)


def _asked(body: JsonObject) -> dict[str, Any]:
    """What of a request is no content."""
    found = {
        attribute: body[name]
        for name, attribute in _ASKED.items()
        if isinstance(body.get(name), int | float | str)
    }
    stop = body.get("stop")
    if stop:
        found["gen_ai.request.stop_sequences"] = [stop] if isinstance(stop, str) else list(stop)
    return found


def _labels(record: CallRecord) -> dict[str, Any]:
    """What spans and metrics have in common."""
    found: dict[str, Any] = {
        "gen_ai.operation.name": _OPERATIONS.get(record.operation, record.operation),
        "gen_ai.provider.name": _SYSTEMS.get(record.provider, record.provider),
        "gen_ai.request.model": record.deployment,
    }
    if record.model is not None:
        found["gen_ai.response.model"] = record.model
    if record.attempts:
        address = urlsplit(record.attempts[-1].url)
        found["server.address"] = address.hostname or ""
        found["server.port"] = address.port or (80 if address.scheme == "http" else 443)
    return found


def _attributes(record: CallRecord) -> dict[str, Any]:
    cost = record.cost
    found = {
        "gen_ai.response.id": record.response_id,
        "gen_ai.request.stream": record.stream or None,
        "gen_ai.response.time_to_first_chunk": record.first_token,
        "openai.response.service_tier": record.service_tier,
        "openai.api.type": {"chat": "chat_completions"}.get(record.api, record.api),
        **_counts(record),
        "resp.cost.usd": None if cost.total is None else float(cost.total),
        "resp.cost.source": cost.source,
        "resp.cost.estimated": cost.estimated or None,
        "resp.cost.unknown": [str(gap) for gap in cost.unknown] or None,
        "resp.status": record.status,
        "resp.attempts": len(record.attempts),
        "resp.request_id": record.request_id,
        "resp.tags": list(record.tags) or None,
        "enduser.id": record.user or record.safety_identifier,
    }
    found |= {f"resp.metadata.{name}": str(value) for name, value in record.metadata.items()}
    return {name: value for name, value in found.items() if value is not None}


def _counts(record: CallRecord) -> dict[str, int | None]:
    uses = record.counted
    if not uses:
        return {}
    read = sum(usage.starting("cached") for usage in uses)
    written = sum(usage.starting("cache_write") for usage in uses)
    return {
        "gen_ai.usage.input_tokens": sum(usage.input_tokens for usage in uses),
        "gen_ai.usage.output_tokens": sum(usage.output_tokens for usage in uses),
        "gen_ai.usage.cache_read.input_tokens": read or None,
        "gen_ai.usage.cache_creation.input_tokens": written or None,
        "gen_ai.usage.reasoning.output_tokens": sum(usage.reasoning for usage in uses) or None,
    }

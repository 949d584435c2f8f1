"""OpenTelemetry spans and metrics after the GenAI semantic conventions (extra `otel`).

A span is begun when the call begins, under the span that is current there, and ended by the
call's record: it is never made current, so that it cannot leak into code that runs in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resp_core.errors import ArgumentError

if TYPE_CHECKING:
    from resp_core.observe.record import CallRecord

__all__ = ["Telemetry", "Tracing"]

_NAME = "resp_core"
#: Ours -> the conventions' name of the provider.
_SYSTEMS = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "vertex_ai": "gcp.vertex_ai",
    "mistral": "mistral_ai",
    "xai": "x_ai",
}
_OPERATIONS = {"responses": "chat", "chat": "chat", "embeddings": "embeddings"}


class Tracing:
    """The span of one call, and the headers that carry its context to the server."""

    __slots__ = ("headers", "span")

    def __init__(self, span: Any, headers: dict[str, str]) -> None:
        self.span = span
        self.headers = headers


class Telemetry:
    """Begins spans and ends them with records; counts tokens, durations and cost.

    Without providers of your own the global ones are used. Raises ArgumentError where
    opentelemetry is not installed.
    """

    def __init__(self, tracer_provider: Any = None, meter_provider: Any = None) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError as error:
            raise ArgumentError(
                'telemetry needs OpenTelemetry: pip install "respkit[otel]".', param="telemetry"
            ) from error
        self._tracer = trace.get_tracer(_NAME, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_NAME, meter_provider=meter_provider)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage", unit="{token}", description="Tokens of a call"
        )
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration", unit="s", description="Duration of a call"
        )
        self._first = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk", unit="s", description="To first content"
        )
        self._cost = meter.create_counter(
            "resp.client.cost", unit="USD", description="What calls are known to cost"
        )

    def begin(self, operation: str, model: str) -> Tracing:
        """A span under the current one, and `traceparent` for the request."""
        from opentelemetry import propagate, trace

        kind = _OPERATIONS.get(operation, operation)
        span = self._tracer.start_span(f"{kind} {model}".rstrip(), kind=trace.SpanKind.CLIENT)
        headers: dict[str, str] = {}
        propagate.inject(headers, context=trace.set_span_in_context(span))
        return Tracing(span, headers)

    def end(self, record: CallRecord, span: Any) -> None:
        """Put the record on its span and into the metrics, and end the span."""
        from opentelemetry.trace import Status, StatusCode

        cost = record.cost
        common = {
            "gen_ai.operation.name": _OPERATIONS.get(record.operation, record.operation),
            "gen_ai.provider.name": _SYSTEMS.get(record.provider, record.provider),
            "gen_ai.request.model": record.requested_model.partition("/")[2]
            or record.requested_model,
            "gen_ai.response.model": record.model,
            "error.type": record.error,
        }
        labels = {name: value for name, value in common.items() if value is not None}
        into = sum(usage.input_tokens for usage in record.counted)
        out = sum(usage.output_tokens for usage in record.counted)
        if span.is_recording():
            span.set_attributes({**labels, **_attributes(record, into, out)})
            if record.status == "failed":
                span.set_status(Status(StatusCode.ERROR, record.error))
        span.end()
        self._duration.record(record.seconds, labels)
        if record.first_token is not None:
            self._first.record(record.first_token, labels)
        for kind, count in (("input", into), ("output", out)):
            if count:
                self._tokens.record(count, {**labels, "gen_ai.token.type": kind})
        if cost.known:
            self._cost.add(float(cost.known), labels)


def _attributes(record: CallRecord, into: int, out: int) -> dict[str, Any]:
    cost = record.cost
    found = {
        "gen_ai.response.id": record.response_id,
        "gen_ai.usage.input_tokens": into or None,
        "gen_ai.usage.output_tokens": out or None,
        "openai.response.service_tier": record.service_tier,
        "openai.api.type": {"chat": "chat_completions"}.get(record.api, record.api),
        "resp.cost.usd": None if cost.total is None else float(cost.total),
        "resp.cost.source": cost.source,
        "resp.cost.estimated": cost.estimated or None,
        "resp.cost.unknown": [str(gap) for gap in cost.unknown] or None,
        "resp.deployment": record.deployment,
        "resp.status": record.status,
        "resp.attempts": len(record.attempts),
        "resp.request_id": record.request_id,
        "resp.time_to_first_token": record.first_token,
        "resp.tags": list(record.tags) or None,
        "enduser.id": record.user or record.safety_identifier,
    }
    found |= {f"resp.metadata.{name}": str(value) for name, value in record.metadata.items()}
    return {name: value for name, value in found.items() if value is not None}

"""The log's line and OpenTelemetry's spans and metrics, from real calls."""

from __future__ import annotations

import logging
from typing import Any

import httpx2
import pytest

from resp_core import Client
from resp_core.observe.otel import Telemetry

PRICES = {"offline/demo": {"input": "2", "output": "10"}, "custom/demo": {"input": 1, "output": 1}}


def test_one_line_per_call_without_content(caplog: pytest.LogCaptureFixture) -> None:
    client = Client("offline/demo", prices=PRICES)
    with caplog.at_level(logging.INFO, "resp_core.calls"):
        client.responses.create(input="my secret words", tags=["a"], safety_identifier="ann x")
        with pytest.raises(Exception, match=r"."):
            client.responses.create(input="x", model="offline/fault-400")
    lines = [record for record in caplog.records if record.name == "resp_core.calls"]
    assert [line.levelname for line in lines] == ["INFO", "WARNING"]
    first = lines[0].getMessage()
    assert first.startswith("operation=responses model=offline/offline-demo api=responses status=")
    assert "tags=a" in first
    assert "user='ann x'" in first
    assert "cost=" not in first
    assert "error=BadRequestError" in lines[1].getMessage()
    assert "secret" not in caplog.text


def test_the_line_has_the_cost_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "resp_core.calls"):
        Client("offline/demo", prices=PRICES).responses.create(input="x")
    assert " cost='0.000" in caplog.text


@pytest.fixture
def telemetry() -> Any:
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracer_provider = sdk.TracerProvider()
    tracer_provider.add_span_processor(SimpleSpanProcessor(spans))
    meter_provider = MeterProvider([reader])
    yield Telemetry(tracer_provider, meter_provider), spans, reader, tracer_provider
    tracer_provider.shutdown()
    meter_provider.shutdown()


def test_spans_and_metrics(telemetry: Any) -> None:
    ours, spans, reader, provider = telemetry
    client = Client("offline/demo", prices=PRICES, telemetry=ours)
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("outer") as outer:
        response = client.responses.create(input="hello there", tags=["t"])
        for _ in client.chat.completions.create(
            messages=[{"role": "user", "content": "x"}], stream=True
        ):
            pass
    with pytest.raises(Exception, match=r"."):
        client.responses.create(input="x", model="offline/fault-400")
    first, second, _, failed = spans.get_finished_spans()
    assert response.cost is not None
    assert first.name == "chat demo"
    assert first.parent.span_id == outer.get_span_context().span_id
    assert second.parent.span_id == outer.get_span_context().span_id
    found = dict(first.attributes)
    assert found["gen_ai.operation.name"] == "chat"
    assert found["gen_ai.provider.name"] == "offline"
    assert found["gen_ai.request.model"] == "demo"
    assert found["gen_ai.usage.input_tokens"] == response.usage.input_tokens
    assert found["resp.cost.usd"] == float(response.cost.total or 0)
    assert found["resp.tags"] == ("t",)
    assert not any("hello" in str(value) for value in found.values())
    assert failed.status.description == "BadRequestError"
    metrics = {
        metric.name
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert {
        "gen_ai.client.token.usage",
        "gen_ai.client.operation.duration",
        "resp.client.cost",
    } <= metrics


def test_the_context_goes_out_with_the_request(telemetry: Any) -> None:
    ours, spans, _, _ = telemetry
    sent: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers["traceparent"])
        usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        return httpx2.Response(
            200,
            json={"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-5.4",
                  "output": [], "usage": usage},
        )  # fmt: skip

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        client = Client("openai/gpt-5.4", api_key="k", http_client=http, telemetry=ours)
        client.responses.create(input="x")
    (span,) = spans.get_finished_spans()
    context = span.get_span_context()
    assert sent[0].startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")
    assert span.attributes["resp.cost.usd"] == pytest.approx(1 * 2.5e-6 + 1 * 15e-6)

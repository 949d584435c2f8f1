"""The log's line and OpenTelemetry's spans and metrics, from real calls."""

from __future__ import annotations

import contextvars
import json
import logging
from collections.abc import Iterator
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
    assert " cost='0.000" in first
    assert "error=BadRequestError" in lines[1].getMessage()
    assert "secret" not in caplog.text


def test_no_line_without_a_listener(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "resp_core.calls"):
        Client("offline/demo", prices=PRICES).responses.create(input="x")
    assert not caplog.records


@pytest.fixture
def telemetry() -> Any:
    yield from _telemetry()


@pytest.fixture
def telling() -> Any:
    """Telemetry that was asked for content."""
    yield from _telemetry(content=True)


def _telemetry(**options: Any) -> Iterator[Any]:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracer_provider = TracerProvider()
    tracer_provider.add_span_processor(SimpleSpanProcessor(spans))
    meter_provider = MeterProvider([reader])
    yield Telemetry(tracer_provider, meter_provider, **options), spans, reader, tracer_provider
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
    assert found["gen_ai.response.finish_reasons"] == ("stop",)
    assert found["server.address"]
    assert dict(second.attributes)["gen_ai.request.stream"] is True
    assert dict(second.attributes)["gen_ai.response.time_to_first_chunk"] > 0
    assert found["resp.cost.usd"] == float(response.cost.total or 0)
    assert found["resp.tags"] == ("t",)
    assert not any("hello" in str(value) for value in found.values())
    assert failed.status.description == "BadRequestError"
    assert failed.attributes["error.type"] == "BadRequestError"
    points = {
        metric.name: list(metric.data.data_points)
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    kinds = {point.attributes["gen_ai.token.type"] for point in points["gen_ai.client.token.usage"]}
    assert kinds == {"input", "output"}
    assert sum(point.count for point in points["gen_ai.client.operation.duration"]) == 3
    assert points["gen_ai.client.operation.time_to_first_chunk"][0].count == 1
    assert sum(p.value for p in points["resp.client.cost"]) >= float(response.cost.total or 0)


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


def test_the_context_comes_in_with_the_calls_own_headers(telemetry: Any) -> None:
    ours, spans, _, _ = telemetry
    trace, parent = f"{0xABC:032x}", f"{0xDEF:016x}"
    sent: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers["traceparent"])
        return httpx2.Response(500, json={})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        client = Client("openai/gpt-5.4", api_key="k", http_client=http, telemetry=ours)
        with pytest.raises(Exception, match=r"."):
            client.responses.create(
                input="x", extra_headers={"Traceparent": f"00-{trace}-{parent}-01"}, max_retries=0
            )
    (span,) = spans.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == trace
    assert f"{span.parent.span_id:016x}" == parent
    assert sent == [f"00-{trace}-{span.context.span_id:016x}-01"]


def test_content_only_on_request(telemetry: Any, telling: Any) -> None:
    for ours, spans, *_ in (telemetry, telling):
        client = Client("offline/demo", telemetry=ours)
        answer = client.responses.create(input="my words", instructions="Be kind.")
        for _ in client.chat.completions.create(
            messages=[{"role": "user", "content": "other words"}], stream=True
        ):
            pass
        said = [dict(span.attributes) for span in spans.get_finished_spans()]
        if ours is telemetry[0]:
            assert not any("words" in str(each) or "messages" in str(each) for each in said)
            continue
        first, second = said
        assert json.loads(first["gen_ai.input.messages"]) == [
            {"role": "user", "parts": [{"type": "text", "content": "my words"}]}
        ]
        assert json.loads(first["gen_ai.system_instructions"]) == [
            {"type": "text", "content": "Be kind."}
        ]
        assert json.loads(first["gen_ai.output.messages"]) == [
            {
                "role": "assistant",
                "parts": [{"type": "text", "content": answer.output_text}],
                "finish_reason": "stop",
            }
        ]
        assert "other words" in second["gen_ai.input.messages"]
        (message,) = json.loads(second["gen_ai.output.messages"])
        assert message["role"] == "assistant"
        assert message["finish_reason"] == "stop"


def test_calls_and_results_as_content(telling: Any) -> None:
    ours, spans, *_ = telling
    tools = [{"type": "function", "name": "clock", "parameters": {"type": "object"}}]
    client = Client("offline/demo", telemetry=ours)
    first = client.responses.create(input="Use the clock tool.", tools=tools)
    (call,) = [item for item in first.output if item.type == "function_call"]
    client.responses.create(
        input=[
            {"type": "function_call", "call_id": call.call_id, "name": "clock", "arguments": "{}"},
            {"type": "function_call_output", "call_id": call.call_id, "output": "noon"},
        ],
        tools=tools,
    )
    asked, told = (dict(span.attributes) for span in spans.get_finished_spans())
    (message,) = json.loads(asked["gen_ai.output.messages"])
    assert message["parts"][0] == {
        "type": "tool_call", "id": call.call_id, "name": "clock", "arguments": {}
    }  # fmt: skip
    assert asked["gen_ai.response.finish_reasons"] == ("tool_calls",)
    assert json.loads(asked["gen_ai.tool.definitions"]) == tools
    kinds = [each["parts"][0]["type"] for each in json.loads(told["gen_ai.input.messages"])]
    assert kinds == ["tool_call", "tool_call_response"]


def test_a_stream_may_be_read_in_any_context(telemetry: Any) -> None:
    """No context is entered or left across an event, so another one may go on with it."""
    ours, spans, _, provider = telemetry
    from opentelemetry import trace

    tracer = provider.get_tracer("test")
    client = Client("offline/demo", prices=PRICES, telemetry=ours)
    with tracer.start_as_current_span("begins"):
        stream = client.responses.create(input="Hello", stream=True)
        next(stream)
    with tracer.start_as_current_span("reads") as reads:
        assert next(stream) is not None
        assert trace.get_current_span() is reads
    contextvars.Context().run(lambda: list(stream))
    begins, read, call = sorted(spans.get_finished_spans(), key=lambda span: span.end_time)
    assert (begins.name, read.name) == ("begins", "reads")
    assert call.parent.span_id == begins.context.span_id
    assert call.attributes["resp.status"] == "completed"

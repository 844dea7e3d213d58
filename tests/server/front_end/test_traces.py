"""Traces from the SDK through the front end to the engine, in one tree."""

import subprocess
import sys
from collections.abc import Iterator

import grpc
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from recserve.client import AsyncClient, Client, InvalidArgument, Settings
from recserve.client.tracing import Tracing as ClientTracing
from recserve.server.errors import ConfigurationError
from recserve.server.testing import InMemoryServer
from recserve.server.tracing import start_tracing, wants_traces
from recserve.v1 import recommender_pb2, recommender_pb2_grpc, training_pb2, training_pb2_grpc
from server.front_end.conftest import ITEMS
from server.front_end.otlp_receiver import OtlpReceiver

REMOTE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture(scope="module")
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture(scope="module")
def traced(transport_name, provider: TracerProvider) -> Iterator[InMemoryServer]:
    with InMemoryServer(
        item_ids=ITEMS, transport=transport_name, tracer_provider=provider
    ) as server:
        yield server


@pytest.fixture
def client(
    traced: InMemoryServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> Iterator[Client]:
    with Client(traced.address, Settings(traces=True)) as client:
        client._session.tracing = ClientTracing(True, provider.get_tracer("recserve.client"))
        client.feedback("u1", "a", "click")
        exporter.clear()
        yield client


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def test_a_recommend_is_one_trace_from_the_sdk_to_the_engine(
    client: Client, exporter: InMemorySpanExporter
) -> None:
    client.recommend("u1", num_results=3)
    spans = by_name(exporter)
    asked, served = spans["recserve Recommend"], spans["recserve.v1.RecommenderService/Recommend"]
    assert (asked.kind, served.kind) == (SpanKind.CLIENT, SpanKind.SERVER)
    assert served.parent.span_id == asked.context.span_id
    assert served.attributes["rpc.grpc.status_code"] == 0
    assert served.attributes["recserve.request_id"]
    for stage in ("queue", "inference"):
        assert spans[stage].parent.span_id == served.context.span_id
        assert spans[stage].start_time <= spans[stage].end_time <= served.end_time
    assert spans["inference"].attributes["recserve.batch_requests"] == 1
    assert spans["inference"].attributes["recserve.model_version"] == 1
    assert len({span.context.trace_id for span in spans.values()}) == 1


def test_feedback_shows_the_write_of_the_event_log(
    client: Client, exporter: InMemorySpanExporter
) -> None:
    client.feedback("u2", "a", "click")
    spans = by_name(exporter)
    served = spans["recserve.v1.RecommenderService/Feedback"]
    assert spans["event_log"].parent.span_id == served.context.span_id
    assert spans["event_log"].attributes["recserve.events"] == 1


def test_a_callers_mistake_is_an_error_of_its_span_and_not_of_the_servers(
    client: Client, exporter: InMemorySpanExporter
) -> None:
    with pytest.raises(InvalidArgument):
        client.recommend("u1", num_results=2000)
    spans = by_name(exporter)
    served = spans["recserve.v1.RecommenderService/Recommend"]
    assert served.attributes["rpc.grpc.status_code"] == 3
    assert served.status.status_code is StatusCode.UNSET
    assert spans["recserve Recommend"].status.status_code is StatusCode.ERROR
    assert [event.name for event in spans["recserve Recommend"].events] == ["attempt failed"]


def test_no_span_quotes_a_user_or_an_item(client: Client, exporter: InMemorySpanExporter) -> None:
    client.feedback("secret-user", "secret-item", "click")
    client.recommend("secret-user")
    assert exporter.get_finished_spans()
    assert "secret" not in "".join(span.to_json() for span in exporter.get_finished_spans())


def test_any_callers_traceparent_is_the_parent(
    traced: InMemoryServer, exporter: InMemorySpanExporter
) -> None:
    exporter.clear()
    with grpc.insecure_channel(traced.address) as channel:
        stub = recommender_pb2_grpc.RecommenderServiceStub(channel)
        request = recommender_pb2.RecommendRequest(user_id="u1")
        stub.Recommend(request, metadata=[("traceparent", REMOTE)])
        stub.Recommend(request, metadata=[("traceparent", "00-nonsense")])
    parents = [
        span.parent and f"{span.parent.trace_id:032x}"
        for span in exporter.get_finished_spans()
        if span.kind is SpanKind.SERVER
    ]
    assert parents == [REMOTE.split("-")[1], None]


def test_a_training_run_is_part_of_the_trace_that_asked_for_it(
    traced: InMemoryServer, exporter: InMemorySpanExporter
) -> None:
    exporter.clear()
    with grpc.insecure_channel(traced.address) as channel:
        run = recommender_pb2_grpc.RecommenderServiceStub(channel).Train(
            training_pb2.TrainRequest(), metadata=[("traceparent", REMOTE)]
        )
        watched = training_pb2_grpc.TrainingServiceStub(channel).WatchTrainingRun(
            training_pb2.WatchTrainingRunRequest(name=run.name)
        )
        last = list(watched)[-1].training_run
    span = by_name(exporter)["training run"]
    assert last.state == training_pb2.TRAINING_RUN_STATE_SUCCEEDED
    assert span.attributes["recserve.training_run"] == run.name
    assert span.attributes["recserve.state"] == "succeeded"
    assert f"{span.context.trace_id:032x}" == REMOTE.split("-")[1]


async def test_the_asyncio_client_is_traced_too(
    traced: InMemoryServer, provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    exporter.clear()
    async with AsyncClient(traced.address) as client:
        client._session.tracing = ClientTracing(True, provider.get_tracer("recserve.client"))
        await client.recommend("u1")
    spans = by_name(exporter)
    served = spans["recserve.v1.RecommenderService/Recommend"]
    assert served.parent.span_id == spans["recserve Recommend"].context.span_id


ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4317"}


@pytest.mark.parametrize(
    ("setting", "environment", "expected"),
    [
        (None, {}, False),
        (True, {}, True),
        (None, ENDPOINT, True),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4317"}, True),
        (None, {"OTEL_TRACES_EXPORTER": "otlp"}, True),
        (None, {**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        (False, ENDPOINT, False),
        (True, {"OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_traces_are_off_unless_somebody_asks(setting, environment, expected) -> None:
    assert wants_traces(setting, environment) is expected


def test_spans_reach_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    with OtlpReceiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{receiver.address}")
        tracing = start_tracing(None)
        with (
            InMemoryServer(item_ids=ITEMS, tracer_provider=tracing.provider) as server,
            Client(server.address, Settings(traces=False)) as client,
        ):
            client.recommend("u1")
        tracing.close()
        assert receiver.some.is_set()
        assert "recserve.v1.RecommenderService/Recommend" in receiver.names()
        named = {each.key: each.value for each in receiver.received[0].resource.attributes}
        assert named["service.name"].string_value == "recserve"


def test_asking_for_traces_without_the_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "recserve.server.tracing.exporting", None)
    with pytest.raises(ConfigurationError, match=r"recserve\[server,otel\]"):
        start_tracing(True)


def test_nothing_of_opentelemetry_is_imported_while_it_is_off() -> None:
    program = (
        "import sys, os\n"
        "for name in list(os.environ):\n"
        "    if name.startswith('OTEL_'): del os.environ[name]\n"
        "from recserve.client import Client\n"
        "import recserve.server.front_end.process\n"
        "from recserve.server.tracing import start_tracing\n"
        "start_tracing(None)\n"
        "from recserve.server.testing import InMemoryServer\n"
        "with InMemoryServer(item_ids=['a']) as server, Client(server.address) as client:\n"
        "    client.recommend('u')\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

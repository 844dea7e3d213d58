"""A real server that is asked for traces sends them, the last ones when it stops."""

from pathlib import Path

import grpc
import pytest

from integration.server_process import serving
from recserve.server import request_id
from recserve.v1 import recommender_pb2, recommender_pb2_grpc
from server.front_end.otlp_receiver import OtlpReceiver

pytestmark = pytest.mark.integration


def test_a_real_server_sends_the_spans_of_a_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = recommender_pb2.Event(event_id="e1", user_id="u1", item_id="i1", event_type="click")
    with OtlpReceiver() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{receiver.address}")
        with serving(tmp_path) as server, grpc.insecure_channel(server.address) as channel:
            stub = recommender_pb2_grpc.RecommenderServiceStub(channel)
            _, call = stub.Feedback.with_call(
                recommender_pb2.FeedbackRequest(events=[event]),
                metadata=[(request_id.KEY, "q-1")],
            )
            assert dict(call.trailing_metadata())[request_id.KEY] == "q-1"
            assert server.stop() == 0
        assert set(receiver.names()) == {
            "recserve.v1.RecommenderService/Feedback",
            "event_log",
        }

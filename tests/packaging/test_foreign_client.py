"""Anyone can generate a client from `protos/`, without installing recserve."""

import shutil
from pathlib import Path

import pytest

from integration.server_process import serving

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.integration

USE = """
import importlib.util
import sys

import grpc
from recserve.v1 import recommender_pb2, recommender_pb2_grpc

assert importlib.util.find_spec("recserve.client") is None
with grpc.insecure_channel(sys.argv[1]) as channel:
    stub = recommender_pb2_grpc.RecommenderServiceStub(channel)
    bread = recommender_pb2.Event(
        event_id="1", user_id="user-1", item_id="bread", event_type="purchase", value=2.5
    )
    stored = stub.Feedback(recommender_pb2.FeedbackRequest(events=[bread]), timeout=10)
    assert (stored.accepted_count, stored.log_position) == (1, 1)
    again = stub.Feedback(recommender_pb2.FeedbackRequest(events=[bread]), timeout=10)
    assert (again.accepted_count, again.duplicate_count) == (0, 1)
    request = recommender_pb2.RecommendRequest(user_id="user-2", num_results=3)
    answer = stub.Recommend(request, timeout=10)
    assert [result.item_id for result in answer.results] == ["bread"]
    try:
        stub.Recommend(recommender_pb2.RecommendRequest(), timeout=10)
    except grpc.RpcError as error:
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    else:
        raise AssertionError("a request without a user was answered")
"""


@pytest.fixture(scope="module")
def foreign_client(clean_environment, locked, run, tmp_path_factory):
    """A Python and a folder of code that it generated, from the protos alone."""
    folder = tmp_path_factory.mktemp("foreign")
    python = clean_environment("grpcio-tools", options=("--constraint", locked))
    protos = folder / "protos"
    for source in sorted((ROOT / "protos").rglob("*.proto")):
        target = protos / source.relative_to(ROOT / "protos")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    names = [path.relative_to(protos) for path in sorted(protos.rglob("*.proto"))]
    outputs = (f"--python_out={folder}", f"--grpc_python_out={folder}")
    run(python, "-m", "grpc_tools.protoc", f"-I{protos}", *outputs, *names, cwd=folder)
    return python, folder


def test_code_generated_from_the_protos_alone_recommends_and_sends_feedback(
    foreign_client, run, tmp_path
):
    python, folder = foreign_client
    with serving(tmp_path) as server:
        run(python, "-c", USE, server.address, cwd=folder)

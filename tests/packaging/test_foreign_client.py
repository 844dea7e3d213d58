"""Anyone can generate a client from `protos/`, without installing recserve."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.integration

USE = """
import importlib.util
from recserve.v1 import recommender_pb2, recommender_pb2_grpc

assert importlib.util.find_spec("recserve.client") is None
request = recommender_pb2.RecommendRequest(user_id="user-42", num_results=3)
assert recommender_pb2.RecommendRequest.FromString(request.SerializeToString()) == request
assert recommender_pb2_grpc.RecommenderServiceStub
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


def test_code_generated_from_the_protos_alone_works(foreign_client, run):
    python, folder = foreign_client
    run(python, "-c", USE, cwd=folder)

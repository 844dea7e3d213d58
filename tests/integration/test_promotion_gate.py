"""Bad versions in the store of a running server: kept out, or sent back, with the reason."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import json_format

from integration.server_process import eventually, run, serving
from recserve.client import Client, Fallback, ModelVersionState
from recserve.v1 import model_pb2, promotion_pb2

pytestmark = pytest.mark.integration
TESTS = Path(__file__).parent.parent
ITEM_COUNT = 200
SOUND_ROWS = 100


def publish_worse(store: Path, number: int) -> None:
    """Version 1 again, which says that it is hardly better than the stable one."""
    model = store / "default"
    staging = model / f".staging-{number}"
    shutil.copytree(model / "1", staging)
    path = staging / "manifest.json"
    manifest = json_format.Parse(path.read_text(), model_pb2.ModelVersion())
    manifest.version = number
    manifest.promotion = promotion_pb2.PROMOTION_IF_BETTER
    manifest.promotion_margins.stable = 0.05
    manifest.evaluation.stable_version = 1
    manifest.evaluation.metrics.add(name="ndcg@10", value=0.31, stable=0.3, baseline=0.1)
    path.write_text(json_format.MessageToJson(manifest, preserving_proto_field_name=True))
    staging.rename(model / str(number))


def make_broken(folder: Path, number: int) -> Path:
    """A version that warms up, and cannot rank for users of later items."""
    words = [sys.executable, "-m", "integration.handmade_artefact", str(folder / "default")]
    numbers = map(str, (number, ITEM_COUNT, SOUND_ROWS))
    subprocess.run([*words, *numbers], cwd=TESTS, check=True, capture_output=True)
    return folder / "default" / str(number)


def test_a_version_that_is_not_better_stays_out_and_one_that_cannot_answer_is_sent_back(
    handmade_store, tmp_path
):
    broken = make_broken(tmp_path / "elsewhere", 3)
    with serving(tmp_path) as server, Client(server.address) as client:
        server.wait_until_warm()
        publish_worse(handmade_store, 2)
        eventually(lambda: server.said("version is not promoted"), "a verdict")
        out = client.model(2)
        assert (out.labels, out.state) == ((), ModelVersionState.AVAILABLE)
        assert "ndcg@10 of 0.3100 does not beat version 1's 0.3000 by 5.00%" in (
            out.unpromoted_reason
        )
        shown = run("recserve", "--server", server.address, "models", "show", "2", cwd=tmp_path)
        assert "not promoted" in shown
        broken.rename(handmade_store / "default" / "3")
        eventually(lambda: client.model(3).labels == ("stable",), "the broken version")
        client.feedback("u", f"i{SOUND_ROWS + 50}", "click")
        assert client.recommend("u").fallback is Fallback.ENGINE_UNAVAILABLE

        def is_back() -> bool:
            return client.recommend("u").model_version == 1

        eventually(is_back, "version 1")
        assert client.recommend("u").fallback is None
        back = client.model(3)
        assert back.labels == ()
        assert "back to version 1: its engine could not answer 100%" in back.rollback_reason
        assert server.metrics()['recserve_rollbacks_total{reason="errors"}'] == 1

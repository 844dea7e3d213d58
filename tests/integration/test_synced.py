"""An event is on the disk before it is acknowledged: what kill -9 cannot show.

The kernel keeps what a killed process wrote; only a sync makes it outlive a loss of power. So the
order of the server's system calls is looked at.
"""

from pathlib import Path

import pytest

from integration.server_process import eventually, serving
from integration.system_calls import SystemCall, strace, system_calls, traced_to
from recserve.client import Client
from recserve.v1 import recommender_pb2

pytestmark = pytest.mark.integration

EVENTS = 10
ENDED = "+++ exited with"


@pytest.mark.parametrize("transport", ["grpcio", "native"])
def test_the_sync_of_the_log_returns_before_the_acknowledgement_is_sent(
    transport: str, tmp_path: Path
) -> None:
    if not strace():
        pytest.skip("no strace to see the system calls by")
    output = tmp_path / "strace"
    options = ("--transport", transport)
    with serving(tmp_path, *options, under=traced_to(output)) as server:
        with Client(server.address) as client:
            for number in range(EVENTS):
                receipt = client.feedback("ann", "tea", "click", event_id=f"event-{number}")
                assert receipt.log_position == number + 1
        assert server.stop() == 0
        pid = server.process.pid
        last = f"{pid:<5} {ENDED}"  # as wide as strace makes it
        eventually(lambda: last in output.read_text(), "strace's last line")

    calls = list(system_calls(output))
    log = [each for each in calls if each.place == f"{tmp_path}/recserve.db-wal"]
    for number in range(EVENTS):
        sent = next(each for each in calls if acknowledgement(number + 1) in each.content)
        before = [each for each in log if each.begin < sent.begin]
        writes = [each for each in before if not is_sync(each)]
        assert any(f"event-{number}".encode() in each.content for each in writes)
        synced = before[-1]
        assert is_sync(synced), "the last that was done to the log was to write"
        assert synced.succeeded
        assert writes[-1].end < synced.begin <= synced.end < sent.begin


def is_sync(call: SystemCall) -> bool:
    return call.name in ("fsync", "fdatasync")


def acknowledgement(position: int) -> bytes:
    """The answer as gRPC frames it."""
    answer = recommender_pb2.FeedbackResponse(accepted_count=1, log_position=position)
    message = answer.SerializeToString()
    return b"\0" + len(message).to_bytes(4, "big") + message

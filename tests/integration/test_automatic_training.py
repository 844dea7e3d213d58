"""A server that trains by itself, with the real processes."""

import pytest

from integration.server_process import eventually, run, serving
from recserve.client import Client, Event, TrainingMode, TrainingRunState

pytestmark = pytest.mark.integration
EVERY = 200


def views(count: int, begin: int = 0) -> list[Event]:
    """Users who view items of one of two groups each."""
    return [
        Event(
            user_id=f"user-{n % 40}",
            item_id=f"item-{20 * (n % 2) + (n % 40 + 7 * (n // 40)) % 20}",
            event_type="view",
        )
        for n in range(begin, begin + count)
    ]


def test_a_server_trains_by_itself_after_so_many_events_and_promotes_what_it_made(tmp_path):
    options = ("--train-every-events", EVERY)
    with serving(tmp_path, *options) as server, Client(server.address) as client:
        client.feedback_many(views(EVERY - 1))
        assert client.training_runs() == []
        client.feedback_many(views(1, EVERY - 1))
        eventually(client.training_runs, "a run that nobody asked for")
        client.training_run(1).result(timeout=200)
        server.wait_until_warm()
        (status,) = client.training_runs()
        assert status.state is TrainingRunState.SUCCEEDED
        assert (status.mode, status.trigger) == (TrainingMode.FULL, f"{EVERY} new events")
        assert status.log_position == EVERY
        assert client.recommend("user-1").model_version == 1
        assert client.model("stable").training_run == status.name
        shown = run("recserve", "--server", server.address, "train", "show", "1", cwd=tmp_path)
        assert f"the server: {status.trigger}" in shown
    with serving(tmp_path, *options) as server, Client(server.address) as client:
        server.wait_until_warm()
        client.feedback_many(views(EVERY - 1, EVERY))
        assert len(client.training_runs()) == 1  # what was learned before the restart is no news

"""kill -9 at random moments, under feedback from clients that retry."""

import os
import random
import time
from pathlib import Path

import pytest

from integration.feedback_load import assert_stored_exactly_once, feedback_load
from integration.server_process import kill_child, serving

pytestmark = pytest.mark.integration

KILLS = 50 if os.environ.get("RECSERVE_VERIFY") else 3


def test_acknowledged_events_outlive_every_kill_and_are_there_once(
    database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(database_url)  # noqa: S311  # when to kill, no secret
    with serving(tmp_path, "--events", database_url) as server:
        address = server.address
        with feedback_load(address) as load:
            for number in range(KILLS):
                load.wait_for_calls(chance.randrange(1, 300))
                time.sleep(chance.random() * 0.01)  # somewhere between two acknowledgements
                if number % 2:
                    kill_child(server.children()["front_end"])
                else:
                    server.kill()
                    server.start("--listen", address)
            load.wait_for_calls(20)
    assert load.failures.keys() <= {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"}
    assert_stored_exactly_once(load, database_url)

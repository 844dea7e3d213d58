"""The shop of the examples: with a server in memory, and as a whole with `make verify`."""

import os
import subprocess
import sys

import numpy as np
import pytest
from examples import shop as example
from examples.shop import JUDGED_POSITIONS, SHOWN, Shop, a_day

from integration.server_process import eventually
from recserve.client import Client
from recserve.server.testing import InMemoryServer

pytestmark = pytest.mark.integration
VISITS = 300


def test_a_day_at_the_shop_is_what_the_server_logs_of_it():
    shop = Shop(seed=3)
    with InMemoryServer(item_ids=shop.items) as server, Client(server.address) as client:
        day = a_day(shop, client, VISITS, exploration=0.2)
        assert sum(day.versions.values()) == VISITS

        def logged():
            found = client.compare_versions(positions=JUDGED_POSITIONS)
            return sum(each.answer_count for each in found.versions) == VISITS and found

        compared = eventually(logged, "the answer log")
    clicks = sum(each.success_count for each in compared.versions)
    assert clicks == round(day.clicks * VISITS) > 0


def test_users_click_as_often_as_their_tastes_say():
    shop = Shop(seed=4)
    shown = shop.items[:SHOWN]
    expected = sum(sum(shop.chances(user, shown)) for user in range(100)) * 20
    clicked = sum(len(shop.clicks(user, shown)) for user in range(100) for _ in range(20))
    assert abs(clicked - expected) < 5 * np.sqrt(expected)
    before = shop.chances(0, shown)
    shop.drift()
    assert shop.chances(0, shown) != before


if os.environ.get("RECSERVE_VERIFY"):  # three minutes

    def test_the_shop_learns_keeps_a_bad_version_out_and_judges_a_good_one():
        words = [sys.executable, example.__file__]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr

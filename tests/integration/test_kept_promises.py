"""What must not be returned is not, and all else is: random requests to a real server.

Without a version, while one is loaded, from its engine, and after the engine was killed.
"""

import os
import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integration.conftest import ITEM_COUNT
from integration.server_process import kill_child, serving
from recserve.client import Answer, Client, Fallback, Item

pytestmark = pytest.mark.integration

REQUESTS = 10_000 if os.environ.get("RECSERVE_VERIFY") else 400
STAGES = 4
ITEMS = [f"i{number}" for number in range(ITEM_COUNT)]
STRANGER = "a stranger"
USERS = ["", STRANGER, "ann", "bob", "eve"]
SCHEMA = """
[[event_types]]
name = "click"
[[event_types]]
name = "buy"
[[item_features]]
name = "number"
type = "FEATURE_TYPE_NUMERIC"
"""
RESULTS = (1, 3, 10, ITEM_COUNT, 1000)
SHARES = (0.0, 0.0, 0.5, 1.0)


@dataclass
class Shop:
    """What has been told to the server, and so what it may answer."""

    numbers: dict[str, int] = field(
        default_factory=lambda: {item_id: number for number, item_id in enumerate(ITEMS)}
    )
    unavailable: set[str] = field(default_factory=set)
    seen: dict[str, set[str]] = field(default_factory=lambda: {user: set() for user in USERS})

    def possible(self, *, but: set[str], above: int | None) -> set[str]:
        """The items that a request lets through."""
        chosen = {each for each, number in self.numbers.items() if above is None or number > above}
        return chosen - but - self.unavailable


class Asker:
    """Changes the shop and asks, by chance."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._chance = random.Random(7)  # noqa: S311  # no secret
        self._shop = Shop()
        self.fallbacks: Counter[Fallback | None] = Counter()
        client.upsert_items(Item(each, {"number": n}) for each, n in self._shop.numbers.items())

    def ask(self, count: int, *, similar: bool) -> None:
        """Ask so often; for similar items too, where there is an engine."""
        for number in range(count):
            if number % 5 == 0:
                self._happen()
            if similar and self._chance.random() < 0.2:
                self._ask_for_similar_items()
            else:
                self._ask_for_recommendations()

    def _happen(self) -> None:
        user, items = self._chance.choice(USERS[2:]), self._some(ITEMS, 3)
        for item_id in items:
            self._client.feedback(user, item_id, self._chance.choice(("click", "buy")))
        self._shop.seen[user] |= items
        if self._chance.random() < 0.05:  # else everything has been seen
            self._shop.seen[user] = set()
            self._client.delete_user(user)
        changed = self._some(ITEMS, 3)
        for item_id in changed:
            self._shop.numbers[item_id] = self._chance.randrange(ITEM_COUNT)
        self._shop.unavailable = (self._shop.unavailable - changed) | self._some(list(changed), 3)
        self._client.upsert_items(
            Item(each, {"number": self._shop.numbers[each]}, each not in self._shop.unavailable)
            for each in changed
        )

    def _ask_for_recommendations(self) -> None:
        chance = self._chance
        user, wanted = chance.choice(USERS), chance.choice(RESULTS)
        excluded, recent = self._some(ITEMS, 100), self._some(ITEMS, 5)
        if not user and not recent:
            recent = {ITEMS[0]}
        candidates = [*sorted(self._some(ITEMS, 40)), "nowhere"] if chance.random() < 0.3 else None
        include_seen, above = chance.random() < 0.3, self._above()
        answer = self._client.recommend(
            user,
            num_results=wanted,
            candidate_item_ids=candidates,
            exclude_item_ids=excluded,
            include_seen=include_seen,
            filter="" if above is None else f"number > {above}",
            recent_item_ids=recent,
            diversity=chance.choice(SHARES),
            exploration=chance.choice(SHARES),
            timeout=10,
        )
        forbidden = excluded if include_seen else excluded | recent | self._shop.seen[user]
        possible = self._shop.possible(but=forbidden, above=above)
        if candidates is not None:
            possible &= set(candidates)
            if answer.fallback is Fallback.NO_MODEL and above is None:
                possible.add("nowhere")  # nothing says that it is not an item
        check(answer, possible, wanted)
        self.fallbacks[answer.fallback] += 1

    def _ask_for_similar_items(self) -> None:
        chance = self._chance
        item_id, user, wanted = (chance.choice(each) for each in (ITEMS, USERS, RESULTS))
        excluded, above = self._some(ITEMS, 100), self._above()
        answer = self._client.similar_items(
            item_id,
            num_results=wanted,
            exclude_item_ids=excluded,
            user_id=user,
            filter="" if above is None else f"number > {above}",
            timeout=10,
        )
        forbidden = excluded | {item_id} | self._shop.seen[user]
        check(answer, self._shop.possible(but=forbidden, above=above), wanted)

    def _above(self) -> int | None:
        return self._chance.randrange(ITEM_COUNT) if self._chance.random() < 0.3 else None

    def _some(self, items: list[str], most: int) -> set[str]:
        count = min(self._chance.randrange(most + 1), len(items))
        return set(self._chance.sample(items, count))


def check(answer: Answer, possible: set[str], wanted: int) -> None:
    got = list(answer.item_ids)
    assert set(got) <= possible
    assert len(set(got)) == len(got) == min(wanted, len(possible))
    assert (answer.shortfall is None) == (len(got) == wanted)


def test_exclusions_availability_and_filters_hold_for_any_request(
    handmade_version: Path, tmp_path: Path
) -> None:
    (tmp_path / "schema.toml").write_text(SCHEMA)
    with (
        serving(tmp_path, "--schema", "schema.toml") as server,
        Client(server.address) as client,
    ):
        asker = Asker(client)
        asker.ask(REQUESTS // STAGES, similar=False)
        shutil.copytree(handmade_version, tmp_path / "models" / "default" / "1")
        asker.ask(REQUESTS // STAGES, similar=False)
        server.wait_until_warm()
        asker.ask(REQUESTS // STAGES, similar=True)
        kill_child(server.children()["engine"])
        asker.ask(REQUESTS // STAGES, similar=False)
    answered = {None, Fallback.NO_MODEL, Fallback.UNKNOWN_USER, Fallback.ENGINE_UNAVAILABLE}
    assert answered <= asker.fallbacks.keys()

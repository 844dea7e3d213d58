"""What comes of a canary's answers is looked at, beside the stable version's."""

from types import SimpleNamespace
from typing import Any

import pytest

from recserve.server.answer_log import InMemoryAnswerLog, LoggedAnswer
from recserve.server.event_log import InMemoryEventLog
from recserve.server.events import Event
from recserve.server.experiments.comparer import InMemoryComparer
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.success_watch import SuccessWatch
from recserve.server.schema import schema_from_json
from recserve.server.success_gap import SuccessGap


class Shop:
    """Versions with labels, answers, and what came of them."""

    def __init__(self) -> None:
        self.labels: dict[str, int] = {"stable": 1}
        self.now = 100.0
        self.log, self.answers = InMemoryEventLog(), InMemoryAnswerLog()
        self.gaps: list[tuple[int, SuccessGap]] = []
        schema = schema_from_json('{"event_types": [{"name": "click"}]}')
        self.watch = SuccessWatch(
            InMemoryComparer(self.log, self.answers),
            self,  # type: ignore[arg-type]
            CurrentSchema(schema, fixed=True),
            lambda version, gap: self.gaps.append((version, gap)),
            clock=lambda: self.now,
        )

    def labelled(self, label: str) -> Any:
        number = self.labels.get(label)
        return None if number is None else SimpleNamespace(number=number)

    def answer(self, version: int, users: int, clicks: int) -> None:
        for number in range(users):
            name = f"{version}-{number}-{self.now}"
            answer = LoggedAnswer(name, self.now, name, version, "", "", "", ["a"], [0.5])
            self.answers.append([answer])
            if number < clicks:
                click = Event(name, name, "a", "click", None, self.now, recommendation_id=name)
                self.log.append_groups([[click]])


@pytest.fixture
def shop() -> Shop:
    return Shop()


async def test_the_canary_is_compared_from_when_it_was_first_seen(shop: Shop) -> None:
    shop.answer(1, 50, 50)  # before there was a canary
    shop.labels["canary"] = 2
    shop.now = 200.0
    await shop.watch.look()
    assert shop.gaps == []
    shop.answer(1, 40, 20)
    shop.answer(2, 20, 5)
    await shop.watch.look()
    ((version, gap),) = shop.gaps
    assert (version, gap.rate, gap.stable_rate, gap.users) == (2, 0.25, 0.5, 20)
    assert 0.1 < gap.error < 0.2


async def test_another_canary_begins_anew(shop: Shop) -> None:
    shop.labels["canary"] = 2
    await shop.watch.look()
    shop.labels["canary"] = 3
    shop.now = 300.0
    await shop.watch.look()
    shop.answer(1, 10, 5)
    shop.answer(3, 10, 5)
    await shop.watch.look()
    assert [version for version, _ in shop.gaps] == [3]


async def test_without_a_canary_or_answers_of_both_there_is_nothing_to_say(shop: Shop) -> None:
    for _ in range(2):
        await shop.watch.look()
    shop.labels["canary"] = 2
    for _ in range(2):
        await shop.watch.look()
    shop.answer(1, 10, 5)
    await shop.watch.look()
    assert shop.gaps == []

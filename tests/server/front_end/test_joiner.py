"""A server's profiles follow the joins of other servers."""

import asyncio
from collections.abc import Iterable

from recserve.server.answer_log import InMemoryAnswerLog
from recserve.server.catalogue import InMemoryCatalogue
from recserve.server.event_log import InMemoryEventLog
from recserve.server.front_end.joining import UserJoiner
from recserve.server.joining import InMemoryUserJoins


class Profiles:
    """Notes what is invalidated."""

    def __init__(self) -> None:
        self.invalidated: list[str] = []

    def invalidate(self, user_ids: Iterable[str]) -> None:
        self.invalidated += user_ids


def test_only_the_profiles_of_new_joins_are_read_anew() -> None:
    async def run() -> list[list[str]]:
        joins = InMemoryUserJoins(InMemoryEventLog(), InMemoryCatalogue(), InMemoryAnswerLog())
        joins.join("v0", "eve")
        profiles = Profiles()
        joiner = UserJoiner(joins, profiles)  # type: ignore[arg-type]
        joiner.open()
        seen = []
        for visitors in ([], ["v1", "v2"], []):
            for each in visitors:
                joins.join(each, "ann")  # by another server
            joiner.follow()
            await asyncio.sleep(0)
            seen.append(list(profiles.invalidated))
            profiles.invalidated.clear()
        joiner.close()
        return seen

    assert asyncio.run(run()) == [[], ["v1", "ann", "v2", "ann"], []]

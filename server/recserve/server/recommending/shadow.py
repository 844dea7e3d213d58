"""The shadow version answers too, for comparison only."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from recserve.server import logs, metrics
from recserve.server.errors import Overloaded
from recserve.server.labels import SHADOW
from recserve.server.recommending.answer import Answer
from recserve.server.recommending.query import Query
from recserve.server.recommending.recommender import KnownUser, Recommender
from recserve.server.recommending.versions import ServedVersion, ServedVersions

OnAnswer = Callable[[str, Answer, str], None]
MAX_IN_FLIGHT = 16
"""A shadow that is slower than what it is compared with is asked less, not waited for."""
SECONDS = 1.0
"""Longest that one answer may take."""


class Shadow:
    """Asks the shadow version what another one has just answered, and counts how alike they are.

    Nobody waits for it, and its answers go nowhere. Belongs to one event loop.

    Args:
        recommender: Answers the queries.
        versions: Where the shadow is found.
        share: 0 to 1, the share of answers that are compared.
        monotonic: Gives seconds on the clock of deadlines.
        draw: Gives a random number from 0 to 1.
        on_answer: Is told what the shadow would have answered, and to which answer's id.
    """

    def __init__(
        self,
        recommender: Recommender,
        versions: ServedVersions,
        *,
        share: float,
        monotonic: Callable[[], float],
        draw: Callable[[], float] = random.random,
        on_answer: OnAnswer = lambda *_: None,
    ) -> None:
        self._recommender = recommender
        self._versions = versions
        self._share = share
        self._monotonic = monotonic
        self._draw = draw
        self._on_answer = on_answer
        self._tasks: dict[asyncio.Task[None], str] = {}
        """The user of each answer under way."""

    def compare(self, query: Query, user: KnownUser, answer: Answer, answer_id: str) -> None:
        """Compare an answer with the shadow's, later and by chance.

        Of one that explored, the shadow is asked what it would have answered without: from the two
        can be estimated how the shadow would do.
        """
        shadow = self._versions.labelled(SHADOW)
        if shadow is None or shadow.engine is None or shadow.number == answer.version:
            return
        if answer.fallback is not None or self._draw() >= self._share:
            return
        if len(self._tasks) >= MAX_IN_FLIGHT:
            _count(shadow, "skipped")
            return
        asking = self._ask(query, user, shadow, answer, answer_id)
        task = asyncio.get_running_loop().create_task(asking)
        self._tasks[task] = query.user_id
        task.add_done_callback(self._tasks.pop)

    def forget(self, user_id: str) -> None:
        """Let go of the answers under way for a user, who is to be erased."""
        for task, asked_for in self._tasks.items():
            if asked_for == user_id:
                task.cancel()

    async def close(self) -> None:
        """Let go of the answers under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(
        self,
        query: Query,
        user: KnownUser,
        shadow: ServedVersion,
        answer: Answer,
        answer_id: str,
    ) -> None:
        query = replace(query, deadline=self._monotonic() + SECONDS)
        explored = query.shape is not None and query.shape.exploration > 0
        if query.shape is not None:
            query.shape = replace(query.shape, exploration=0.0)
        try:
            other = await self._recommender.recommend(query, user, shadow, SHADOW)
        except Overloaded:
            _count(shadow, "skipped")
        except Exception:
            logs.get("shadow").exception("the shadow version failed", version=shadow.number)
            _count(shadow, "failed")
        else:
            if other.fallback is not None:
                _count(shadow, "failed")
                return
            _count(shadow, "compared")
            self._on_answer(query.user_id, other, answer_id)
            if explored:  # by chance, they would be unlike even if the versions were alike
                return
            overlap = metrics.SHADOW_OVERLAP.labels(str(shadow.number))
            overlap.observe(overlap_of(answer.item_ids, other.item_ids))


def overlap_of(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of the longer answer that both have in common, 0 to 1; 1 if both are empty."""
    longest = max(len(one), len(other))
    return len(set(one) & set(other)) / longest if longest else 1.0


def _count(shadow: ServedVersion, outcome: str) -> None:
    metrics.SHADOW.labels(str(shadow.number), outcome).inc()

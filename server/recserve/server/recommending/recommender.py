"""Answers queries: the model's ranking, or the popularity answer with its reason."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from recserve.server.engine.contract import (
    EngineDeadlineExceeded,
    EngineFailed,
    EngineOverloaded,
    EngineUnavailable,
    Ranking,
)
from recserve.server.errors import Overloaded
from recserve.server.item_table import ItemTable
from recserve.server.profiles import LogFeed, Popularity, Profile, Profiles
from recserve.server.recommending.answer import Answer, Fallback, Reason, Shortfall, Timing
from recserve.server.recommending.candidates import Candidates, candidates_of, excluded_items
from recserve.server.recommending.query import Query
from recserve.server.recommending.request import knows_user, ranking_request, tells_items_apart
from recserve.server.recommending.versions import ServedVersion

ANSWER_RESERVE_SECONDS = 0.003
"""Kept of the caller's time for sending the answer: a fallback in time beats a late ranking."""
POSITION_WAIT_SECONDS = 0.25
"""Most time to wait for `min_log_position`."""

_NOTHING = Ranking((), (), 0.0, 0.0, 0)
_NO_TIMING = Timing()


@dataclass(frozen=True, slots=True)
class KnownUser:
    """What is known of the user of a query."""

    profile: Profile
    log_position: int
    """The profile reflects everything up to here, and perhaps more."""


class Recommender:
    """Answers queries on one event loop.

    Args:
        profiles: What is known of users.
        popularity: Counts of the event log, for the time before the first version.
        feed: Knows which log position the profiles reflect.
        wall_clock: Gives seconds since the Unix epoch.
        monotonic: Gives seconds on the clock of deadlines, which is that of the event loop.
    """

    def __init__(
        self,
        profiles: Profiles,
        popularity: Popularity,
        feed: LogFeed,
        *,
        wall_clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profiles = profiles
        self._popularity = popularity
        self._feed = feed
        self._wall_clock = wall_clock
        self._monotonic = monotonic
        self.unavailable: frozenset[str] = frozenset()
        """Items that may not be returned to anybody now."""

    async def look_up(self, query: Query) -> KnownUser:
        """Read what is known of the user; this may wait for the log, and for the disk.

        Raises:
            Unavailable: the event log cannot be read.
        """
        await self._wait_for_position(query)
        position = self._feed.position  # taken first: what arrives while we read may be in it
        return KnownUser(await self._profiles.get(query.user_id), position)

    async def recommend(
        self, query: Query, user: KnownUser, version: ServedVersion | None, label: str
    ) -> Answer:
        """Answer a query from a version, or from the log's counts where there is none.

        It is handed to the version's engine before anything is waited for: so a version that is
        still served when this is called has an engine to the end.

        Raises:
            Overloaded: too many requests wait for the engine.
        """
        if version is None:
            return self._by_counts(query, user)
        candidates = None
        if query.candidate_item_ids:
            excluded = excluded_items(query, user.profile, self.unavailable)
            candidates = candidates_of(query, excluded, version.items)
        fallback, ranking = await self._ask(query, user.profile, version, candidates)
        timing = _NO_TIMING
        if ranking is None:
            item_ids, scores = self._by_popularity(query, user.profile, version, candidates)
        else:
            item_ids, scores = _ranked(version.items, ranking, query)
            timing = Timing(
                ranking.queue_seconds, ranking.inference_seconds, ranking.batch_requests
            )
        return Answer(
            item_ids=item_ids,
            scores=scores,
            reason=Reason.POPULAR if ranking is None else Reason.PERSONAL,
            version=version.number,
            label=label,
            fallback=fallback,
            shortfall=_shortfall(query, len(item_ids)),
            missing_item_ids=() if candidates is None else candidates.missing,
            timing=timing,
            log_position=user.log_position,
        )

    async def _wait_for_position(self, query: Query) -> None:
        if self._feed.position >= query.min_log_position:
            return
        limit = min(self._monotonic() + POSITION_WAIT_SECONDS, query.deadline - 0.005)
        try:
            async with asyncio.timeout_at(limit):
                await self._feed.reached(query.min_log_position)
        except TimeoutError:
            return  # the answer says which position it reflects

    def _by_counts(self, query: Query, user: KnownUser) -> Answer:
        excluded = excluded_items(query, user.profile, self.unavailable)
        candidates = candidates_of(query, excluded, None)
        allowed = None if candidates is None else candidates.given
        found = self._popularity.top(query.result_count, excluded=excluded, allowed=allowed)
        return Answer(
            item_ids=[item_id for item_id, _ in found],
            scores=[share for _, share in found],
            reason=Reason.POPULAR,
            fallback=Fallback.NO_MODEL,
            shortfall=_shortfall(query, len(found)),
            log_position=user.log_position,
        )

    def _by_popularity(
        self,
        query: Query,
        profile: Profile,
        version: ServedVersion,
        candidates: Candidates | None,
    ) -> tuple[Sequence[str], Sequence[float]]:
        """The version's popularity answer: score is the share of the most popular item's count."""
        items = version.items
        if candidates is None:
            excluded = excluded_items(query, profile, self.unavailable)
            ids = (items.ids[row] for row in items.by_popularity)
            allowed: Iterator[str] = (i for i in ids if not any(i in each for each in excluded))
        else:
            allowed = iter(sorted(candidates.given, key=lambda i: (-items.popularity_of(i), i)))
        found = list(islice(allowed, query.result_count))
        greatest = items.greatest_popularity or 1.0
        return found, [items.popularity_of(item_id) / greatest for item_id in found]

    async def _ask(
        self,
        query: Query,
        profile: Profile,
        version: ServedVersion,
        candidates: Candidates | None,
    ) -> tuple[Fallback | None, Ranking | None]:
        """Ask the engine; without a ranking there is a reason why."""
        if version.engine is None:
            return Fallback.ENGINE_UNAVAILABLE, None
        if not knows_user(query, profile, version):
            return Fallback.UNKNOWN_USER, None
        if not tells_items_apart(query, version):
            return Fallback.NO_CANDIDATE_FEATURES, None
        if candidates is not None and not candidates.given:
            return None, _NOTHING
        request = ranking_request(
            query,
            profile,
            version,
            candidates,
            now=self._wall_clock(),
            deadline=query.deadline - ANSWER_RESERVE_SECONDS,
        )
        try:
            return None, await version.engine.rank(request)
        except (EngineUnavailable, EngineFailed):
            return Fallback.ENGINE_UNAVAILABLE, None
        except EngineDeadlineExceeded:
            return Fallback.DEADLINE, None
        except EngineOverloaded as error:
            raise Overloaded(
                f"{error}; try again later, or add servers",
                retry_after_seconds=error.retry_seconds,
                reason="ENGINE_QUEUE_FULL",
            ) from error


def _ranked(
    items: ItemTable, ranking: Ranking, query: Query
) -> tuple[Sequence[str], Sequence[float]]:
    rows, scores, ids = ranking.rows, ranking.scores, items.ids
    if query.candidate_item_ids:  # these come in the caller's order
        order = sorted(range(len(rows)), key=scores.__getitem__, reverse=True)
        order = order[: query.result_count]
        return [ids[rows[i]] for i in order], [scores[i] for i in order]
    return [ids[row] for row in rows], scores


def _shortfall(query: Query, found: int) -> Shortfall | None:
    if found >= query.result_count:
        return None
    return Shortfall.CANDIDATES if query.candidate_item_ids else Shortfall.CATALOGUE

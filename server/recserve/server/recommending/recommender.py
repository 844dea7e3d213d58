"""Answers queries: the model's ranking, or the popularity answer with its reason."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from recserve.server.engine.contract import (
    NO_FLOAT32,
    NO_INT32,
    Engine,
    EngineDeadlineExceeded,
    EngineFailed,
    EngineOverloaded,
    EngineUnavailable,
    Float32Array,
    Int32Array,
    Ranking,
    RankingRequest,
)
from recserve.server.errors import Overloaded
from recserve.server.item_table import ItemTable
from recserve.server.profiles import LogFeed, Popularity, Profile, Profiles
from recserve.server.recommending.answer import (
    Answer,
    Fallback,
    Reason,
    Result,
    Shortfall,
    Timing,
)
from recserve.server.recommending.query import Query
from recserve.server.recommending.request import knows_user, ranking_request, tells_items_apart
from recserve.server.recommending.versions import ServedVersion

ANSWER_RESERVE_SECONDS = 0.003
"""Kept of the caller's time for sending the answer: a fallback in time beats a late ranking."""
POSITION_WAIT_SECONDS = 0.25
"""Most time to wait for `min_log_position`."""
RETRY_SECONDS = 0.1
"""When a refused caller should come back."""


_NOTHING = Ranking(NO_INT32, NO_FLOAT32, 0.0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class KnownUser:
    """What is known of the user of a query."""

    profile: Profile
    log_position: int
    """The profile reflects everything up to here, and perhaps more."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Which items may be returned to one query."""

    excluded_for_user: tuple[Collection[str], ...]
    """Must not be returned to this user: items of any of these."""
    unavailable: Collection[str]
    """Must not be returned to anybody; engines know these by themselves."""
    given: tuple[str, ...] | None
    """The query's candidates that may be returned; None: it gave none, so any item may be."""
    places: tuple[int, ...] = ()
    """Places of `given` among the query's candidates."""
    missing: tuple[str, ...] = ()
    """Candidates that the version does not know."""

    @property
    def excluded(self) -> tuple[Collection[str], ...]:
        """Must not be returned: items of any of these."""
        return (*self.excluded_for_user, self.unavailable)


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
        candidates = self._candidates(query, user.profile, version)
        if version is None:
            return self._by_counts(query, user, candidates)
        fallback, ranking = await self._ask(query, user.profile, version, candidates)
        if ranking is None:
            results, reason, timing = (
                _by_popularity(version.items, candidates, query.result_count),
                Reason.POPULAR,
                Timing(),
            )
        else:
            results = _ranked(version.items, ranking, query)
            reason = Reason.PERSONAL
            timing = Timing(
                ranking.queue_seconds, ranking.inference_seconds, ranking.batch_requests
            )
        return Answer(
            results=results,
            reason=reason,
            version=version.number,
            label=label,
            fallback=fallback,
            shortfall=_shortfall(query, len(results)),
            missing_item_ids=candidates.missing,
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

    def _candidates(
        self, query: Query, profile: Profile, version: ServedVersion | None
    ) -> Candidates:
        excluded: list[Collection[str]] = [query.excluded_item_ids]
        if not query.include_seen:
            excluded += [profile.seen, frozenset(query.recent_item_ids)]
        if not query.candidate_item_ids:
            return Candidates(tuple(excluded), self.unavailable, None)
        known = None if version is None else version.items.rows
        given, places, missing = [], [], []
        for place, item_id in enumerate(query.candidate_item_ids):
            if known is not None and item_id not in known:
                missing.append(item_id)
            elif not any(item_id in items for items in (*excluded, self.unavailable)):
                given.append(item_id)
                places.append(place)
        return Candidates(
            tuple(excluded), self.unavailable, tuple(given), tuple(places), tuple(missing)
        )

    def _by_counts(self, query: Query, user: KnownUser, candidates: Candidates) -> Answer:
        found = self._popularity.top(
            query.result_count, excluded=candidates.excluded, allowed=candidates.given
        )
        return Answer(
            results=tuple(Result(item_id, share) for item_id, share in found),
            reason=Reason.POPULAR,
            fallback=Fallback.NO_MODEL,
            shortfall=_shortfall(query, len(found)),
            log_position=user.log_position,
        )

    async def _ask(
        self, query: Query, profile: Profile, version: ServedVersion, candidates: Candidates
    ) -> tuple[Fallback | None, Ranking | None]:
        """Ask the engine; without a ranking there is a reason why."""
        if version.engine is None:
            return Fallback.ENGINE_UNAVAILABLE, None
        if not knows_user(query, profile, version):
            return Fallback.UNKNOWN_USER, None
        if not tells_items_apart(query, version):
            return Fallback.NO_CANDIDATE_FEATURES, None
        if candidates.given == ():
            return None, _NOTHING
        request = ranking_request(
            query,
            profile,
            version,
            excluded=_rows(version.items, chain.from_iterable(candidates.excluded_for_user)),
            candidates=None if candidates.given is None else _rows(version.items, candidates.given),
            candidate_features=_features(query, candidates),
            now=self._wall_clock(),
        )
        try:
            return None, await _rank_in_time(version.engine, request)
        except (EngineUnavailable, EngineFailed):
            return Fallback.ENGINE_UNAVAILABLE, None
        except (EngineDeadlineExceeded, TimeoutError):
            return Fallback.DEADLINE, None
        except EngineOverloaded as error:
            raise Overloaded(
                f"{error}; try again later, or add servers",
                retry_after_seconds=RETRY_SECONDS,
                reason="ENGINE_QUEUE_FULL",
            ) from error


async def _rank_in_time(engine: Engine, request: RankingRequest) -> Ranking:
    if request.deadline == float("inf"):
        return await engine.rank(request)
    async with asyncio.timeout_at(request.deadline - ANSWER_RESERVE_SECONDS):
        return await engine.rank(request)


def _rows(items: ItemTable, item_ids: Iterable[str]) -> Int32Array:
    rows = items.rows
    return np.array([rows[item_id] for item_id in item_ids if item_id in rows], np.int32)


def _features(query: Query, candidates: Candidates) -> Float32Array:
    if query.candidate_features is None:
        return NO_FLOAT32
    kept: Float32Array = query.candidate_features[list(candidates.places)].ravel()
    return kept


def _ranked(items: ItemTable, ranking: Ranking, query: Query) -> tuple[Result, ...]:
    rows, scores = ranking.rows.tolist(), ranking.scores.tolist()
    if query.candidate_item_ids:  # these come in the caller's order
        order = sorted(range(len(rows)), key=lambda i: -scores[i])[: query.result_count]
        rows, scores = [rows[i] for i in order], [scores[i] for i in order]
    ids = items.ids
    return tuple(Result(ids[row], score) for row, score in zip(rows, scores, strict=True))


def _by_popularity(items: ItemTable, candidates: Candidates, count: int) -> tuple[Result, ...]:
    """The version's popularity answer: score is the share of the most popular item's count."""
    if candidates.given is None:
        ids: Iterator[str] = (items.ids[row] for row in items.by_popularity)
    else:
        ids = iter(sorted(candidates.given, key=lambda i: (-items.popularity_of(i), i)))
    found = (i for i in ids if not any(i in excluded for excluded in candidates.excluded))
    greatest = items.greatest_popularity or 1.0
    return tuple(Result(i, items.popularity_of(i) / greatest) for i in islice(found, count))


def _shortfall(query: Query, found: int) -> Shortfall | None:
    if found >= query.result_count:
        return None
    return Shortfall.CANDIDATES if query.candidate_item_ids else Shortfall.CATALOGUE

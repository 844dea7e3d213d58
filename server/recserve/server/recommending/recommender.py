"""Answers queries: the model's ranking, or the popularity answer with its reason."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from recserve.server.engine.contract import (
    EngineDeadlineExceeded,
    EngineFailed,
    EngineOverloaded,
    EngineUnavailable,
    Ranking,
)
from recserve.server.errors import Overloaded
from recserve.server.filtering import FilterMasks, ItemMask
from recserve.server.item_table import ItemTable
from recserve.server.profiles import LogFeed, Popularity, Profile, Profiles
from recserve.server.recommending.answer import Answer, Fallback, Reason, Shortfall, Timing
from recserve.server.recommending.candidates import Candidates, candidates_of, excluded_items
from recserve.server.recommending.fallbacks import PopularItems
from recserve.server.recommending.query import Query
from recserve.server.recommending.readings import Readings
from recserve.server.recommending.request import knows_user, ranking_request, tells_items_apart
from recserve.server.recommending.versions import ServedVersion

ANSWER_RESERVE_SECONDS = 0.003
"""Kept of the caller's time for sending the answer: a fallback in time beats a late ranking."""
POSITION_WAIT_SECONDS = 0.25
"""Most time to wait for `min_log_position`."""

_NOTHING = Ranking((), (), 0.0, 0.0, 0)


@dataclass(slots=True)  # one is made for every call: frozen ones are slower to make
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
        masks: Makes the masks of filters.
        wall_clock: Gives seconds since the Unix epoch.
        monotonic: Gives seconds on the clock of deadlines, which is that of the event loop.
        random: Draws what popularity answers explore; default: seeded by the operating system.
    """

    def __init__(
        self,
        profiles: Profiles,
        popularity: Popularity,
        feed: LogFeed,
        masks: FilterMasks,
        *,
        wall_clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        random: np.random.Generator | None = None,
    ) -> None:
        self._profiles = profiles
        self._popular = PopularItems(popularity, random or np.random.default_rng())
        self._feed = feed
        self._masks = masks
        self._wall_clock = wall_clock
        self._monotonic = monotonic
        self.readings = Readings()
        """What was seen of the engines' answers since it was last taken."""

    @property
    def unavailable(self) -> Collection[str]:
        """Items that may not be returned to anybody now; whoever gave them may change them."""
        return self._popular.unavailable

    @unavailable.setter
    def unavailable(self, item_ids: Collection[str]) -> None:
        self._popular.unavailable = item_ids

    def known(self, query: Query) -> KnownUser | None:
        """What is known of the user, if nothing has to be waited for; else None."""
        position = self._feed.position
        if position < query.min_log_position:
            return None
        profile = self._profiles.kept(query.user_id)
        return None if profile is None else KnownUser(profile, position)

    async def look_up(self, query: Query) -> KnownUser:
        """Read what is known of the user; this may wait for the log, and for the disk.

        Raises:
            Unavailable: the event log cannot be read.
        """
        if self._feed.position < query.min_log_position:
            await self._wait_for_position(query)
        position = self._feed.position  # taken first: what arrives while we read may be in it
        return KnownUser(await self._profiles.get(query.user_id), position)

    async def prepare(self, query: Query, version: ServedVersion | None) -> None:
        """Make what a filter needs; this may wait until the features of items are read.

        Raises:
            Unavailable: the catalogue cannot be read.
        """
        await self._mask(query, version)

    async def recommend(
        self, query: Query, user: KnownUser, version: ServedVersion | None, label: str
    ) -> Answer:
        """Answer a query from a version, or from the log's counts where there is none.

        It is handed to the version's engine before anything is waited for: so a version that is
        still served when this is called has an engine to the end. A query with a filter is
        prepared before.

        Raises:
            Overloaded: too many requests wait for the engine.
        """
        mask = None if query.filter is None else await self._mask(query, version)
        if version is None:
            return self._without_version(query, user, mask)
        candidates = None
        if query.candidate_item_ids:
            excluded = excluded_items(query, user.profile, self.unavailable, mask)
            candidates = candidates_of(query, excluded, version.items)
        fallback, ranking = await self._ask(query, user.profile, version, candidates, mask)
        missing = () if candidates is None else candidates.missing
        if ranking is None:
            popular = self._popular.of_version(query, user.profile, version, candidates, mask)
            return Answer(
                item_ids=popular.item_ids,
                scores=popular.scores,
                reason=Reason.POPULAR,
                version=version.number,
                label=label,
                fallback=fallback,
                shortfall=_shortfall(query, len(popular.item_ids)),
                missing_item_ids=missing,
                log_position=user.log_position,
                propensities=popular.propensities,
            )
        item_ids, scores = _ranked(version.items, ranking, query)
        return Answer(
            item_ids=item_ids,
            scores=scores,
            reason=Reason.PERSONAL,
            version=version.number,
            label=label,
            shortfall=_shortfall(query, len(item_ids)),
            missing_item_ids=missing,
            timing=Timing(ranking.queue_seconds, ranking.inference_seconds, ranking.batch_requests),
            log_position=user.log_position,
            propensities=ranking.propensities,
            because_of_item_ids=[
                version.items.ids[row] if row >= 0 else "" for row in ranking.because_rows
            ],
        )

    def _without_version(self, query: Query, user: KnownUser, mask: ItemMask | None) -> Answer:
        popular = self._popular.of_log(query, user.profile, mask)
        return Answer(
            item_ids=popular.item_ids,
            scores=popular.scores,
            reason=Reason.POPULAR,
            fallback=Fallback.NO_MODEL,
            shortfall=_shortfall(query, len(popular.item_ids)),
            log_position=user.log_position,
            propensities=popular.propensities,
        )

    async def _wait_for_position(self, query: Query) -> None:
        limit = min(self._monotonic() + POSITION_WAIT_SECONDS, query.deadline - 0.005)
        try:
            async with asyncio.timeout_at(limit):
                await self._feed.reached(query.min_log_position)
        except TimeoutError:
            return  # the answer says which position it reflects

    async def _mask(self, query: Query, version: ServedVersion | None) -> ItemMask | None:
        if query.filter is None:
            return None
        if version is None:
            return await self._masks.mask(query.filter, query.filter.features, None, 0)
        features = version.schema.item  # a shadow may declare others than the query was read for
        return await self._masks.mask(query.filter, features, version.items, version.number)

    async def _ask(
        self,
        query: Query,
        profile: Profile,
        version: ServedVersion,
        candidates: Candidates | None,
        mask: ItemMask | None,
    ) -> tuple[Fallback | None, Ranking | None]:
        """Ask the engine; without a ranking there is a reason why."""
        if version.engine is None:
            self.readings.failed(version.number)
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
            mask,
            now=self._wall_clock(),
            deadline=query.deadline - ANSWER_RESERVE_SECONDS,
        )
        start = self._monotonic()
        try:
            ranking = await version.engine.rank(request)
        except (EngineUnavailable, EngineFailed):
            self.readings.failed(version.number)
            return Fallback.ENGINE_UNAVAILABLE, None
        except EngineDeadlineExceeded:
            self.readings.answered(version.number, self._monotonic() - start)
            return Fallback.DEADLINE, None
        except EngineOverloaded as error:
            raise overloaded(error) from error
        self.readings.answered(version.number, ranking.queue_seconds + ranking.inference_seconds)
        return None, ranking


def overloaded(error: EngineOverloaded) -> Overloaded:
    """The same for the caller."""
    return Overloaded(
        f"{error}; try again later, or add servers",
        retry_after_seconds=error.retry_seconds,
        reason="ENGINE_QUEUE_FULL",
    )


def _ranked(
    items: ItemTable, ranking: Ranking, query: Query
) -> tuple[Sequence[str], Sequence[float]]:
    rows, scores, ids = ranking.rows, ranking.scores, items.ids
    if query.candidate_item_ids and ranking.propensities is None:  # in the caller's order
        order = sorted(range(len(rows)), key=scores.__getitem__, reverse=True)
        order = order[: query.result_count]
        return [ids[rows[i]] for i in order], [scores[i] for i in order]
    return [ids[row] for row in rows], scores


def _shortfall(query: Query, found: int) -> Shortfall | None:
    if found >= query.result_count:
        return None
    return Shortfall.CANDIDATES if query.candidate_item_ids else Shortfall.CATALOGUE

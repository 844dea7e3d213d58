"""Answers which items are like an item."""

from dataclasses import dataclass

from recserve.server.engine.contract import (
    EngineDeadlineExceeded,
    EngineFailed,
    EngineOverloaded,
    EngineUnavailable,
    RankingRequest,
    Shaping,
)
from recserve.server.errors import DeadlineExpired, NotFound, Unavailable
from recserve.server.filtering import FilterMasks, ItemFilter
from recserve.server.profiles import Profiles
from recserve.server.recommending.answer import Answer, Reason, Shortfall, Timing
from recserve.server.recommending.recommender import ANSWER_RESERVE_SECONDS, overloaded
from recserve.server.recommending.user_view import rows_of
from recserve.server.recommending.versions import ServedVersion


@dataclass(frozen=True, slots=True)
class SimilarQuery:
    """What `SimilarItems` asks, with defaults filled in and every field checked."""

    item_id: str
    result_count: int = 10
    """Results wanted, 1 to 1000."""
    excluded_item_ids: frozenset[str] = frozenset()
    """Never return these."""
    user_id: str = ""
    """Whose seen items are left out; empty: nobody's."""
    filter: ItemFilter | None = None
    """Return only items that it lets through; None: all."""
    deadline: float = float("inf")
    """When the answer is worthless, on the clock of `time.monotonic`, in seconds."""


class SimilarItems:
    """Ranks by likeness to an item, in the engine, where the vectors are.

    Args:
        profiles: What is known of users.
        masks: Makes the masks of filters.
    """

    def __init__(self, profiles: Profiles, masks: FilterMasks) -> None:
        self._profiles = profiles
        self._masks = masks

    async def prepare(self, query: SimilarQuery, version: ServedVersion | None) -> frozenset[str]:
        """Read what the user has seen, and make what a filter needs; this may wait.

        Raises:
            Unavailable: the event log or the catalogue cannot be read.
        """
        seen = frozenset[str]()
        if query.user_id:
            seen = (await self._profiles.get(query.user_id)).seen
        if version is not None:
            await self._shaping(query, version)
        return seen

    async def find(
        self, query: SimilarQuery, seen: frozenset[str], version: ServedVersion | None, label: str
    ) -> Answer:
        """The items most like one.

        Args:
            query: What is asked.
            seen: What the user has seen.
            version: Whose vectors tell what is alike.
            label: The label that led to it.

        Raises:
            NotFound: the version does not know the item.
            Unavailable: there is no version, or its engine is not there.
            Overloaded: too many requests wait for the engine.
            DeadlineExpired: too little time was left.
        """
        if version is None:
            raise Unavailable(
                "no version has been trained yet, and nothing else tells which items are alike",
                reason="NO_MODEL",
            )
        row = version.items.rows.get(query.item_id)
        if row is None:
            raise NotFound(
                f"version {version.number} does not know this item; train a version with it",
                reason="ITEM_NOT_FOUND",
                metadata={"item_id": query.item_id, "version": str(version.number)},
            )
        if version.engine is None:
            raise _no_engine(version)
        excluded = rows_of(version.items, {*query.excluded_item_ids, *seen})
        request = RankingRequest(
            user=version.user_layout.empty,
            result_count=query.result_count,
            deadline=query.deadline - ANSWER_RESERVE_SECONDS,
            excluded_rows=excluded,
            shaping=await self._shaping(query, version, row),
        )
        try:
            ranking = await version.engine.rank(request)
        except (EngineUnavailable, EngineFailed) as error:
            raise _no_engine(version) from error
        except EngineDeadlineExceeded as error:
            raise DeadlineExpired("there was too little time left to look for items") from error
        except EngineOverloaded as error:
            raise overloaded(error) from error
        found = [version.items.ids[row] for row in ranking.rows]
        return Answer(
            item_ids=found,
            scores=ranking.scores,
            reason=Reason.SIMILAR,
            version=version.number,
            label=label,
            shortfall=Shortfall.CATALOGUE if len(found) < query.result_count else None,
            timing=Timing(ranking.queue_seconds, ranking.inference_seconds, ranking.batch_requests),
        )

    async def _shaping(
        self, query: SimilarQuery, version: ServedVersion, row: int | None = None
    ) -> Shaping:
        if query.filter is None:
            return Shaping(similar_to=row)
        features = version.schema.item
        mask = await self._masks.mask(query.filter, features, version.items, version.number)
        return Shaping(mask.of_rows, similar_to=row)


def _no_engine(version: ServedVersion) -> Unavailable:
    return Unavailable(
        f"the engine of version {version.number} is starting or gone; try again",
        reason="ENGINE_UNAVAILABLE",
    )

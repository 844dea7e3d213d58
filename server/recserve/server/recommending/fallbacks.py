"""What is popular: the answer where the model has none."""

from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from recserve.server.filtering import ItemMask
from recserve.server.profiles import Popularity, Profile
from recserve.server.recommending.candidates import Candidates, candidates_of, excluded_items
from recserve.server.recommending.query import Query
from recserve.server.recommending.versions import ServedVersion
from recserve.server.shaping import rerank


@dataclass(frozen=True, slots=True)
class Popular:
    """A popularity answer."""

    item_ids: Sequence[str]
    """Best first, or as they were drawn."""
    scores: Sequence[float]
    """The share of the most popular item's count, 0 to 1."""
    propensities: Sequence[float] | None = None
    """None: 1 each."""


class PopularItems:
    """Ranks by popularity. It explores as queries ask for, and knows nothing of variety.

    Args:
        popularity: Counts of the event log, for the time before the first version.
        random: Draws what is explored.
    """

    def __init__(self, popularity: Popularity, random: np.random.Generator) -> None:
        self._popularity = popularity
        self._random = random
        self.unavailable: Collection[str] = frozenset()
        """Items that may not be returned to anybody now."""

    def of_log(self, query: Query, profile: Profile, mask: ItemMask | None) -> Popular:
        """By the counts of the event log."""
        excluded = excluded_items(query, profile, self.unavailable, mask)
        candidates = candidates_of(query, excluded, None)
        allowed: Iterable[str] | None = None
        if candidates is not None:
            allowed = candidates.given
        elif mask is not None:
            allowed = mask.listed()
        found = self._popularity.top(query.shortlist_count, excluded=excluded, allowed=allowed)
        return self._explored(query, [each[0] for each in found], [each[1] for each in found])

    def of_version(
        self,
        query: Query,
        profile: Profile,
        version: ServedVersion,
        candidates: Candidates | None,
        mask: ItemMask | None,
    ) -> Popular:
        """By the counts of a version's training; items that it does not know, by those of the log.

        A filter's mask knows nothing of these items, so that they are left out where there is one.
        """
        items = version.items
        excluded = excluded_items(query, profile, self.unavailable)
        if candidates is None:
            rows = items.by_popularity if mask is None else items.ranked(mask.of_rows.allowed)
            ids = (items.ids[row] for row in rows)
            allowed: Iterator[str] = (i for i in ids if not any(i in each for each in excluded))
        else:
            allowed = iter(sorted(candidates.given, key=lambda i: (-items.popularity_of(i), i)))
        found = [(i, items.popularity_of(i)) for i in islice(allowed, query.shortlist_count)]
        if candidates is None and mask is None:
            found = self._with_newcomers(found, query.shortlist_count, (items.rows, *excluded))
        greatest = max([items.greatest_popularity, *(weight for _, weight in found[:1])]) or 1.0
        return self._explored(
            query, [item_id for item_id, _ in found], [weight / greatest for _, weight in found]
        )

    def _with_newcomers(
        self, found: list[tuple[str, float]], count: int, excluded: tuple[Container[str], ...]
    ) -> list[tuple[str, float]]:
        """Put in their places the items that came after a version was trained.

        Args:
            found: The version's items and their counts, best first.
            count: Most items wanted.
            excluded: What must not be returned, and what the version knows.
        """
        least = found[-1][1] if len(found) == count else 0.0
        new = islice(self._popularity.wanted(least, excluded=excluded), count)
        # On a tie the version's items come first.
        return sorted([*found, *new], key=lambda each: -each[1])[:count]

    def _explored(self, query: Query, item_ids: list[str], scores: list[float]) -> Popular:
        if query.shape is None or not query.shape.exploration:
            return Popular(item_ids[: query.result_count], scores[: query.result_count])
        places, propensities = rerank(
            np.array(scores, np.float32),
            None,
            count=query.result_count,
            diversity=0.0,
            exploration=query.shape.exploration,
            random=self._random,
        )
        drawn = [item_ids[place] for place in places], [scores[place] for place in places]
        return Popular(*drawn, propensities)

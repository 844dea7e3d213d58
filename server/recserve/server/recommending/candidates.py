"""Which items may be returned to one query."""

from collections.abc import Collection, Container
from dataclasses import dataclass

from recserve.server.filtering import ItemMask
from recserve.server.item_table import ItemTable
from recserve.server.profiles import Profile
from recserve.server.recommending.query import Query


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates that a query gives, sorted out."""

    given: tuple[str, ...]
    """Those that may be returned."""
    places: tuple[int, ...]
    """Their places among the query's candidates."""
    missing: tuple[str, ...]
    """Those that the version does not know."""


def excluded_items(
    query: Query, profile: Profile, unavailable: Collection[str], mask: ItemMask | None = None
) -> tuple[Container[str], ...]:
    """What must not be returned: the items of any of these.

    Args:
        query: What is asked.
        profile: Who asks.
        unavailable: What may not be returned to anybody now.
        mask: That of the query's filter, if it has one.
    """
    excluded: list[Container[str]] = [query.excluded_item_ids, unavailable]
    if not query.include_seen:
        excluded += [profile.seen, frozenset(query.recent_item_ids)]
    if mask is not None:
        excluded.append(mask.refused)
    return tuple(excluded)


def candidates_of(
    query: Query, excluded: tuple[Container[str], ...], items: ItemTable | None
) -> Candidates | None:
    """The candidates of a query; None if it gives none, so that any item may be returned.

    Args:
        query: What is asked.
        excluded: What must not be returned.
        items: Those that the version knows; None without a version: then all are known.
    """
    if not query.candidate_item_ids:
        return None
    excluded = tuple(each for each in excluded if each)
    given, places, missing = [], [], []
    for place, item_id in enumerate(query.candidate_item_ids):
        if items is not None and item_id not in items.rows:
            missing.append(item_id)
        elif not excluded or not any(item_id in each for each in excluded):
            given.append(item_id)
            places.append(place)
    return Candidates(tuple(given), tuple(places), tuple(missing))

"""From a query, a profile and a version to what the engine is asked."""

from collections.abc import Iterable

import numpy as np

from recserve.server.engine.arrays import Int32Array
from recserve.server.engine.contract import NO_FLOAT32, NO_INT32, RankingRequest
from recserve.server.profiles import Profile
from recserve.server.recommending.candidates import Candidates
from recserve.server.recommending.query import Query
from recserve.server.recommending.user_view import (
    numbers,
    rows_of,
    strings,
    user_view,
    with_session,
)
from recserve.server.recommending.versions import ServedVersion

_NO_STRINGS: tuple[str, ...] = ()


def knows_user(query: Query, profile: Profile, version: ServedVersion) -> bool:
    """Whether the model has anything to tell this user from any other by."""
    if not version.uses_history or query.candidate_features is not None:
        return True
    if user_view(profile, version).is_known:
        return True
    return any(item_id in version.items.rows for item_id in query.recent_item_ids)


def tells_items_apart(query: Query, version: ServedVersion) -> bool:
    """Whether the model can score one item differently from another for this query."""
    schema = version.schema
    if version.uses_history or not schema.candidate.features:
        return True
    return query.candidate_features is not None or bool(schema.item.features)


def ranking_request(
    query: Query,
    profile: Profile,
    version: ServedVersion,
    candidates: Candidates | None,
    *,
    now: float,
    deadline: float,
) -> RankingRequest:
    """Put the request together.

    Args:
        query: What is asked.
        profile: Who asks.
        version: Who is asked.
        candidates: Those that may be returned; None for the whole catalogue.
        now: The time, in seconds since the Unix epoch.
        deadline: When the engine's answer is worthless, on the clock of `time.monotonic`.
    """
    view = user_view(profile, version)
    session = query.recent_item_ids
    context_numeric, context_strings = NO_FLOAT32, _NO_STRINGS
    if version.reads_context:
        declared, length = version.schema.context, version.widths.multi_valued_length
        context_numeric = numbers(declared, query.context)
        context_strings = tuple(strings(declared, query.context, length))
    candidate_rows, features = None, NO_FLOAT32
    if candidates is not None:
        candidate_rows = rows_of(version.items, candidates.given)
        given = query.candidate_features
        # A shadow, say, may take other columns than those that the query was checked for.
        if given is not None and given.shape[1] == version.widths.candidate:
            features = given[list(candidates.places)].ravel()
    return RankingRequest(
        user=with_session(profile, version, session, now) if session else view.inputs,
        result_count=query.result_count,
        deadline=deadline,
        now=now,
        context_numeric=context_numeric,
        context_strings=context_strings,
        excluded_rows=_excluded(query, view.seen_rows, version) if candidates is None else NO_INT32,
        candidate_rows=candidate_rows,
        candidate_features=features,
    )


def _excluded(query: Query, seen: Int32Array, version: ServedVersion) -> Int32Array:
    if query.include_seen:
        return rows_of(version.items, query.excluded_item_ids)
    others: Iterable[str] = (*query.excluded_item_ids, *query.recent_item_ids)
    return np.concatenate([seen, rows_of(version.items, others)]) if others else seen

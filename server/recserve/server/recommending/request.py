"""From a query, a profile and a version to what the engine is asked."""

from collections.abc import Iterable

import numpy as np

from recserve.server.engine.arrays import Float32Array, Int32Array
from recserve.server.engine.contract import NO_FLOAT32, NO_INT32, RankingRequest, Reranking, Shaping
from recserve.server.filtering import ItemMask
from recserve.server.profiles import Profile
from recserve.server.recommending.candidates import Candidates
from recserve.server.recommending.query import Matrix, Query
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
    mask: ItemMask | None,
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
        mask: That of the query's filter, which candidates have passed already.
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
        if given is not None and _fits(given, version):
            features = _features_of(given, candidates)
    return RankingRequest(
        user=with_session(profile, version, session, now) if session else view.inputs,
        result_count=query.shortlist_count,
        deadline=deadline,
        now=now,
        context_numeric=context_numeric,
        context_strings=context_strings,
        excluded_rows=_excluded(query, view.seen_rows, version) if candidates is None else NO_INT32,
        candidate_rows=candidate_rows,
        candidate_features=features,
        shaping=_shaping(query, profile, version, None if candidates is not None else mask),
    )


def _shaping(
    query: Query, profile: Profile, version: ServedVersion, mask: ItemMask | None
) -> Shaping | None:
    shape = query.shape
    if shape is None:
        return None if mask is None else Shaping(mask.of_rows)
    past = _liked_rows(query, profile, version) if shape.explain else NO_INT32
    reranking = Reranking(
        query.result_count, shape.diversity, shape.exploration, past, shape.by_clusters
    )
    return Shaping(None if mask is None else mask.of_rows, reranking=reranking)


def _liked_rows(query: Query, profile: Profile, version: ServedVersion) -> Int32Array:
    """The items that the user wanted and the model was told of, the newest first."""
    if not version.uses_history:
        return NO_INT32
    is_positive = version.schema.is_positive
    liked = [e.item_id for e in profile.history if is_positive(e.event_type, e.value)]
    return rows_of(version.items, reversed([*liked, *query.recent_item_ids]))


def _fits(given: Matrix, version: ServedVersion) -> bool:
    """Whether candidate features are of this version: a shadow, say, may take others."""
    return bool(given.shape[1] == version.widths.candidate)


def _features_of(given: Matrix, candidates: Candidates) -> Float32Array:
    """The features of the candidates that are left, flat."""
    kept = given if len(candidates.places) == len(given) else given[list(candidates.places)]
    flat: Float32Array = kept.ravel()
    return flat


def _excluded(query: Query, seen: Int32Array, version: ServedVersion) -> Int32Array:
    if query.include_seen:
        return rows_of(version.items, query.excluded_item_ids)
    others: Iterable[str] = (*query.excluded_item_ids, *query.recent_item_ids)
    return np.concatenate([seen, rows_of(version.items, others)]) if others else seen

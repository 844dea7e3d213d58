"""From a query, a profile and a version to what the engine is asked."""

from collections.abc import Iterator, Sequence

import numpy as np

from recserve.server.engine.contract import Float32Array, Int32Array, RankingRequest
from recserve.server.profiles import Profile
from recserve.server.recommending.query import Query
from recserve.server.recommending.versions import ServedVersion
from recserve.server.schema import FeatureList
from recserve.server.schema.values import Features

_GREATEST = float(np.finfo(np.float32).max)
_SESSION_EVENT_TYPE = 0  # a session's items are events of the first declared type, just now


def knows_user(query: Query, profile: Profile, version: ServedVersion) -> bool:
    """Whether the model has anything to tell this user from any other by."""
    if not version.uses_history or query.candidate_features is not None:
        return True
    if any(name in profile.features for name in _names(version.schema.user)):
        return True
    return any(True for _ in _history(query, profile, version, now=0.0))


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
    *,
    excluded: Int32Array,
    candidates: Int32Array | None,
    candidate_features: Float32Array,
    now: float,
) -> RankingRequest:
    """Put the request together.

    Args:
        query: What is asked.
        profile: Who asks.
        version: Who is asked.
        excluded: Rows that must not be returned.
        candidates: Rows to score, or None for the whole catalogue.
        candidate_features: Features of the candidates, flat.
        now: The time, in seconds since the Unix epoch.
    """
    history = list(_history(query, profile, version, now))
    history = history[max(0, len(history) - version.widths.history) :]
    rows, types, values, ages = zip(*history, strict=True) if history else ((), (), (), ())
    return RankingRequest(
        result_count=query.result_count,
        deadline=query.deadline,
        history_rows=np.array(rows, np.int32),
        history_types=np.array(types, np.int32),
        history_values=_float32(values),
        history_ages=_float32(ages),
        user_numeric=_numbers(version.schema.user, profile.features),
        context_numeric=_numbers(version.schema.context, query.context),
        strings=(
            *_strings(version.schema.user, profile.features, version.widths.multi_valued_length),
            *_strings(version.schema.context, query.context, version.widths.multi_valued_length),
        ),
        excluded_rows=excluded,
        candidate_rows=candidates,
        candidate_features=candidate_features,
    )


def _history(
    query: Query, profile: Profile, version: ServedVersion, now: float
) -> Iterator[tuple[int, int, float, float]]:
    """Row, event type, value and age of what the version knows, oldest first."""
    rows = version.items.rows
    for event in profile.history:
        row = rows.get(event.item_id)
        event_type = _event_type(version, event.event_type)
        if row is not None and event_type is not None:
            value = np.nan if event.value is None else event.value
            age = max(0.0, now - event.time) if version.has_clock else np.nan
            yield row, event_type, value, age
    for item_id in query.recent_item_ids:
        if (row := rows.get(item_id)) is not None:
            yield row, _SESSION_EVENT_TYPE, np.nan, 0.0 if version.has_clock else np.nan


def _event_type(version: ServedVersion, name: str) -> int | None:
    return version.schema.event_type_index(name) if version.schema.event_types else 0


def _names(features: FeatureList) -> Sequence[str]:
    return [*features.numeric, *features.categorical, *features.multi_valued]


def _numbers(declared: FeatureList, features: Features) -> Float32Array:
    values = [features.get(name) for name in declared.numeric]
    return _float32([v if isinstance(v, float) else np.nan for v in values])


def _float32(values: Sequence[float]) -> Float32Array:
    """Numbers beyond float32 become its greatest: as infinity they would make scores NaN."""
    return np.clip(np.array(values, np.float64), -_GREATEST, _GREATEST).astype(np.float32)


def _strings(declared: FeatureList, features: Features, length: int) -> Iterator[str]:
    for name in declared.categorical:
        value = features.get(name)
        yield value if isinstance(value, str) else ""
    for name in declared.multi_valued:
        values = features.get(name)
        kept = values[:length] if isinstance(values, tuple) else ()
        yield from kept
        yield from [""] * (length - len(kept))

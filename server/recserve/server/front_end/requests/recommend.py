"""From a RecommendRequest to a checked query."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from recserve.server.filtering import FilterError, ItemFilter, parse_filter
from recserve.server.front_end.requests.checks import Checks
from recserve.server.front_end.requests.features import read_features
from recserve.server.labels import LABELS
from recserve.server.recommending.query import Matrix, Query, Shape
from recserve.server.schema import DeclaredSchema, FeatureList
from recserve.v1 import recommender_pb2

DEFAULT_RESULTS = 10
MAX_RESULTS = 1000
MAX_CANDIDATES = 10_000
MAX_EXCLUDED = 10_000
MAX_RECENT = 1000
MAX_FILTER_BYTES = 2048
MAX_SCENARIO_BYTES = 64
_BY_SCHEMA = ("context", "candidate_features", "filter")
"""Fields that only the schema says how to read."""
_SHAPING = ("diversity", "exploration", "explain")

Request = recommender_pb2.RecommendRequest
Given = Mapping[str, Any]


def check_plain_fields(request: Request) -> Given:
    """Check everything that needs no model version.

    Returns:
        The fields that are given, by name.

    Raises:
        InvalidRequest: a field is bad.
    """
    checks = Checks()
    given = check_given(request, checks)
    if "user_id" not in given and "recent_item_ids" not in given:
        checks.identifier("", "user_id")
    checks.raise_if_any()
    return given


def check_given(request: Request | recommender_pb2.SimilarItemsRequest, checks: Checks) -> Given:
    """Check the fields that are given; return them by name."""
    given = {field.name: value for field, value in request.ListFields()}
    for field, value in given.items():  # most requests have two of the many fields
        if field in _CHECKS:
            _CHECKS[field](value, checks)
    return given


def to_query(request: Request, given: Given, schema: DeclaredSchema, deadline: float) -> Query:
    """Make a query of a request whose plain fields are checked.

    Args:
        request: The request.
        given: Those of its fields that are given: to look at the others takes time too.
        schema: That of the version that will answer.
        deadline: On the clock of `time.monotonic`, in seconds.

    Raises:
        InvalidRequest: a feature is not as the schema declares it.
    """
    query = Query(
        user_id=request.user_id,
        result_count=given.get("num_results", DEFAULT_RESULTS),
        candidate_item_ids=tuple(given.get("candidate_item_ids", ())),
        excluded_item_ids=frozenset(given.get("exclude_item_ids", ())),
        include_seen=given.get("include_seen", False),
        recent_item_ids=tuple(given.get("recent_item_ids", ())),
        min_log_position=given.get("min_log_position", 0),
        deadline=deadline,
        shape=_shape(given),
    )
    if not given.keys().isdisjoint(_BY_SCHEMA):
        checks = Checks()
        query.context = read_features(request.context, schema.context, "context", checks)
        query.candidate_features = _candidate_features(
            request, len(schema.candidate.features), checks
        )
        query.filter = read_filter(request.filter, schema.item, checks)
        checks.raise_if_any()
    return query


def _shape(given: Given) -> Shape | None:
    if given.keys().isdisjoint(_SHAPING):
        return None
    return Shape(
        diversity=given.get("diversity", 0.0),
        exploration=given.get("exploration", 0.0),
        by_clusters=given.get("diversity_basis") == recommender_pb2.DIVERSITY_BASIS_CLUSTERS,
        explain=given.get("explain", False),
    )


def read_filter(text: str, features: FeatureList, checks: Checks) -> ItemFilter | None:
    """Read a filter of items; None for none, and for one that is refused."""
    if not text:
        return None
    try:
        return parse_filter(text, features)
    except FilterError as error:
        checks.refuse("filter", str(error))
        return None


def _check_count(value: int, checks: Checks) -> None:
    within = 1 <= value <= MAX_RESULTS
    checks.require(within, "num_results", f"must be between 1 and {MAX_RESULTS}")


def _check_candidates(values: Sequence[str], checks: Checks) -> None:
    if checks.identifiers(values, "candidate_item_ids", MAX_CANDIDATES):
        once = len(set(values)) == len(values)
        checks.require(once, "candidate_item_ids", "must name each item once")


def _check_label(value: str, checks: Checks) -> None:
    checks.require(value in LABELS, "model_label", f"must be one of {', '.join(LABELS)}")


_CHECKS: dict[str, Callable[[Any, Checks], object]] = {
    "user_id": lambda value, checks: checks.identifier(value, "user_id"),
    "item_id": lambda value, checks: checks.identifier(value, "item_id"),
    "num_results": _check_count,
    "candidate_item_ids": _check_candidates,
    "exclude_item_ids": lambda values, checks: checks.identifiers(
        values, "exclude_item_ids", MAX_EXCLUDED
    ),
    "recent_item_ids": lambda values, checks: checks.identifiers(
        values, "recent_item_ids", MAX_RECENT
    ),
    "filter": lambda value, checks: checks.text(value, "filter", MAX_FILTER_BYTES),
    "scenario": lambda value, checks: checks.text(value, "scenario", MAX_SCENARIO_BYTES),
    "diversity": lambda value, checks: checks.share(value, "diversity"),
    "exploration": lambda value, checks: checks.share(value, "exploration"),
    "diversity_basis": lambda value, checks: checks.require(
        value in recommender_pb2.DiversityBasis.values(), "diversity_basis", "is not known"
    ),
    "min_log_position": lambda value, checks: checks.require(
        value >= 0, "min_log_position", "must not be negative"
    ),
    "model_version": lambda value, checks: checks.require(
        value >= 1, "model_version", "must be 1 or more"
    ),
    "model_label": _check_label,
}
"""How each field is checked that needs no model version to be checked."""


def _candidate_features(request: Request, width: int, checks: Checks) -> Matrix | None:
    data, count = request.candidate_features, len(request.candidate_item_ids)
    if not data:
        return None
    if not width:
        checks.refuse("candidate_features", "the version declares no candidate features")
        return None
    if len(data) != 4 * count * width:
        checks.refuse(
            "candidate_features",
            f"must hold {count} rows of {width} float32, {4 * count * width} bytes; "
            f"it holds {len(data)}",
        )
        return None
    matrix = np.frombuffer(data, "<f4").astype(np.float32, copy=False).reshape(count, width)
    if not np.isfinite(matrix).all():
        checks.refuse("candidate_features", "must be finite: NaN and infinity are not allowed")
        return None
    return matrix

"""From a RecommendRequest to a checked query."""

import numpy as np

from recserve.server.errors import NotImplementedYet
from recserve.server.front_end.requests.checks import Checks
from recserve.server.front_end.requests.features import read_features
from recserve.server.labels import LABELS
from recserve.server.recommending.query import Matrix, Query
from recserve.server.schema import DeclaredSchema
from recserve.v1 import recommender_pb2

DEFAULT_RESULTS = 10
MAX_RESULTS = 1000
MAX_CANDIDATES = 10_000
MAX_EXCLUDED = 10_000
MAX_RECENT = 1000
MAX_FILTER_BYTES = 2048
MAX_SCENARIO_BYTES = 64

Request = recommender_pb2.RecommendRequest


def check_plain_fields(request: Request) -> None:
    """Check everything that needs no model version.

    Raises:
        InvalidRequest: a field is bad.
        NotImplementedYet: a field asks for what this release cannot do.
    """
    checks = Checks()
    if request.user_id or not request.recent_item_ids:
        checks.identifier(request.user_id, "user_id")
    if request.HasField("num_results"):
        within = 1 <= request.num_results <= MAX_RESULTS
        checks.require(within, "num_results", f"must be between 1 and {MAX_RESULTS}")
    candidates = request.candidate_item_ids
    if checks.identifiers(candidates, "candidate_item_ids", MAX_CANDIDATES):
        once = len(set(candidates)) == len(candidates)
        checks.require(once, "candidate_item_ids", "must name each item once")
    checks.identifiers(request.exclude_item_ids, "exclude_item_ids", MAX_EXCLUDED)
    checks.identifiers(request.recent_item_ids, "recent_item_ids", MAX_RECENT)
    checks.text(request.filter, "filter", MAX_FILTER_BYTES)
    checks.text(request.scenario, "scenario", MAX_SCENARIO_BYTES)
    checks.share(request.diversity, "diversity")
    checks.share(request.exploration, "exploration")
    checks.require(request.min_log_position >= 0, "min_log_position", "must not be negative")
    _check_version(request, checks)
    checks.raise_if_any()
    _check_implemented(request)


def to_query(request: Request, schema: DeclaredSchema, deadline: float) -> Query:
    """Make a query of a request whose plain fields are checked.

    Args:
        request: The request.
        schema: That of the version that will answer.
        deadline: On the clock of `time.monotonic`, in seconds.

    Raises:
        InvalidRequest: a feature is not as the schema declares it.
    """
    checks = Checks()
    context = read_features(request.context, schema.context, "context", checks)
    features = _candidate_features(request, len(schema.candidate.features), checks)
    checks.raise_if_any()
    wanted = request.num_results if request.HasField("num_results") else DEFAULT_RESULTS
    return Query(
        user_id=request.user_id,
        result_count=wanted,
        candidate_item_ids=tuple(request.candidate_item_ids),
        candidate_features=features,
        excluded_item_ids=frozenset(request.exclude_item_ids),
        include_seen=request.include_seen,
        context=context,
        recent_item_ids=tuple(request.recent_item_ids),
        min_log_position=request.min_log_position,
        deadline=deadline,
    )


def _check_version(request: Request, checks: Checks) -> None:
    if request.WhichOneof("version") == "model_version":
        checks.require(request.model_version >= 1, "model_version", "must be 1 or more")
    elif request.WhichOneof("version") == "model_label":
        known = request.model_label in LABELS
        checks.require(known, "model_label", f"must be one of {', '.join(LABELS)}")


def _check_implemented(request: Request) -> None:
    for field in ("filter", "diversity", "exploration"):
        if getattr(request, field):
            raise NotImplementedYet(
                f"this release does not implement `{field}`; leave it empty",
                metadata={"field": field},
            )


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

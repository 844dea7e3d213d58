"""From a SimilarItemsRequest to a checked query."""

from recserve.server.front_end.requests.checks import Checks
from recserve.server.front_end.requests.recommend import (
    DEFAULT_RESULTS,
    check_given,
    read_filter,
)
from recserve.server.recommending.similar import SimilarQuery
from recserve.server.schema import DeclaredSchema
from recserve.v1 import recommender_pb2

Request = recommender_pb2.SimilarItemsRequest


def check_similar_request(request: Request) -> None:
    """Check everything that needs no model version.

    Raises:
        InvalidRequest: a field is bad.
    """
    checks = Checks()
    if "item_id" not in check_given(request, checks):
        checks.identifier("", "item_id")
    checks.raise_if_any()


def to_similar_query(request: Request, schema: DeclaredSchema, deadline: float) -> SimilarQuery:
    """Make a query of a request whose plain fields are checked.

    Args:
        request: The request.
        schema: That of the version that will answer.
        deadline: On the clock of `time.monotonic`, in seconds.

    Raises:
        InvalidRequest: the filter does not fit the schema.
    """
    checks = Checks()
    item_filter = read_filter(request.filter, schema.item, checks)
    checks.raise_if_any()
    return SimilarQuery(
        item_id=request.item_id,
        result_count=request.num_results if request.HasField("num_results") else DEFAULT_RESULTS,
        excluded_item_ids=frozenset(request.exclude_item_ids),
        user_id=request.user_id,
        filter=item_filter,
        deadline=deadline,
    )

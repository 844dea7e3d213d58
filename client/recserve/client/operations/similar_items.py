"""SimilarItems."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from collections.abc import Iterable

from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.recommendation import Answer
from recserve.client.session import Session


def similar_items(
    session: Session,
    item_id: str,
    *,
    num_results: int = 10,
    exclude_item_ids: Iterable[str] = (),
    user_id: str = "",
    filter: str = "",  # noqa: A002 - the protocol's word
    model_label: str | None = None,
    model_version: int | None = None,
    model: str = "",
    timeout: float | None = None,
) -> Operation[Answer]:
    """Ranks items by likeness to an item: the cosine of their vectors in the model.

    Args:
        item_id: The item to find others like.
        num_results: Results wanted, 1 to 1000.
        exclude_item_ids: Never return these, at most 10000.
        user_id: Leave out what this user has seen. Default: nobody's.
        filter: Condition on item features, as for `recommend`.
        model_label: The version with this label answers. Default: "stable".
        model_version: This version answers.
        model: The model. Default: the one the server serves.
        timeout: Seconds, retries included. Default: `Settings.recommend_timeout`.

    Returns:
        The results, most alike first: `num_results` of them, or `shortfall` says why not.

    Raises:
        InvalidArgument: The server refuses the request; `violations` says why.
        NotFound: The version does not know the item, or there is no such version.
        Unavailable: There is no version yet, or its engine is not ready.
        RecserveError: The call failed otherwise.
        TypeError, ValueError: An argument cannot be sent.
    """
    from recserve.client.wire.answers import similar_answer_from
    from recserve.client.wire.identifiers import many_ids, one_id
    from recserve.v1 import recommender_pb2

    if model_label is not None and model_version is not None:
        raise ValueError("give model_label or model_version, not both")
    request = recommender_pb2.SimilarItemsRequest(
        item_id=one_id("item_id", item_id),
        num_results=num_results,
        exclude_item_ids=many_ids("exclude_item_ids", exclude_item_ids),
        user_id=one_id("user_id", user_id),
        filter=filter,
        model_label=model_label,
        model_version=model_version,
        model=model,
    )
    seconds = session.settings.recommend_timeout if timeout is None else timeout
    response = yield from call(
        session, lambda stubs: stubs.recommender.SimilarItems, request, seconds
    )
    return similar_answer_from(response)

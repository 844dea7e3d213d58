"""The requests of a load."""

from collections.abc import Callable, Sequence
from random import Random

from recserve.client.event import Event
from recserve.client.wire.events import event_message
from recserve.v1 import recommender_pb2


def recommend_requests(
    user_ids: Sequence[str], chance: Random, *, num_results: int, model_label: str | None
) -> Callable[[], recommender_pb2.RecommendRequest]:
    """Gives requests for users that are drawn evenly.

    Args:
        user_ids: Whom to ask for, at least one.
        chance: Where users are drawn from.
        num_results: Results wanted, 1 to 1000.
        model_label: The version with this label answers. None: the stable one.
    """

    def request() -> recommender_pb2.RecommendRequest:
        return recommender_pb2.RecommendRequest(
            user_id=chance.choice(user_ids), num_results=num_results, model_label=model_label
        )

    return request


def feedback_requests(
    user_ids: Sequence[str],
    item_ids: Sequence[str],
    chance: Random,
    *,
    event_type: str,
    value: float | None,
) -> Callable[[], recommender_pb2.FeedbackRequest]:
    """Gives requests of one new event each, whose user and item are drawn evenly.

    Args:
        user_ids: Who, at least one.
        item_ids: With what, at least one.
        chance: Where they are drawn from.
        event_type: What.
        value: How much.
    """

    def request() -> recommender_pb2.FeedbackRequest:
        event = Event(chance.choice(user_ids), chance.choice(item_ids), event_type, value)
        return recommender_pb2.FeedbackRequest(events=[event_message(event)])

    return request

"""Answers of Recommend and SimilarItems, from messages."""

from recserve.client.recommendation import (
    Answer,
    Fallback,
    Reason,
    Recommendation,
    Shortfall,
    Timing,
)
from recserve.client.wire.enums import enumerator
from recserve.v1 import recommender_pb2


def answer_from(response: recommender_pb2.RecommendResponse) -> Answer:
    """The answer that a response holds."""
    return Answer(
        results=tuple(_recommendation(result) for result in response.results),
        recommendation_id=response.recommendation_id,
        model_version=response.model_version,
        fallback=_fallback(response.fallback),
        shortfall=_shortfall(response.shortfall),
        missing_item_ids=tuple(response.missing_item_ids),
        timing=_timing(response.timing),
        log_position=response.log_position,
    )


def similar_answer_from(response: recommender_pb2.SimilarItemsResponse) -> Answer:
    """The answer that a response about similar items holds."""
    return Answer(
        results=tuple(_recommendation(result) for result in response.results),
        recommendation_id=response.recommendation_id,
        model_version=response.model_version,
        shortfall=_shortfall(response.shortfall),
        timing=_timing(response.timing),
    )


def _recommendation(message: recommender_pb2.Recommendation) -> Recommendation:
    return Recommendation(
        item_id=message.item_id,
        score=message.score,
        propensity=message.propensity,
        reason=enumerator(Reason, recommender_pb2.Reason, "REASON_", message.reason),
        because_of_item_id=message.because_of_item_id,
    )


def _fallback(number: int) -> Fallback | None:
    if number == recommender_pb2.FALLBACK_UNSPECIFIED:
        return None
    return enumerator(Fallback, recommender_pb2.Fallback, "FALLBACK_", number)


def _shortfall(number: int) -> Shortfall | None:
    if number == recommender_pb2.SHORTFALL_UNSPECIFIED:
        return None
    return enumerator(Shortfall, recommender_pb2.Shortfall, "SHORTFALL_", number)


def _timing(message: recommender_pb2.Timing) -> Timing:
    return Timing(
        queue_seconds=message.queue.ToTimedelta().total_seconds(),
        inference_seconds=message.inference.ToTimedelta().total_seconds(),
        total_seconds=message.total.ToTimedelta().total_seconds(),
        batch_rows=message.batch_rows,
    )

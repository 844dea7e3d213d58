"""From an answer to its message."""

from recserve.server.recommending.answer import Answer, Fallback, Reason, Shortfall
from recserve.v1 import recommender_pb2

_FALLBACKS = {
    None: recommender_pb2.FALLBACK_UNSPECIFIED,
    Fallback.NO_MODEL: recommender_pb2.FALLBACK_NO_MODEL,
    Fallback.ENGINE_UNAVAILABLE: recommender_pb2.FALLBACK_ENGINE_UNAVAILABLE,
    Fallback.UNKNOWN_USER: recommender_pb2.FALLBACK_UNKNOWN_USER,
    Fallback.DEADLINE: recommender_pb2.FALLBACK_DEADLINE,
    Fallback.NO_CANDIDATE_FEATURES: recommender_pb2.FALLBACK_NO_CANDIDATE_FEATURES,
}
_SHORTFALLS = {
    None: recommender_pb2.SHORTFALL_UNSPECIFIED,
    Shortfall.CATALOGUE: recommender_pb2.SHORTFALL_CATALOGUE,
    Shortfall.CANDIDATES: recommender_pb2.SHORTFALL_CANDIDATES,
}
_REASONS = {
    Reason.PERSONAL: recommender_pb2.REASON_PERSONAL,
    Reason.POPULAR: recommender_pb2.REASON_POPULAR,
}


def to_response(
    answer: Answer, recommendation_id: str, total_seconds: float
) -> recommender_pb2.RecommendResponse:
    """Write an answer as a response."""
    response = recommender_pb2.RecommendResponse(
        recommendation_id=recommendation_id,
        model_version=answer.version,
        fallback=_FALLBACKS[answer.fallback],
        shortfall=_SHORTFALLS[answer.shortfall],
        missing_item_ids=answer.missing_item_ids,
        log_position=answer.log_position,
    )
    reason = _REASONS[answer.reason]
    add = response.results.add
    for item_id, score in zip(answer.item_ids, answer.scores, strict=True):
        # This release never explores: the policy puts each item where it is for certain.
        add(item_id=item_id, score=score, propensity=1.0, reason=reason)
    timing = response.timing
    timing.queue.FromNanoseconds(int(answer.timing.queue_seconds * 1e9))
    timing.inference.FromNanoseconds(int(answer.timing.inference_seconds * 1e9))
    timing.total.FromNanoseconds(int(total_seconds * 1e9))
    timing.batch_rows = answer.timing.batch_requests
    return response

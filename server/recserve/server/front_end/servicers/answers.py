"""From an answer to its message, as bytes.

Results are written here and not by protobuf's classes, which take half of the time that Python has
for a call: each is a message in a message, with an object and a look-up by name for every field.
"""

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

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
    Reason.SIMILAR: recommender_pb2.REASON_SIMILAR,
}

# protobuf.dev/programming-guides/encoding: a tag is the field's number and its kind.
_LENGTH, _EIGHT_BYTES, _VARINT = 2, 1, 0
_RESULTS = 3 << 3 | _LENGTH
"""`results` of RecommendResponse, and of SimilarItemsResponse too."""
_ITEM_ID = 1 << 3 | _LENGTH
_SCORE, _PROPENSITY = 2 << 3 | _EIGHT_BYTES, 3 << 3 | _EIGHT_BYTES
_REASON = 4 << 3 | _VARINT
_AFTER_ITEM_ID = struct.Struct("<BdBdBB")
_CACHED_IDS = 1 << 16

Response = recommender_pb2.RecommendResponse | recommender_pb2.SimilarItemsResponse


def encode_response(answer: Answer, recommendation_id: str, total_seconds: float) -> bytes:
    """Write an answer as a RecommendResponse."""
    response = recommender_pb2.RecommendResponse(
        recommendation_id=recommendation_id,
        model_version=answer.version,
        fallback=_FALLBACKS[answer.fallback],
        shortfall=_SHORTFALLS[answer.shortfall],
        missing_item_ids=answer.missing_item_ids,
        log_position=answer.log_position,
    )
    return _encode(answer, response, total_seconds)


def encode_similar_response(answer: Answer, recommendation_id: str, total_seconds: float) -> bytes:
    """Write an answer about similar items as a SimilarItemsResponse."""
    response = recommender_pb2.SimilarItemsResponse(
        recommendation_id=recommendation_id,
        model_version=answer.version,
        shortfall=_SHORTFALLS[answer.shortfall],
    )
    return _encode(answer, response, total_seconds)


def _encode(answer: Answer, response: Response, total_seconds: float) -> bytes:
    timing = response.timing
    _set(timing.queue, answer.timing.queue_seconds)
    _set(timing.inference, answer.timing.inference_seconds)
    _set(timing.total, total_seconds)
    timing.batch_rows = answer.timing.batch_requests
    reason = _REASONS[answer.reason]
    if answer.propensities is not None:
        _add_results(answer, response, reason)
        return response.SerializeToString()
    # The fields of a message may come in any order.
    return response.SerializeToString() + encode_results(answer.item_ids, answer.scores, reason)


def _add_results(answer: Answer, response: Response, reason: recommender_pb2.Reason) -> None:
    """Results of which more is told than of most."""
    for result in answer.results:
        response.results.add(
            item_id=result.item_id,
            score=result.score,
            propensity=result.propensity,
            reason=reason,
            because_of_item_id=result.because_of_item_id,
        )


def encode_results(
    item_ids: Sequence[str], scores: Sequence[float], reason: recommender_pb2.Reason
) -> bytes:
    """Write the field `results` of a response, each where it is for certain."""
    pack = _AFTER_ITEM_ID.pack
    return b"".join(
        [
            _before_score(item_id) + pack(_SCORE, score, _PROPENSITY, 1.0, _REASON, reason)
            for item_id, score in zip(item_ids, scores, strict=True)
        ]
    )


@lru_cache(_CACHED_IDS)
def _before_score(item_id: str) -> bytes:
    """A result up to its score: the tag and the length of both, and the id."""
    data = item_id.encode()
    named = bytes([_ITEM_ID]) + _varint(len(data)) + data
    return bytes([_RESULTS]) + _varint(len(named) + _AFTER_ITEM_ID.size) + named


def _varint(number: int) -> bytes:
    """Write a number seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _set(duration: Any, seconds: float) -> None:
    """Set a google.protobuf.Duration; its own methods take three times as long."""
    whole = int(seconds)
    duration.seconds = whole
    duration.nanos = int((seconds - whole) * 1e9)

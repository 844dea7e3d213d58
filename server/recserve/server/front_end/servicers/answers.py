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
_ID, _TIMING = bytes([1 << 3 | _LENGTH]), bytes([7 << 3 | _LENGTH])
"""`recommendation_id` and `timing` of RecommendResponse."""
_RESULTS = 3 << 3 | _LENGTH
"""`results` of RecommendResponse, and of SimilarItemsResponse too."""
_ITEM_ID = 1 << 3 | _LENGTH
_SCORE, _PROPENSITY = 2 << 3 | _EIGHT_BYTES, 3 << 3 | _EIGHT_BYTES
_REASON = 4 << 3 | _VARINT
_AFTER_ITEM_ID = struct.Struct("<BdBdBB")
_CACHED_IDS = 1 << 16
_CACHED_HEADS = 256


def encode_response(answer: Answer, recommendation_id: str, total_seconds: float) -> bytes:
    """Write an answer as a RecommendResponse. The fields of a message may come in any order."""
    timing = recommender_pb2.Timing()
    _set_timing(timing, answer, total_seconds)
    written = timing.SerializeToString()
    head = _head(answer.version, answer.fallback, answer.shortfall, answer.log_position)
    parts = [head, _ID, _varint(len(recommendation_id)), recommendation_id.encode()]
    parts += (_TIMING, _varint(len(written)), written)
    if answer.propensities is None:
        parts.append(encode_results(answer.item_ids, answer.scores, _REASONS[answer.reason]))
    if answer.propensities is not None or answer.missing_item_ids:
        response = recommender_pb2.RecommendResponse(missing_item_ids=answer.missing_item_ids)
        if answer.propensities is not None:
            _add_results(answer, response)
        parts.append(response.SerializeToString())
    return b"".join(parts)


def encode_similar_response(answer: Answer, recommendation_id: str, total_seconds: float) -> bytes:
    """Write an answer about similar items as a SimilarItemsResponse."""
    response = recommender_pb2.SimilarItemsResponse(
        recommendation_id=recommendation_id,
        model_version=answer.version,
        shortfall=_SHORTFALLS[answer.shortfall],
    )
    _set_timing(response.timing, answer, total_seconds)
    results = encode_results(answer.item_ids, answer.scores, _REASONS[answer.reason])
    return response.SerializeToString() + results


@lru_cache(_CACHED_HEADS)
def _head(
    version: int, fallback: Fallback | None, shortfall: Shortfall | None, log_position: int
) -> bytes:
    """What one answer has in common with those before it."""
    return recommender_pb2.RecommendResponse(
        model_version=version,
        fallback=_FALLBACKS[fallback],
        shortfall=_SHORTFALLS[shortfall],
        log_position=log_position,
    ).SerializeToString()


def _set_timing(timing: recommender_pb2.Timing, answer: Answer, total_seconds: float) -> None:
    _set(timing.queue, answer.timing.queue_seconds)
    _set(timing.inference, answer.timing.inference_seconds)
    _set(timing.total, total_seconds)
    timing.batch_rows = answer.timing.batch_requests


def _add_results(answer: Answer, response: recommender_pb2.RecommendResponse) -> None:
    """Results of which more is told than of most."""
    reason = _REASONS[answer.reason]
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

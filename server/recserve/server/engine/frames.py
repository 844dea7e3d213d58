"""The bytes between front end and engine: length-prefixed frames of flat arrays.

Native byte order: both ends are on one machine. Deadlines are on CLOCK_MONOTONIC, which all
processes of a machine share. Nothing is pickled, and every length is checked on reading.
"""

import struct
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from recserve.server.engine.contract import (
    BoolArray,
    Ranking,
    RankingRequest,
)

Number = TypeVar("Number", bound=np.generic)

LENGTH = struct.Struct("=I")
"""Every frame starts with the number of bytes that follow."""
MAX_FRAME_BYTES = 64 << 20

RANK, CANCEL, AVAILABLE = 1, 2, 3
OK, EXPIRED, FAILED = 1, 2, 3

_HEAD = struct.Struct("=BQ")
_RANK = struct.Struct("=dIHHHIiII")
_ANSWER = struct.Struct("=ffII")
_NO_CANDIDATES = -1


class FrameError(Exception):
    """Bytes that are not a frame of ours."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame that reached the engine."""

    kind: int
    request_id: int
    request: RankingRequest | None = None
    available: BoolArray | None = None


def encode_rank(request_id: int, request: RankingRequest) -> bytes:
    """Frame a request."""
    candidates = request.candidate_rows
    strings = [text.encode() for text in request.strings]
    head = _HEAD.pack(RANK, request_id) + _RANK.pack(
        request.deadline,
        request.result_count,
        len(request.history_rows),
        len(request.user_numeric),
        len(request.context_numeric),
        len(request.excluded_rows),
        _NO_CANDIDATES if candidates is None else len(candidates),
        len(request.candidate_features),
        len(strings),
    )
    return _frame(
        head,
        request.history_rows.tobytes(),
        request.history_types.tobytes(),
        request.history_values.tobytes(),
        request.history_ages.tobytes(),
        request.user_numeric.tobytes(),
        request.context_numeric.tobytes(),
        request.excluded_rows.tobytes(),
        b"" if candidates is None else candidates.tobytes(),
        request.candidate_features.tobytes(),
        np.fromiter(map(len, strings), np.uint32, len(strings)).tobytes(),
        *strings,
    )


def encode_cancel(request_id: int) -> bytes:
    """Frame the news that nobody waits for a request any more."""
    return _frame(_HEAD.pack(CANCEL, request_id))


def encode_available(available: BoolArray) -> bytes:
    """Frame which rows may be returned."""
    return _frame(_HEAD.pack(AVAILABLE, 0), available.tobytes())


def decode_arrival(body: memoryview) -> Arrival:
    """Read a frame at the engine.

    Raises:
        FrameError: it is not one.
    """
    try:
        kind, request_id = _HEAD.unpack_from(body)
        rest = _Reader(body, _HEAD.size)
        arrival = Arrival(kind, request_id)
        if kind == RANK:
            arrival = Arrival(kind, request_id, request=_decode_request(rest))
        elif kind == AVAILABLE:
            mask = rest.array(np.uint8, rest.left) != 0
            arrival = Arrival(kind, request_id, available=mask)
        rest.finish()
    except (struct.error, ValueError) as error:
        raise FrameError(f"malformed frame: {error}") from error
    if kind not in (RANK, CANCEL, AVAILABLE):
        raise FrameError(f"unknown kind of frame: {kind}")
    return arrival


def encode_ranking(request_id: int, ranking: Ranking) -> bytes:
    """Frame an answer."""
    return _frame(
        _HEAD.pack(OK, request_id),
        _ANSWER.pack(
            ranking.queue_seconds,
            ranking.inference_seconds,
            ranking.batch_requests,
            len(ranking.rows),
        ),
        ranking.rows.tobytes(),
        ranking.scores.tobytes(),
    )


def encode_failure(kind: int, request_id: int) -> bytes:
    """Frame an answer that is EXPIRED or FAILED; the engine's log has the details."""
    return _frame(_HEAD.pack(kind, request_id))


def decode_answer(body: bytes) -> tuple[int, int, Ranking | None]:
    """Read an answer at the front end: its kind, its request's id, and its ranking if OK.

    Raises:
        FrameError: it is not one.
    """
    try:
        kind, request_id = _HEAD.unpack_from(body)
        rest = _Reader(memoryview(body), _HEAD.size)
        ranking = None
        if kind == OK:
            queue, inference, requests, count = rest.unpack(_ANSWER)
            rows, scores = rest.array(np.int32, count), rest.array(np.float32, count)
            ranking = Ranking(rows, scores, queue, inference, requests)
        rest.finish()
    except (struct.error, ValueError) as error:
        raise FrameError(f"malformed answer: {error}") from error
    if kind not in (OK, EXPIRED, FAILED):
        raise FrameError(f"unknown kind of answer: {kind}")
    return kind, request_id, ranking


def _decode_request(rest: "_Reader") -> RankingRequest:
    deadline, *counts = rest.unpack(_RANK)
    result_count, history, users, context, excluded, candidates, features, strings = counts
    rows, types = rest.array(np.int32, history), rest.array(np.int32, history)
    values, ages = rest.array(np.float32, history), rest.array(np.float32, history)
    user_numeric, context_numeric = rest.array(np.float32, users), rest.array(np.float32, context)
    excluded_rows = rest.array(np.int32, excluded)
    if candidates < _NO_CANDIDATES:
        raise ValueError(f"{candidates} candidates")
    candidate_rows = rest.array(np.int32, max(candidates, 0))
    candidate_features = rest.array(np.float32, features)
    lengths = rest.array(np.uint32, strings)
    return RankingRequest(
        result_count=result_count,
        deadline=deadline,
        history_rows=rows,
        history_types=types,
        history_values=values,
        history_ages=ages,
        user_numeric=user_numeric,
        context_numeric=context_numeric,
        strings=tuple(rest.text(int(length)) for length in lengths),
        excluded_rows=excluded_rows,
        candidate_rows=None if candidates == _NO_CANDIDATES else candidate_rows,
        candidate_features=candidate_features,
    )


def _frame(*parts: bytes) -> bytes:
    return b"".join((LENGTH.pack(sum(map(len, parts))), *parts))


class _Reader:
    """Reads a frame from front to back. Arrays are copies: the buffer is used again."""

    def __init__(self, body: memoryview, offset: int) -> None:
        self._body = body
        self._offset = offset

    @property
    def left(self) -> int:
        return len(self._body) - self._offset

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        values = layout.unpack_from(self._body, self._offset)
        self._offset += layout.size
        return values

    def array(self, dtype: type[Number], count: int) -> NDArray[Number]:
        values = np.frombuffer(self._body, dtype, count, self._offset).copy()
        self._offset += values.nbytes
        return values

    def finish(self) -> None:
        if self.left:
            raise ValueError(f"{self.left} bytes too many")

    def text(self, length: int) -> str:
        if length > self.left:
            raise ValueError("a string runs past the end")
        start = self._offset
        self._offset += length
        return str(self._body[start : self._offset], "utf-8")

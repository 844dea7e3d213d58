"""The bytes between front end and engine: length-prefixed frames of flat arrays.

Native byte order: both ends are on one machine. Deadlines are on CLOCK_MONOTONIC, which all
processes of a machine share. Nothing is pickled, and every length is checked on reading.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recserve.server.engine.arrays import BoolArray, Float32Array, Int32Array
from recserve.server.engine.contract import Ranking, RankingRequest, RowMask
from recserve.server.engine.shaping_frames import (
    ArrivedShaping,
    PackedMask,
    decode_shaping,
    encode_shaped,
    encode_shaping,
    packed_rows,
    shaped_struct,
)
from recserve.server.shaping.shaped import Shaped

LENGTH = struct.Struct("=I")
"""Every frame starts with the number of bytes that follow."""
MAX_FRAME_BYTES = 64 << 20

RANK, CANCEL, AVAILABLE, SHAPED, MASK, FORGET = 1, 2, 3, 4, 5, 6
OK, EXPIRED, FAILED, OK_SHAPED = 1, 2, 3, 4

_HEAD = struct.Struct("=BQ")
_RANK = struct.Struct("=BQdIIIiIII")
_NOW = struct.Struct("=d")
_ANSWER = struct.Struct("=BQffII")
_NO_CANDIDATES = -1
_NUMBER_BYTES = 4  # of int32, float32 and the lengths of strings


class FrameError(Exception):
    """Bytes that are not a frame of ours."""


@dataclass(slots=True, eq=False)  # one is made for every request: frozen ones are slower to make
class ArrivedRequest:
    """A request at the engine. Its arrays are still bytes: those of a batch are read at once."""

    deadline: float
    """When the answer is worthless, on the clock of `time.monotonic`, in seconds."""
    result_count: int
    user: memoryview
    """The moment as a float64, and a user by `UserLayout`."""
    context_numeric: memoryview
    """float32 each; empty: all unknown."""
    excluded_rows: memoryview
    """int32 each."""
    candidate_rows: memoryview | None
    """int32 each; None: find the best of the catalogue."""
    candidate_features: memoryview
    """float32 each; empty: unknown."""
    strings: tuple[bytes, ...]
    """Those of the user, then those of the context, as UTF-8; empty: all unknown."""
    shaping: ArrivedShaping | None = None
    """None: the plain ranking."""

    @property
    def candidate_count(self) -> int:
        """Candidates given; 0 for none."""
        rows = self.candidate_rows
        return 0 if rows is None else len(rows) // _NUMBER_BYTES


@dataclass(slots=True, eq=False)
class Arrival:
    """A frame that reached the engine."""

    kind: int
    request_id: int
    request: ArrivedRequest | None = None
    available: BoolArray | None = None
    mask: PackedMask | None = None
    """Its number is `request_id`."""


class FrameBuffer:
    """Cuts a stream of bytes into the bodies of frames."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take what has arrived; return the bodies that are whole now.

        Raises:
            FrameError: a frame is too long: what follows cannot be understood.
        """
        received = self._received
        received += data
        start, end = 0, len(received)
        bodies = []
        while end - start >= LENGTH.size:
            (length,) = LENGTH.unpack_from(received, start)
            if length > MAX_FRAME_BYTES:
                raise FrameError(f"a frame of {length} bytes")
            stop = start + LENGTH.size + length
            if stop > end:
                break
            bodies.append(bytes(received[start + LENGTH.size : stop]))
            start = stop
        del received[:start]
        return bodies


def encode_request(request_id: int, request: RankingRequest) -> bytes:
    """Frame a request."""
    plain = encode_rank(request_id, request)
    if request.shaping is None:
        return plain
    return _frame(_SHAPED_KIND, encode_shaping(request.shaping), plain[LENGTH.size :])


def encode_rank(request_id: int, request: RankingRequest) -> bytes:
    """Frame a request for the plain ranking."""
    candidates = request.candidate_rows
    strings = [text.encode() for text in (*request.user.strings, *request.context_strings)]
    head = _RANK.pack(
        RANK,
        request_id,
        request.deadline,
        request.result_count,
        len(request.user.data),
        len(request.excluded_rows),
        _NO_CANDIDATES if candidates is None else len(candidates),
        len(request.candidate_features),
        len(request.context_numeric),
        len(strings),
    )
    return _frame(
        head,
        _NOW.pack(request.now),
        request.user.data,
        request.excluded_rows.tobytes(),
        b"" if candidates is None else candidates.tobytes(),
        request.candidate_features.tobytes(),
        request.context_numeric.tobytes(),
        struct.pack(f"={len(strings)}I", *map(len, strings)) if strings else b"",
        *strings,
    )


def encode_cancel(request_id: int) -> bytes:
    """Frame the news that nobody waits for a request any more."""
    return _frame(_HEAD.pack(CANCEL, request_id))


def encode_available(available: BoolArray) -> bytes:
    """Frame which rows may be returned."""
    return _frame(_HEAD.pack(AVAILABLE, 0), available.tobytes())


def encode_mask(mask: RowMask) -> bytes:
    """Frame a mask, before the first request that names it."""
    return _frame(_HEAD.pack(MASK, mask.number), packed_rows(mask))


def encode_forget(mask_number: int) -> bytes:
    """Frame the news that no further request names a mask."""
    return _frame(_HEAD.pack(FORGET, mask_number))


def decode_arrival(body: bytes) -> Arrival:
    """Read a frame at the engine.

    Raises:
        FrameError: it is not one.
    """
    if body[:1] == _RANK_KIND:
        return _decode_rank(body)
    if body[:1] == _SHAPED_KIND:
        return _decode_shaped(body)
    try:
        kind, request_id = _HEAD.unpack_from(body)
    except struct.error as error:
        raise FrameError(f"malformed frame: {error}") from error
    if kind == AVAILABLE:
        mask = np.frombuffer(body, np.uint8, offset=_HEAD.size) != 0
        return Arrival(kind, request_id, available=mask)
    if kind == MASK:
        return Arrival(kind, request_id, mask=PackedMask(body[_HEAD.size :]))
    if kind not in (CANCEL, FORGET):
        raise FrameError(f"unknown kind of frame: {kind}")
    if len(body) > _HEAD.size:
        raise FrameError("a cancellation with more to it")
    return Arrival(kind, request_id)


def encode_ranking(
    request_id: int,
    rows: Int32Array,
    scores: Float32Array,
    *,
    queue_seconds: float,
    inference_seconds: float,
    batch_requests: int,
) -> bytes:
    """Frame an answer; see `engine.contract.Ranking`."""
    return _frame(
        _ANSWER.pack(OK, request_id, queue_seconds, inference_seconds, batch_requests, len(rows)),
        rows.tobytes(),
        scores.tobytes(),
    )


def encode_shaped_ranking(
    request_id: int,
    shaped: Shaped,
    *,
    queue_seconds: float,
    inference_seconds: float,
    batch_requests: int,
) -> bytes:
    """Frame an answer that tells more of each result."""
    seconds = queue_seconds, inference_seconds
    head = _ANSWER.pack(OK_SHAPED, request_id, *seconds, batch_requests, len(shaped.rows))
    return _frame(head, encode_shaped(shaped))


def encode_failure(kind: int, request_id: int) -> bytes:
    """Frame an answer that is EXPIRED or FAILED; the engine's log has the details."""
    return _frame(_HEAD.pack(kind, request_id))


def decode_answer(body: bytes) -> tuple[int, int, Ranking | None]:
    """Read an answer at the front end: its kind, its request's id, and its ranking if OK.

    Raises:
        FrameError: it is not one.
    """
    try:
        if body[:1] == _OK_SHAPED_KIND:
            return _decode_shaped_answer(body)
        if body[:1] != _OK_KIND:
            kind, request_id = _HEAD.unpack(body)
            if kind not in (EXPIRED, FAILED):
                raise FrameError(f"unknown kind of answer: {kind}")
            return kind, request_id, None
        _, request_id, queue, inference, requests, count = _ANSWER.unpack_from(body)
        if len(body) != _ANSWER.size + 2 * _NUMBER_BYTES * count:
            raise FrameError(f"an answer of {len(body)} bytes with {count} results")
        values = _results(count).unpack_from(body, _ANSWER.size)
    except struct.error as error:
        raise FrameError(f"malformed answer: {error}") from error
    return OK, request_id, Ranking(values[:count], values[count:], queue, inference, requests)


_RANK_KIND, _SHAPED_KIND = bytes([RANK]), bytes([SHAPED])
_OK_KIND, _OK_SHAPED_KIND = bytes([OK]), bytes([OK_SHAPED])


@lru_cache(maxsize=1024)
def _results(count: int) -> struct.Struct:
    return struct.Struct(f"={count}i{count}f")


def _decode_rank(body: bytes) -> Arrival:
    try:
        (_, request_id, deadline, results, user, excluded, candidates, features, context, texts) = (
            _RANK.unpack_from(body)
        )
    except struct.error as error:
        raise FrameError(f"malformed request: {error}") from error
    if candidates < _NO_CANDIDATES:
        raise FrameError(f"{candidates} candidates")
    view = memoryview(body)
    user_end = _RANK.size + _NOW.size + user
    excluded_end = user_end + _NUMBER_BYTES * excluded
    candidates_end = excluded_end + _NUMBER_BYTES * max(candidates, 0)
    features_end = candidates_end + _NUMBER_BYTES * features
    context_end = features_end + _NUMBER_BYTES * context
    strings, end = _strings(body, context_end, texts)
    if end != len(body):
        raise FrameError(f"a request of {len(body)} bytes, and not of {end}")
    request = ArrivedRequest(
        deadline=deadline,
        result_count=results,
        user=view[_RANK.size : user_end],
        context_numeric=view[features_end:context_end],
        excluded_rows=view[user_end:excluded_end],
        candidate_rows=(
            None if candidates == _NO_CANDIDATES else view[excluded_end:candidates_end]
        ),
        candidate_features=view[candidates_end:features_end],
        strings=strings,
    )
    return Arrival(RANK, request_id, request)


def _decode_shaped_answer(body: bytes) -> tuple[int, int, Ranking]:
    _, request_id, queue, inference, requests, count = _ANSWER.unpack_from(body)
    layout = shaped_struct(min(count, MAX_FRAME_BYTES))
    if len(body) != _ANSWER.size + layout.size:
        raise FrameError(f"an answer of {len(body)} bytes with {count} results")
    values = layout.unpack_from(body, _ANSWER.size)
    rows, scores, propensities, because = (values[i * count : (i + 1) * count] for i in range(4))
    return OK, request_id, Ranking(rows, scores, queue, inference, requests, propensities, because)


def _decode_shaped(body: bytes) -> Arrival:
    try:
        shaping, end = decode_shaping(body, 1)
    except struct.error as error:
        raise FrameError(f"malformed request: {error}") from error
    if body[end : end + 1] != _RANK_KIND:
        raise FrameError("shaping of what is no request")
    arrival = _decode_rank(body[end:])
    assert arrival.request is not None  # noqa: S101  # by construction
    arrival.request.shaping = shaping
    return arrival


def _strings(body: bytes, start: int, count: int) -> tuple[tuple[bytes, ...], int]:
    """Read strings, each of whose lengths comes first; also return where they end."""
    if not count:
        return (), start
    end = start + _NUMBER_BYTES * count
    if end > len(body):
        raise FrameError(f"{count} strings run past the end")
    strings = []
    for length in struct.unpack_from(f"={count}I", body, start):
        strings.append(body[end : end + length])
        end += length
    return tuple(strings), end


def _frame(*parts: bytes) -> bytes:
    return b"".join((LENGTH.pack(sum(map(len, parts))), *parts))

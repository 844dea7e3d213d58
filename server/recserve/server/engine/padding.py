"""From a list of requests to the padded arrays of one call of the model."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recserve.server.engine.arrays import Float32Array, Int32Array
from recserve.server.engine.frames import ArrivedRequest
from recserve.server.engine.user_inputs import EVENT, NOW_BYTES, UserLayout

Number = TypeVar("Number", bound=np.generic)

MAX_BATCH = 1024
BATCH_SIZES: tuple[int, ...] = (
    *range(1, 8),
    *(step << n for n in range(7) for step in range(8, 16)),
    MAX_BATCH,
)
"""The sizes that are warmed up: above 8, padding adds less than an eighth."""
_SIZE_OF = tuple(
    next(size for size in BATCH_SIZES if size >= count) for count in range(MAX_BATCH + 1)
)


def padded_size(count: int) -> int:
    """The smallest batch size that holds `count` requests, at most 1024."""
    return _SIZE_OF[count]


def padded_width(count: int) -> int:
    """The next power of two: few shapes, so that the kernels of the model stay warm."""
    return 1 << max(count - 1, 0).bit_length()


def users(requests: Sequence[ArrivedRequest], size: int, layout: UserLayout) -> Int32Array:
    """The words of each user, shape `[size, words]`: all have as many events as the one with most.

    Args:
        requests: At most `size`.
        size: Users of the batch; those past the requests are empty.
        layout: That of the users.

    Raises:
        ValueError: a request's bytes are of another layout.
    """
    head = NOW_BYTES + layout.numeric_bytes
    most = max(len(request.user) for request in requests) - head
    width = EVENT.itemsize * min(
        padded_width(max(1, most // EVENT.itemsize)), layout.widths.history
    )
    no_events = memoryview(layout.no_events)
    parts: list[bytes | memoryview] = []
    for request in requests:
        missing = head + width - len(request.user)
        if missing < 0 or missing > width or missing % EVENT.itemsize:
            raise ValueError(f"the user of a request has {len(request.user)} bytes")
        parts += (request.user, no_events[:missing])
    empty = b"".join((bytes(NOW_BYTES), layout.empty.data, no_events[:width]))
    parts += [empty] * (size - len(requests))
    return np.frombuffer(b"".join(parts), np.int32).reshape(size, -1)


def context_numbers(requests: Sequence[ArrivedRequest], size: int, width: int) -> Float32Array:
    """Numeric context features, shape `[size, width]`, NaN where unknown."""
    return _padded([r.context_numeric for r in requests], size, width, np.float32, np.nan)


def strings(requests: Sequence[ArrivedRequest], size: int, width: int) -> NDArray[np.object_]:
    """Categorical and multi-valued features, shape `[size, width]`, empty where unknown."""
    filled = np.full((size, width), b"", object)
    for row, request in enumerate(requests):
        if request.strings:
            filled[row] = request.strings
    return filled


def excluded_rows(requests: Sequence[ArrivedRequest], size: int) -> Int32Array:
    """Shape `[size, E]`, padded with -1."""
    return _ragged([request.excluded_rows for request in requests], size)


def candidate_rows(requests: Sequence[ArrivedRequest], size: int) -> Int32Array:
    """Shape `[size, C]`, padded with -1.

    Raises:
        ValueError: a request has no candidates.
    """
    given = [request.candidate_rows for request in requests]
    rows = [part for part in given if part is not None]
    if len(rows) < len(given):
        raise ValueError("a request without candidates cannot be scored")
    return _ragged(rows, size)


def candidate_features(
    requests: Sequence[ArrivedRequest], size: int, candidates: int, width: int
) -> Float32Array:
    """Features of the pairs, shape `[size, candidates, width]`, padded with NaN."""
    parts = [request.candidate_features for request in requests]
    padded = _padded(parts, size, candidates * width, np.float32, np.nan)
    return padded.reshape(size, candidates, width)


def _ragged(parts: Sequence[memoryview], size: int) -> Int32Array:
    widest = max(map(len, parts), default=0) // np.dtype(np.int32).itemsize
    return _padded(parts, size, padded_width(max(1, widest)), np.int32, -1)


def _padded(
    parts: Sequence[memoryview], size: int, width: int, dtype: type[Number], padding: float
) -> NDArray[Number]:
    """The numbers in each part, in a row each of shape `[size, width]`.

    Raises:
        ValueError: a part has more than `width`.
    """
    padded = np.full((size, width), padding, dtype)
    counts = np.zeros(size, np.int64)
    counts[: len(parts)] = [len(part) // padded.itemsize for part in parts]
    if counts.max(initial=0) > width:
        raise ValueError(f"a request has more than {width} numbers")
    padded[np.arange(width) < counts[:, None]] = np.frombuffer(b"".join(parts), dtype)
    return padded

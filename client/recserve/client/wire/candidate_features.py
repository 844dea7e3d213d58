"""Candidate features: a matrix as little-endian float32 bytes."""

import struct
import sys
from collections.abc import Sequence
from itertools import chain
from typing import TypeAlias, cast

Rows: TypeAlias = Sequence[Sequence[float]]


def packed_rows(matrix: object, row_count: int) -> bytes:
    """Packs candidate features as `RecommendRequest.candidate_features` wants them.

    Args:
        matrix: Shape [candidates, features]: rows of numbers, a 2-d buffer such as a
            NumPy array of any number type and memory order, or a pandas frame.
        row_count: How many candidates there are.

    Returns:
        The rows one after the other, little-endian float32.

    Raises:
        TypeError: It holds something else than numbers.
        ValueError: It is no matrix with one row per candidate, or a number does not fit
            a float32.
    """
    if hasattr(matrix, "to_numpy"):  # pandas, without importing it
        matrix = matrix.to_numpy()
    packed = _packed_buffer(matrix, row_count)
    return _packed_lists(matrix, row_count) if packed is None else packed


def _packed_buffer(matrix: object, row_count: int) -> bytes | None:
    """The bytes of a buffer that holds float32 already; None for everything else."""
    try:
        view = memoryview(cast("bytes", matrix))
    except (TypeError, ValueError, BufferError):
        return None
    if view.ndim != 2:
        raise ValueError(f"candidate_features must have 2 dimensions, got {view.ndim}")
    _check_count(view.shape[0] if view.shape else 0, row_count)
    if view.format == "<f" or (view.format == "f" and sys.byteorder == "little"):
        return view.tobytes()
    return None


def _packed_lists(matrix: object, row_count: int) -> bytes:
    rows = cast("Rows", matrix.tolist() if hasattr(matrix, "tolist") else matrix)
    widths = _widths(rows)
    _check_count(len(widths), row_count)
    for index, width in enumerate(widths):
        if width != widths[0]:
            raise ValueError(
                f"candidate_features[{index}] has {width} numbers, the first row has {widths[0]}"
            )
    try:
        return struct.pack(f"<{sum(widths)}f", *chain.from_iterable(rows))
    except struct.error as error:
        raise TypeError(f"candidate_features must hold numbers only: {error}") from None
    except OverflowError:
        raise ValueError("candidate_features: a number does not fit a float32") from None


def _widths(rows: Rows) -> list[int]:
    try:
        return [len(row) for row in rows]
    except TypeError:
        raise TypeError("candidate_features must be rows of numbers") from None


def _check_count(rows: int, row_count: int) -> None:
    if rows != row_count:
        raise ValueError(
            f"candidate_features must have one row per candidate: {row_count} candidates, "
            f"{rows} rows"
        )

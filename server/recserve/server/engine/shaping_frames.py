"""The bytes of what a request wants beyond the plain ranking: plain requests carry none of them."""

import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recserve.server.engine.arrays import BoolArray
from recserve.server.engine.contract import Reranking, RowMask, Shaping
from recserve.server.shaping.shaped import Shaped

_SHAPING = struct.Struct("=QiIddII")
_NO_MASK, _NO_ROW = 0, -1
_NO_RERANKING = Reranking(0)
_NUMBER_BYTES = 4  # of int32


class PackedMask:
    """Which rows may be returned, at the engine: a bit for each. Compared by identity.

    Args:
        data: The bits, as `packed_rows` gives them.
    """

    def __init__(self, data: bytes) -> None:
        self._bits: NDArray[np.uint8] = np.frombuffer(data, np.uint8)

    def allowed(self, count: int) -> BoolArray:
        """The mask for `count` rows, those that it says nothing of left out."""
        return np.unpackbits(self._bits, count=count).view(np.bool_)


@dataclass(slots=True, eq=False)
class ArrivedShaping:
    """`Shaping` at the engine."""

    mask_number: int = 0
    """0: no filter."""
    mask: PackedMask | None = None
    """That of this number, once it is looked up."""
    similar_to: int | None = None
    reranking: Reranking | None = None


def packed_rows(mask: RowMask) -> bytes:
    """The bits of a mask."""
    return np.packbits(mask.allowed).tobytes()


def encode_shaping(shaping: Shaping) -> bytes:
    """Write it in front of a request."""
    wanted = shaping.reranking or _NO_RERANKING
    return (
        _SHAPING.pack(
            _NO_MASK if shaping.mask is None else shaping.mask.number,
            _NO_ROW if shaping.similar_to is None else shaping.similar_to,
            wanted.result_count,
            wanted.diversity,
            wanted.exploration,
            wanted.by_clusters,
            len(wanted.past_rows),
        )
        + wanted.past_rows.tobytes()
    )


def decode_shaping(body: bytes, start: int) -> tuple[ArrivedShaping, int]:
    """Read it; also return where it ends.

    Raises:
        struct.error: it is cut off.
    """
    (
        mask,
        similar_to,
        count,
        diversity,
        exploration,
        by_clusters,
        past,
    ) = _SHAPING.unpack_from(body, start)
    start += _SHAPING.size
    end = start + _NUMBER_BYTES * past
    if end > len(body):
        raise struct.error("past rows run past the end")
    reranking = None
    if count:
        rows = np.frombuffer(body, np.int32, past, start)
        reranking = Reranking(count, diversity, exploration, rows, bool(by_clusters))
    similar = None if similar_to == _NO_ROW else similar_to
    return ArrivedShaping(mask, similar_to=similar, reranking=reranking), end


def encode_shaped(shaped: Shaped) -> bytes:
    """Write a ranking with what is told of each result, behind the head of its frame."""
    parts = (shaped.rows, shaped.scores, shaped.propensities, shaped.because_rows)
    return b"".join(part.tobytes() for part in parts)


@lru_cache(maxsize=1024)
def shaped_struct(count: int) -> struct.Struct:
    """The layout of so many results with what is told of each."""
    return struct.Struct(f"={count}i{count}f{count}d{count}i")

"""`items.npz`: the items known at training time, with features and popularity."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from recserve.trainer.errors import StoreError
from recserve.trainer.tables import FeatureTable, Floats, Ints, Strings


def write(
    path: Path, item_ids: Strings, features: FeatureTable, popularity: Floats, clusters: Ints
) -> None:
    """Writes the table as docs/artefact.md lays it out."""
    id_bytes, id_offsets = packed(item_ids)
    categorical_bytes, categorical_offsets = packed(features.categorical.ravel())
    multi_bytes, multi_offsets = packed(features.multi_valued.ravel())
    np.savez(
        path,
        item_id_bytes=id_bytes,
        item_id_offsets=id_offsets,
        popularity=popularity.astype(np.float32),
        numeric=features.numeric.astype(np.float32),
        categorical_bytes=categorical_bytes,
        categorical_offsets=categorical_offsets,
        multi_valued_bytes=multi_bytes,
        multi_valued_offsets=multi_offsets,
        cluster=clusters.astype(np.int32),
    )


def read_ids(path: Path) -> Strings:
    """The ids of a table that was written, str `[N]`.

    Raises:
        StoreError: If it cannot be read.
    """
    with _opened(path) as table:
        return unpacked(table["item_id_bytes"], table["item_id_offsets"])


def read_clusters(path: Path) -> dict[str, int]:
    """The cluster of each item of a table that was written; empty if it holds none.

    Raises:
        StoreError: If it cannot be read.
    """
    with _opened(path) as table:
        if "cluster" not in table:
            return {}
        ids = unpacked(table["item_id_bytes"], table["item_id_offsets"])
        return dict(zip(ids.tolist(), table["cluster"].tolist(), strict=True))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as table:
            yield table
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error) as error:
        raise StoreError(f"{path}: cannot be read ({error})") from error


def unpacked(whole: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> Strings:
    """The strings that were packed."""
    content = whole.tobytes()
    parts = [content[start:end].decode("utf-8") for start, end in pairwise(offsets)]
    strings = np.empty(len(parts), dtype=object)
    strings[:] = parts
    return strings


def packed(strings: Strings) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Strings as the bytes of all, and where each begins and ends."""
    encoded = [str(string).encode("utf-8") for string in strings]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets

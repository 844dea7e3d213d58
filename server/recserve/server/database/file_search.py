"""Looks for bytes in a file of any size."""

from pathlib import Path

PIECE_BYTES = 4 << 20


def is_in_file(wanted: bytes, path: Path) -> bool:
    """Whether bytes are anywhere in a file.

    Raises:
        OSError: the file cannot be read.
    """
    kept = b""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            if wanted in kept + piece:
                return True
            kept = piece[len(piece) - len(wanted) + 1 :] if len(wanted) > 1 else b""
    return False

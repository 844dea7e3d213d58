"""Frames of SQLite's write-ahead log (https://sqlite.org/fileformat2.html#walformat)."""

import struct
from pathlib import Path

HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24
LITTLE_ENDIAN_SUMS = 0x377F0682

Sums = tuple[int, int]


class WriteAheadLog:
    """What is committed in the file of a server that was killed.

    Args:
        path: `DATABASE-wal`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        content = path.read_bytes()
        magic, _, self.page_bytes, _, salt1, salt2, *sums = struct.unpack_from(">8I", content)
        self._order = "<" if magic == LITTLE_ENDIAN_SUMS else ">"
        self._salts = salt1, salt2
        self._sums: Sums = (sums[0], sums[1])
        self.end = HEADER_BYTES
        """Where the last commit ends."""
        self.commits = 0
        """How many there are."""
        self._walk(content)

    def frame(self, page: int, content: bytes) -> bytes:
        """A frame that would be the next commit: one page, and the database ends with it."""
        start = struct.pack(">2I", page, page)
        sums = self._checksum(start + content, self._sums)
        return start + struct.pack(">4I", *self._salts, *sums) + content

    def append(self, frame: bytes) -> None:
        """Put a frame, or a part of one, after the last commit, and nothing behind it."""
        with self.path.open("r+b") as file:
            file.truncate(self.end)
            file.seek(self.end)
            file.write(frame)

    def _walk(self, content: bytes) -> None:
        """Go on while salts and checksums hold, as SQLite does."""
        start, sums = self.end, self._sums
        size = FRAME_HEADER_BYTES + self.page_bytes
        while len(frame := content[start : start + size]) == size:
            _, is_commit, *rest = struct.unpack_from(">6I", frame)
            sums = self._checksum(frame[:8] + frame[FRAME_HEADER_BYTES:], sums)
            if (*self._salts, *sums) != tuple(rest):
                return
            start += size
            if is_commit:
                self.end, self._sums = start, sums
                self.commits += 1

    def _checksum(self, content: bytes, sums: Sums) -> Sums:
        first, second = sums
        words = struct.unpack(f"{self._order}{len(content) // 4}I", content)
        for one, two in zip(words[::2], words[1::2], strict=True):
            first = (first + one + second) & 0xFFFFFFFF
            second = (second + two + first) & 0xFFFFFFFF
        return first, second

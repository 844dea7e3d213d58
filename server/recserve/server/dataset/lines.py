"""The lines of a file."""

from collections import deque
from collections.abc import Iterable, Iterator


class Lines(Iterator[str]):
    """Lines that can be put back to be read again.

    Args:
        lines: Where they come from.

    Attributes:
        taken: The lines read since `begin`.
        number: The number of the line read last, from 1.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.number += 1
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Begins a record."""
        self.taken = []

    def put_back_all_but_first(self) -> None:
        """Puts back all lines of the record but its first."""
        self._put_back(self.taken[1:])

    def put_back_all(self) -> None:
        """Puts back all lines of the record."""
        self._put_back(self.taken)

    def _put_back(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)
        self.taken = []

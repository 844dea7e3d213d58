"""The words of a filter."""

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass


class FilterError(ValueError):
    """A filter that cannot be read.

    Args:
        position: Where, in characters from 0.
        message: What is wrong and what is allowed.
    """

    def __init__(self, position: int, message: str) -> None:
        super().__init__(f"at character {position + 1}: {message}")
        self.position = position


class Kind(enum.Enum):
    """What a word is."""

    STRING = "a string in quotes"
    WORD = "a word"
    COMPARATOR = "a comparison"
    OPEN = "("
    CLOSE = ")"
    MINUS = "-"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word, and where it stands."""

    kind: Kind
    text: str
    """As it stands; a string without its quotes and escapes."""
    position: int

    def __str__(self) -> str:
        """For people, cut short: a filter may be long."""
        if self.kind is Kind.END:
            return "the end"
        return repr(self.text if len(self.text) <= _SHOWN else f"{self.text[:_SHOWN]}…")


_SHOWN = 24
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<STRING>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<COMPARATOR><=|>=|!=|=|<|>|:)
    | (?P<OPEN>\()
    | (?P<CLOSE>\))
    | (?P<WORD>-?[0-9.][^\s()<>=!:"',]*|[^\s()<>=!:"',-][^\s()<>=!:"',]*)
    | (?P<MINUS>-)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def tokens_of(text: str) -> Iterator[Token]:
    """Cut a filter into its words; the last one is `END`.

    Raises:
        FilterError: a character belongs to no word.
    """
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise _stray(text, place)
        word = match[match.lastgroup]
        kind = Kind[match.lastgroup]
        start, place = match.start(match.lastgroup), match.end()
        if kind is Kind.STRING:
            word = _ESCAPE.sub(r"\1", word[1:-1])
        yield Token(kind, word, start)
    yield Token(Kind.END, "", end)


def _stray(text: str, place: int) -> FilterError:
    while text[place].isspace():
        place += 1
    if text[place] in "\"'":
        return FilterError(place, "the string that begins here has no closing quote")
    return FilterError(place, f"{text[place]!r} cannot stand here; put strings in double quotes")

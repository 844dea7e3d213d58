"""Results as Markdown, and the places in docs/benchmarks.md where they go."""

import re

from benchmarks.result import Result, Table


class NoPlace(Exception):
    """The document has no place of this name."""


def table(content: Table) -> str:
    """A table: the first column to the left, all others to the right."""
    marks = ("---", *("---:" for _ in content.columns[1:]))
    return "\n".join(_line(row) for row in (content.columns, marks, *content.rows))


def section(name: str, result: Result) -> str:
    """One benchmark under its heading."""
    return f"## {name}: {result.title}\n\n{body(result)}\n"


def body(result: Result) -> str:
    """Tables, then notes, without a heading."""
    parts = [table(each) for each in result.tables]
    if result.notes:
        parts.append("\n".join(f"- {note}" for note in result.notes))
    return "\n\n".join(parts)


def filled(document: str, name: str, text: str) -> str:
    """The document with the text between `<!-- figures: NAME -->` and `<!-- end -->`.

    Raises:
        NoPlace: these marks are not in it.
    """
    place = re.compile(rf"(<!-- figures: {re.escape(name)} -->\n).*?(<!-- end -->)", re.S)
    if not place.search(document):
        raise NoPlace(f"the document has no mark <!-- figures: {name} -->")
    return place.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", document)


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

"""How the words of a dataset become names of event types."""

import re

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def spelled(word: str) -> str:
    """A word as the schema would spell it: "Page-View" and "page view" become page_view."""
    return re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_")


def index_of(word: str, names: dict[str, int]) -> int | None:
    """The index of the event type that a word means, by its own spelling or the schema's."""
    found = names.get(word.lower())
    return names.get(spelled(word)) if found is None else found

"""How the words of a dataset become names of event types."""

import re

from recserve.server.schema import DeclaredSchema


def event_type_of(word: str, schema: DeclaredSchema) -> str | None:
    """Returns the event type that a word means, or None.

    Upper and lower case are the same, and whatever is no letter or digit stands for an
    underscore, unless the schema has the very word: "Page-View" is page_view. The trainer
    reads them alike.
    """
    lower = word.lower()
    spellings = (lower, re.sub(r"[^a-z0-9]+", "_", lower).strip("_"))
    return next((name for name in spellings if schema.accepts(name)), None)

"""Puts documents that the navigation does not name under "Operate", where they can be found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECTION = "Operate"
RECORDS = "adr"
"""Decision records are listed by a page of their own."""


def on_config(config: Any) -> Any:
    """Part of MkDocs: completes the navigation."""
    named = set(names(config.nav))
    folder = Path(config.docs_dir)
    found = sorted(path.relative_to(folder) for path in folder.rglob("*.md"))
    below = [str(path) for path in found if path.parts[0] != RECORDS]
    (section,) = (entry[SECTION] for entry in config.nav if SECTION in entry)
    section += [name for name in below if name not in named]
    return config


def names(nav: list[Any]) -> Iterator[str]:
    """Yield every document of a navigation."""
    for entry in nav:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            if isinstance(value, list):
                yield from names(value)
            else:
                yield value

"""Puts documents that the navigation does not name under "Operate", where they can be found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECTION = "Operate"


def on_config(config: Any) -> Any:
    """Part of MkDocs: completes the navigation."""
    named = set(names(config.nav))
    below = sorted(path.name for path in Path(config.docs_dir).glob("*.md"))
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

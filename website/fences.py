"""Reads the first word behind a fence alone: `python run` is Python (docs/development.md)."""

import re
from typing import Any

FENCE = re.compile(r"^( *```[a-z]+) [a-z ]+$", re.M)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Part of MkDocs."""
    return FENCE.sub(r"\1", markdown)

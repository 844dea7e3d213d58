"""Reads datasets piece by piece, every cell as text, so that ids stay what they are."""

from recserve.server.dataset.bad_rows import BadRows
from recserve.server.dataset.entities import Entities
from recserve.server.dataset.interactions import Interactions
from recserve.server.dataset.layout import DatasetFiles, locate, schema_file_of
from recserve.server.dataset.opening import open_text

__all__ = [
    "BadRows",
    "DatasetFiles",
    "Entities",
    "Interactions",
    "locate",
    "open_text",
    "schema_file_of",
]

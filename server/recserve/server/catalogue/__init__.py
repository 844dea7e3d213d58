"""The catalogue: the items and users with their features and availability.

`InMemoryCatalogue` is for tests, also those of programs that use recserve.
"""

from recserve.server.catalogue.interface import Catalogue, Deleted, ItemRecord, Put, UserRecord
from recserve.server.catalogue.memory import InMemoryCatalogue
from recserve.server.catalogue.sql import SqlCatalogue

__all__ = [
    "Catalogue",
    "Deleted",
    "InMemoryCatalogue",
    "ItemRecord",
    "Put",
    "SqlCatalogue",
    "UserRecord",
]

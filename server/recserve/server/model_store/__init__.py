"""The model store: which versions are there, whether they are whole, who has a label."""

from recserve.server.model_store.manifest import InvalidVersion, read_manifest
from recserve.server.model_store.opening import open_store
from recserve.server.model_store.pins import InvalidPins, Pin
from recserve.server.model_store.rollbacks import Rollback
from recserve.server.model_store.store import ModelStore

__all__ = [
    "InvalidPins",
    "InvalidVersion",
    "ModelStore",
    "Pin",
    "Rollback",
    "open_store",
    "read_manifest",
]

"""The model store that the settings name."""

from typing import TYPE_CHECKING

from recserve.server.model_store.limits import VersionLimits
from recserve.server.model_store.location import StoreUrl
from recserve.server.model_store.mirror import MirroredModelStore
from recserve.server.model_store.objects import Objects
from recserve.server.model_store.store import ModelStore

if TYPE_CHECKING:
    from recserve.server.settings import Settings


def open_store(settings: "Settings") -> ModelStore:
    """A folder's, or one with a mirror; nothing is read or connected to yet."""
    limits = VersionLimits.of(settings)
    if not isinstance(settings.store, StoreUrl):
        return ModelStore(settings.model_folder, limits)
    return MirroredModelStore(
        settings.model_folder,
        Objects(StoreUrl(f"{settings.store}/{settings.model}")),
        cache_bytes=settings.store_cache_bytes,
        limits=limits,
    )

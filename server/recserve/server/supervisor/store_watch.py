"""Notices new and changed versions in the model store."""

import asyncio
from collections.abc import Callable, Collection

from recserve.server import logs
from recserve.server.model_store import ModelStore

INTERVAL_SECONDS = 1.0


class StoreWatch:
    """Looks at the store about once a second.

    A timed look is right here: a store may be on a network file system, where no notification
    of the kernel arrives, and looking at a few folders costs microseconds.

    Args:
        store: The store.
        on_change: Called with all versions in it, and with those that were there before and whose
            files have changed since, also those that were gone meanwhile.
    """

    def __init__(
        self,
        store: ModelStore,
        on_change: Callable[[tuple[int, ...], Collection[int]], None],
    ) -> None:
        self._store = store
        self._on_change = on_change
        self._log = logs.get("store")

    async def run(self) -> None:
        """Watch for ever."""
        known: dict[int, tuple[int, int, int]] | None = None
        ever: dict[int, tuple[int, int, int]] = {}
        trouble = ""
        while True:
            try:
                found = await asyncio.to_thread(self._store.fingerprints)
            except OSError as error:  # files that vanish while we look, or a lost mount
                if str(error) != trouble:  # said once, not every second
                    trouble = str(error)
                    self._log.warning("the store cannot be read", error=trouble)
            else:
                trouble = ""
                if found != known:
                    changed = {n for n, print_ in found.items() if ever.get(n, print_) != print_}
                    known = found
                    ever |= found
                    self._on_change(tuple(found), changed)
            await asyncio.sleep(INTERVAL_SECONDS)

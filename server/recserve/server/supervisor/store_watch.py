"""Notices new versions in the model store."""

import asyncio
from collections.abc import Callable

from recserve.server import logs
from recserve.server.model_store import ModelStore

INTERVAL_SECONDS = 1.0


class StoreWatch:
    """Looks at the store about once a second.

    A timed look is right here: a store may be on a network file system, where no notification
    of the kernel arrives, and listing one folder costs microseconds.
    """

    def __init__(self, store: ModelStore, on_change: Callable[[tuple[int, ...]], None]) -> None:
        self._store = store
        self._on_change = on_change
        self._log = logs.get("store")

    async def run(self) -> None:
        """Watch for ever."""
        known: tuple[int, ...] | None = None
        failing = False
        while True:
            try:
                found = tuple(await asyncio.to_thread(self._store.versions))
            except OSError as error:
                if not failing:  # say it once, not every second
                    self._log.error("the store cannot be read; looking again", error=str(error))
                failing = True
            else:
                failing = False
                if found != known:
                    known = found
                    self._on_change(found)
            await asyncio.sleep(INTERVAL_SECONDS)

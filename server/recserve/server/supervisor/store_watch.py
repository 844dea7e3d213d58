"""Notices new and changed versions, and moved labels, in the model store."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from recserve.server import logs
from recserve.server.model_store import InvalidPins, InvalidVersion, ModelStore, Pin, Rollback
from recserve.server.promotion import Destination, destination

INTERVAL_SECONDS = 1.0
LONGEST_SECONDS = 60.0
"""Between two looks at a store that cannot be read."""


@dataclass(frozen=True, slots=True)
class StoreView:
    """The store as it was at one look."""

    versions: tuple[int, ...] = ()
    changed: frozenset[int] = frozenset()
    """Versions that were there before, also if gone meanwhile, and whose files have changed."""
    bound: Mapping[int, Destination] = field(default_factory=dict)
    """Where each version whose manifest can be read is bound for."""
    pins: Mapping[str, Pin] = field(default_factory=dict)
    rollbacks: Mapping[int, Rollback] = field(default_factory=dict)
    """Versions that a server took a label from."""


class StoreWatch:
    """Looks at the store about once a second.

    A timed look is right here: a store may be on a network file system, where no notification
    of the kernel arrives, and looking at a few folders costs microseconds.

    Args:
        store: The store.
        on_change: Called with what is there at the first look, and whenever that has changed.
        interval_seconds: Between two looks, where each costs money. Default: about a second.
    """

    def __init__(
        self,
        store: ModelStore,
        on_change: Callable[[StoreView], None],
        interval_seconds: float | None = None,
    ) -> None:
        self._interval_seconds = interval_seconds
        self._store = store
        self._on_change = on_change
        self._prints: dict[int, tuple[int, int, int]] = {}
        """Of every version that was ever there."""
        self._bound: dict[int, Destination] = {}
        self._pins: Mapping[str, Pin] = {}
        self._trouble = self._spoilt = ""
        self._looking = asyncio.Lock()
        self._log = logs.get("store")

    async def run(self) -> None:
        """Watch for ever."""
        last: StoreView | None = None
        failures = 0
        while True:
            try:
                view = await self.look()
            except OSError as error:  # files that vanish while we look, or a lost mount
                failures += 1
                self._warn("the store cannot be read", error)
            except Exception:  # whatever it is, versions that come later must be seen
                self._log.exception("looking at the store failed")
            else:
                if failures:
                    self._log.info("the store can be read again", failed_looks=failures)
                failures = 0
                if last is None or view.changed or view != last:
                    self._on_change(view)
                last = replace(view, changed=frozenset())
            interval = (
                INTERVAL_SECONDS if self._interval_seconds is None else self._interval_seconds
            )
            # One that is away is asked less and less often, for it may have too much to do.
            await asyncio.sleep(
                min(interval * 2 ** min(failures, 8), max(interval, LONGEST_SECONDS))
            )

    async def look(self) -> StoreView:
        """Look once, now.

        Raises:
            OSError: the store cannot be read.
        """
        async with self._looking:
            return await asyncio.to_thread(self._look)

    def _look(self) -> StoreView:
        found = self._store.fingerprints()
        new = {n for n, print_ in found.items() if self._prints.get(n) != print_}
        changed = frozenset(new & self._prints.keys())
        self._prints |= found
        for version in found:
            if version in new or version not in self._bound:  # what could not be read may be now
                self._read_manifest(version)
        self._read_pins()
        bound = {version: self._bound[version] for version in found if version in self._bound}
        self._trouble = ""
        return StoreView(tuple(found), changed, bound, self._pins, self._store.rollbacks())

    def _read_manifest(self, version: int) -> None:
        """Note where a version is bound for. One that cannot be read is tried, and refused."""
        self._bound.pop(version, None)
        try:
            self._bound[version] = found = destination(self._store.manifest(version))
        except InvalidVersion:
            return
        if found.reason:
            self._log.info("version is not promoted", version=version, reason=found.reason)

    def _read_pins(self) -> None:
        """Note where operators put labels; a file that was spoilt changes nothing."""
        try:
            self._pins = self._store.pins()
            self._spoilt = ""
        except InvalidPins as error:
            if str(error) != self._spoilt:
                self._spoilt = str(error)
                self._log.error("the labels stay as they are", error=self._spoilt)

    def _warn(self, event: str, error: Exception) -> None:
        if str(error) != self._trouble:  # said once, not every second
            self._trouble = str(error)
            self._log.warning(event, error=self._trouble)

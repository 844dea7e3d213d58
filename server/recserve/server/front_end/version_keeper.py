"""Makes the front end's versions what the supervisor says they are."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from recserve.server import logs
from recserve.server.engine.admission import Admission
from recserve.server.engine.arrays import BoolArray
from recserve.server.engine.contract import EngineUnavailable
from recserve.server.engine.link import EngineLink
from recserve.server.front_end.version_states import Standing, VersionStates
from recserve.server.item_table import ItemTable, ItemTableError
from recserve.server.model_store import InvalidVersion, ModelStore
from recserve.server.recommending.versions import ServedVersion, ServedVersions
from recserve.v1 import model_pb2

_STATES = {
    "AVAILABLE": model_pb2.MODEL_VERSION_STATE_AVAILABLE,
    "LOADING": model_pb2.MODEL_VERSION_STATE_LOADING,
    "SERVING": model_pb2.MODEL_VERSION_STATE_SERVING,
    "DRAINING": model_pb2.MODEL_VERSION_STATE_DRAINING,
    "FAILED": model_pb2.MODEL_VERSION_STATE_FAILED,
}


@dataclass(frozen=True, slots=True)
class WantedVersion:
    """One version as the supervisor describes it."""

    number: int
    state: str
    """Name of a `ModelVersionState` without its prefix."""
    socket: str = ""
    """Path of its engine's socket; empty while there is none."""
    labels: tuple[str, ...] = ()
    error: str = ""
    rollback: str = ""
    """Why its label was taken back; empty if it was not."""

    @property
    def is_served(self) -> bool:
        """Whether calls are answered from it: with an engine, or by its popularity.

        One whose engine was given up has a label only where nothing else can be served.
        """
        return self.state in ("LOADING", "SERVING") or (
            self.state == "FAILED" and bool(self.labels)
        )

    def standing(self) -> Standing:
        """The same for ModelService."""
        return Standing(_STATES[self.state], tuple(self.labels), self.error, self.rollback)


class VersionKeeper:
    """Loads item tables and connects to engines as told; one change at a time.

    Args:
        store: Where the versions lie.
        versions: What the recommender asks; kept up to date.
        states: What ModelService shows; kept up to date.
        admission: Makes what decides which requests one engine takes.
        on_change: Called after each change.
    """

    def __init__(
        self,
        *,
        store: ModelStore,
        versions: ServedVersions,
        states: VersionStates,
        admission: Callable[[], Admission],
        on_change: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._versions = versions
        self._states = states
        self._admission = admission
        self._on_change = on_change
        self.on_released: Callable[[str], None] = lambda _socket: None
        """Called with an engine's socket when no call needs that engine any more."""
        self.warm_up: Callable[[ServedVersion], Awaitable[None]] = _no_warm_up
        """Called with a version whose engine is new to us, before anybody asks it."""
        self.on_removed: Callable[[int], None] = lambda _number: None
        """Called with a version that is not served any more."""
        self._links: dict[str, EngineLink] = {}
        self._served: set[int] = set()
        self._reconnecting: set[asyncio.Task[None]] = set()
        self._unavailable: Collection[str] = ()
        self._available: dict[int, BoolArray] = {}
        """By version, which rows its engine may return; made when it is first told."""
        self._told = 0
        """Times that engines were told so."""
        self._changing = asyncio.Lock()
        self._log = logs.get("versions")

    @property
    def is_warm(self) -> bool:
        """Whether the stable version's engine answers."""
        stable = self._versions.stable
        return stable is not None and stable.engine is not None

    async def follow(self, wanted: list[dict[str, Any]]) -> None:
        """Make the versions what the supervisor wants them to be."""
        async with self._changing:
            await self._follow(wanted)

    async def _follow(self, wanted: list[dict[str, Any]]) -> None:
        targets = [WantedVersion(**each) for each in wanted]
        served = {target.number for target in targets if target.is_served}
        for target in targets:
            if target.is_served:
                await self._serve(target)
        self._move_labels({label: target.number for target in targets for label in target.labels})
        for number in self._served - served:
            self._versions.remove(number)
            self._available.pop(number, None)
            self.on_removed(number)
        self._served = served
        self._drop_links({target.socket for target in targets if target.is_served})
        self._states.replace({target.number: target.standing() for target in targets})
        await self._on_change()

    def _move_labels(self, wanted: dict[str, int]) -> None:
        """Move labels, but only to what is there: one that could not be read changes nothing."""
        for label in self._versions.labels - wanted.keys():
            self._versions.drop_label(label)
        for label, number in wanted.items():
            if self._versions.get(number) is not None:
                self._versions.set_label(label, number)

    def set_unavailable(self, item_ids: Collection[str]) -> None:
        """Tell every engine which items may not be returned at all."""
        self._unavailable = item_ids
        self._available.clear()
        self._tell(self._versions)

    def change_available(self, item_ids: Iterable[str]) -> None:
        """Tell every engine what has become of some items, now that it is known.

        Args:
            item_ids: Those that came into what `set_unavailable` was given, or went out of it.
        """
        changed = tuple(item_ids)
        for version in self._versions:
            if version.number in self._available:
                self._mark(version, changed)
        self._tell(self._versions)

    def _tell(self, versions: Iterable[ServedVersion]) -> None:
        self._told += 1
        for version in versions:
            if version.engine is not None:
                version.engine.set_available(self._available_rows(version))

    def _available_rows(self, version: ServedVersion) -> BoolArray:
        """A copy: engines may keep it."""
        if version.number not in self._available:
            rows = version.items.rows
            available = self._available[version.number] = np.ones(len(version.items), np.bool_)
            available[[rows[each] for each in self._unavailable if each in rows]] = False
        return self._available[version.number].copy()

    def _mark(self, version: ServedVersion, item_ids: Iterable[str]) -> None:
        rows, available = version.items.rows, self._available[version.number]
        for item_id in item_ids:
            row = rows.get(item_id)
            if row is not None:
                available[row] = item_id not in self._unavailable

    def close(self) -> None:
        """Let go of every engine."""
        for link in self._links.values():
            link.on_lost = None
            link.close()
        self._links.clear()

    async def _serve(self, target: WantedVersion) -> None:
        version = self._versions.get(target.number) or await self._load(target.number)
        if version is None:
            return
        engine = await self._connect(target.socket, version) if target.socket else None
        self._versions.put(replace(version, engine=engine))

    async def _load(self, number: int) -> ServedVersion | None:
        try:
            manifest = await asyncio.to_thread(self._store.manifest, number)
            path = self._store.folder(number) / "items.npz"
            items = await asyncio.to_thread(_read_items, path)
        except (InvalidVersion, ItemTableError) as error:
            self._log.error("version cannot be read", version=number, error=str(error))
            return None
        return ServedVersion.of(manifest, items)

    async def _connect(self, socket: str, version: ServedVersion) -> EngineLink | None:
        link = self._links.get(socket)
        if link is None:
            try:
                link = await EngineLink.connect(Path(socket), self._admission())
            except EngineUnavailable:
                return None  # it died meanwhile: the supervisor will say what comes next
            link.on_lost = partial(self._lost, socket)
            self._available.pop(version.number, None)  # it may not have been among ours
            link.set_available(self._available_rows(version))
            self._links[socket] = link
            told = self._told
            await self.warm_up(replace(version, engine=link))
            if self._told != told:  # the version was not among ours meanwhile
                self._available.pop(version.number, None)
                link.set_available(self._available_rows(version))
        return link if link.alive else None

    def _lost(self, socket: str, link: EngineLink) -> None:
        """A connection broke, most likely with its engine: answer by fallback meanwhile."""
        del self._links[socket]
        for version in list(self._versions):
            if version.engine is link:
                self._log.warning("engine lost", version=version.number)
                self._versions.put(replace(version, engine=None))
                task = asyncio.ensure_future(self._reconnect(version.number, socket))
                self._reconnecting.add(task)
                task.add_done_callback(self._reconnecting.discard)

    async def _reconnect(self, number: int, socket: str) -> None:
        """Try the engine once more; if it has died, the supervisor will have another."""
        await self._on_change()
        async with self._changing:
            version = self._versions.get(number)
            if version is not None and version.engine is None:
                engine = await self._connect(socket, version)
                if engine is not None:
                    self._versions.put(replace(version, engine=engine))
                    await self._on_change()

    def _drop_links(self, wanted: set[str]) -> None:
        for socket in self._links.keys() - wanted:
            link = self._links.pop(socket)
            link.on_lost = partial(self._released, socket)
            link.release()

    def _released(self, socket: str, _link: EngineLink) -> None:
        self.on_released(socket)


async def _no_warm_up(version: ServedVersion) -> None:
    del version


def _read_items(path: Path) -> ItemTable:
    """On a thread, and with its look-ups: for a million items they take half a second."""
    items = ItemTable.read(path)
    items.build_lookups()
    return items

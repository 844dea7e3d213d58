"""Which versions should be served under which labels, as a stateless policy over a snapshot.

The policy only decides; `Versions` acts, and asks again whenever something has changed. So a
table of snapshots tests it, and it cannot get out of step with the world.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from recserve.server.labels import CANARY, SHADOW, STABLE
from recserve.server.model_store import Pin


class EnginePhase(enum.Enum):
    """Where the engine of a version is in its life."""

    VERIFYING = "verifying"
    STARTING = "starting"
    READY = "ready"
    STOPPED = "stopped"
    """It died, and may be started again now."""
    WAITING = "waiting"
    """It died, and has to wait before the next start."""
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The world as the supervisor sees it."""

    stored: tuple[int, ...] = ()
    """Versions in the store."""
    refused: frozenset[int] = frozenset()
    """Versions whose files are not as they should be: nothing is answered from them."""
    failing: frozenset[int] = frozenset()
    """Versions whose engine never loads or keeps dying. Where nothing else can be served, their
    popularity answers."""
    engines: Mapping[int, EnginePhase] = field(default_factory=dict)
    """Versions with an engine, or that had one and shall have it again."""
    labels: Mapping[str, int] = field(default_factory=dict)
    """The labels as they are, each with the version that carries it."""
    bound: Mapping[int, str | None] = field(default_factory=dict)
    """The label that a version is bound for by its manifest; one not named here: stable."""
    pins: Mapping[str, Pin] = field(default_factory=dict)
    """Where operators put labels, and up to which version they had seen."""
    requested: Mapping[str, int] = field(default_factory=dict)
    """Labels that are being moved on request."""
    keep_versions: int = 0
    """How many of the newest usable versions stay in the store in any case; 0: all stay."""
    before_stable: int | None = None
    """The version that was stable before the one that is, as far as that is known."""
    in_use: frozenset[int] = frozenset()
    """Versions that are needed for another reason, such as a training that begins from them."""

    @property
    def usable(self) -> set[int]:
        """Versions that could be served."""
        return set(self.stored) - self.refused - self.failing


@dataclass(frozen=True, slots=True)
class StartEngine:
    """Verify a version, and start an engine for it."""

    version: int


@dataclass(frozen=True, slots=True)
class MoveLabel:
    """Move a label to a version."""

    label: str
    version: int


@dataclass(frozen=True, slots=True)
class DropLabel:
    """Take a label off the version that carries it."""

    label: str


@dataclass(frozen=True, slots=True)
class StopEngine:
    """Drain and stop a version's engine, and forget it."""

    version: int


@dataclass(frozen=True, slots=True)
class DeleteVersion:
    """Remove a version from the store."""

    version: int


Action = StartEngine | MoveLabel | DropLabel | StopEngine | DeleteVersion


def decide(snapshot: Snapshot) -> list[Action]:
    """Say what to do next.

    A label moves only to a version whose engine is ready, and the engine of the version before
    stops only after that. Where nothing is stable, a version is stable as soon as it is verified,
    so that its popularity answers while the engine warms up. Versions are deleted when every label
    is where it belongs, and the stable version is ready.
    """
    wanted = wanted_labels(snapshot)
    held = {name: at for name, at in snapshot.labels.items() if at not in snapshot.refused}
    moves = [
        MoveLabel(label, version)
        for label, version in wanted.items()
        if held.get(label) != version
        and snapshot.engines.get(version) in _enough(label, is_held=label in held)
    ]
    drops = [DropLabel(label) for label in snapshot.labels if label not in wanted]
    keep = {*wanted.values(), *(at for name, at in held.items() if name in wanted)}
    starts = [
        StartEngine(version)
        for version in sorted(keep)
        if snapshot.engines.get(version, EnginePhase.STOPPED) is EnginePhase.STOPPED
    ]
    stops = [
        StopEngine(version)
        for version, phase in sorted(snapshot.engines.items())
        if version not in keep | snapshot.failing and phase is not EnginePhase.DRAINING
    ]
    deletes = [DeleteVersion(version) for version in _superfluous(snapshot, wanted)]
    return [*starts, *moves, *drops, *stops, *deletes]


def wanted_labels(snapshot: Snapshot) -> dict[str, int]:
    """Say which version each label belongs to, once it is ready.

    A version that is stable carries no other label: a canary that became stable has arrived.
    """
    stable = _requested_or_bound(STABLE, snapshot) or _last_resort(snapshot) or _failing(snapshot)
    wanted = {} if stable is None else {STABLE: stable}
    for label in (CANARY, SHADOW):
        version = _requested_or_bound(label, snapshot, above=stable or 0)
        if version is not None and version != stable:
            wanted[label] = version
    return wanted


def _requested_or_bound(label: str, snapshot: Snapshot, above: int = 0) -> int | None:
    """By whose will, in this order: a request, a newer version's training, an earlier request."""
    usable = snapshot.usable
    requested, pin = snapshot.requested.get(label), snapshot.pins.get(label)
    if requested in usable:
        return requested
    after = max(above, pin.seen if pin else 0)
    bound = [n for n in usable if n > after and snapshot.bound.get(n, STABLE) == label]
    return max(bound, default=pin.version if pin and pin.version in usable else None)


def _last_resort(snapshot: Snapshot) -> int | None:
    """Nothing that should be stable can be: keep what is, or go back to an older version."""
    stable, pin = snapshot.labels.get(STABLE), snapshot.pins.get(STABLE)
    if stable is not None and stable not in snapshot.refused | snapshot.failing:
        return stable
    older = [n for n in snapshot.usable if pin and n < pin.version]
    meant = [n for n in older if snapshot.bound.get(n, STABLE) == STABLE]
    return max(meant or older, default=None)


def _failing(snapshot: Snapshot) -> int | None:
    """Nothing else can be stable: the one that is, or else the one that would be."""
    stable = snapshot.labels.get(STABLE)
    if stable in snapshot.failing:
        return stable
    hoped = replace(snapshot, failing=frozenset())
    return _requested_or_bound(STABLE, hoped) or _last_resort(hoped)


def _superfluous(snapshot: Snapshot, wanted: Mapping[str, int]) -> list[int]:
    """The versions that nobody needs, oldest first; none before every label is where it belongs."""
    stable = snapshot.labels.get(STABLE)
    newest = sorted(snapshot.usable, reverse=True)[: snapshot.keep_versions]
    is_ready = stable is not None and snapshot.engines.get(stable) is EnginePhase.READY
    if not newest or not is_ready or snapshot.labels != wanted:
        return []
    needed = {
        *wanted.values(),
        *_stable_before(wanted[STABLE], snapshot),
        *snapshot.requested.values(),
        *(pin.version for pin in snapshot.pins.values()),
        *(snapshot.engines.keys() - snapshot.failing),
        *snapshot.in_use,
    }
    return [n for n in sorted(snapshot.stored) if n < newest[-1] and n not in needed]


def _stable_before(stable: int, snapshot: Snapshot) -> set[int]:
    """The version to go back to. Where that is not known, those that it may have been."""
    if snapshot.before_stable in snapshot.usable:
        return {snapshot.before_stable}
    others = snapshot.usable - {stable}
    meant = {n for n in others if snapshot.bound.get(n, STABLE) == STABLE} or others
    older = {n for n in meant if n < stable}
    return {max(each) for each in (meant, older) if each}


def _enough(label: str, *, is_held: bool) -> tuple[EnginePhase, ...]:
    return _ANSWERS if label == STABLE and not is_held else _REPLACES


_REPLACES = (EnginePhase.READY,)
_ANSWERS = (EnginePhase.STARTING, EnginePhase.READY, EnginePhase.STOPPED, EnginePhase.WAITING)

"""Which version should be served, as a stateless policy over a snapshot.

The policy only decides; the supervisor acts, and asks again whenever something has changed. So
a table of snapshots tests it, and it cannot get out of step with the world.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


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
    """Versions that failed to verify or to load."""
    engines: Mapping[int, EnginePhase] = field(default_factory=dict)
    """Versions with an engine, or that had one and shall have it again."""
    stable: int | None = None
    """The version labelled stable."""


@dataclass(frozen=True, slots=True)
class StartEngine:
    """Verify a version, and start an engine for it."""

    version: int


@dataclass(frozen=True, slots=True)
class MakeStable:
    """Move the label stable to a version."""

    version: int


@dataclass(frozen=True, slots=True)
class StopEngine:
    """Drain and stop a version's engine, and forget it."""

    version: int


Action = StartEngine | MakeStable | StopEngine


def decide(snapshot: Snapshot) -> list[Action]:
    """Say what to do next: serve the newest usable version, and only it.

    The old version goes only after the new one is stable, and the new one becomes stable only
    when its engine is ready. Where nothing serves, it is stable as soon as it is verified, so
    that its popularity answers while the engine warms up.
    """
    usable = [number for number in snapshot.stored if number not in snapshot.refused]
    newest = max(usable, default=snapshot.stable)
    stable = None if snapshot.stable in snapshot.refused else snapshot.stable
    keep = {newest, stable} - snapshot.refused - {None}
    actions: list[Action] = [
        StartEngine(number)
        for number in sorted(number for number in keep if number is not None)
        if snapshot.engines.get(number, EnginePhase.STOPPED) is EnginePhase.STOPPED
    ]
    if newest is not None and newest != stable and newest in keep:
        ready_enough = _REPLACES if stable is not None else _ANSWERS
        if snapshot.engines.get(newest) in ready_enough:
            actions.append(MakeStable(newest))
    return actions + [
        StopEngine(number)
        for number, phase in sorted(snapshot.engines.items())
        if number not in keep and phase is not EnginePhase.DRAINING
    ]


_REPLACES = (EnginePhase.READY,)
_ANSWERS = (EnginePhase.STARTING, EnginePhase.READY, EnginePhase.STOPPED, EnginePhase.WAITING)

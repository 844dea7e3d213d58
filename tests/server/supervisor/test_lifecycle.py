"""Which version is served, as a table of snapshots and as a simulated life."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.supervisor.lifecycle import (
    Action,
    EnginePhase,
    MakeStable,
    Snapshot,
    StartEngine,
    StopEngine,
    decide,
)

VERIFYING, STARTING, READY, STOPPED, WAITING, DRAINING = EnginePhase
Start, Stable, Stop = StartEngine, MakeStable, StopEngine
Engines = dict[int, EnginePhase]


def world(
    *stored: int,
    engines: Engines | None = None,
    stable: int | None = None,
    refused: tuple[int, ...] = (),
) -> Snapshot:
    return Snapshot(stored, frozenset(refused), engines or {}, stable)


CASES: dict[str, tuple[Snapshot, list[Action]]] = {
    "an empty store": (world(), []),
    "the first version is started": (world(1), [Start(1)]),
    "of several only the newest is started": (world(1, 2, 3), [Start(3)]),
    "while it is verified nothing more happens": (world(1, engines={1: VERIFYING}), []),
    "the first is stable as soon as it is verified": (world(1, engines={1: STARTING}), [Stable(1)]),
    "a ready version without a stable one becomes it": (world(1, engines={1: READY}), [Stable(1)]),
    "nothing to do": (world(1, engines={1: READY}, stable=1), []),
    "a newer version is started beside the stable one": (
        world(1, 2, engines={1: READY}, stable=1),
        [Start(2)],
    ),
    "a newer version is not stable while it starts": (
        world(1, 2, engines={1: READY, 2: STARTING}, stable=1),
        [],
    ),
    "nor while it waits to be started again": (
        world(1, 2, engines={1: READY, 2: WAITING}, stable=1),
        [],
    ),
    "a newer version that is ready replaces the stable one": (
        world(1, 2, engines={1: READY, 2: READY}, stable=1),
        [Stable(2)],
    ),
    "then the old one is stopped": (
        world(1, 2, engines={1: READY, 2: READY}, stable=2),
        [Stop(1)],
    ),
    "one that drains is not stopped twice": (
        world(1, 2, engines={1: DRAINING, 2: READY}, stable=2),
        [],
    ),
    "a refused version is not started": (world(1, 2, refused=(2,)), [Start(1)]),
    "a refused newest leaves the stable one": (
        world(1, 2, engines={1: READY}, stable=1, refused=(2,)),
        [],
    ),
    "a version that is overtaken while it starts is stopped": (
        world(1, 2, 3, engines={1: READY, 2: STARTING}, stable=1),
        [Start(3), Stop(2)],
    ),
    "a dead stable engine is started again": (world(1, engines={1: STOPPED}, stable=1), [Start(1)]),
    "but not before its wait is over": (world(1, engines={1: WAITING}, stable=1), []),
    "a dead stable engine is started again beside a newer one": (
        world(1, 2, engines={1: STOPPED, 2: STARTING}, stable=1),
        [Start(1)],
    ),
    "a refused stable version gives way to an older one": (
        world(1, 2, refused=(2,), stable=2),
        [Start(1)],
    ),
    "which is stable as soon as it is verified": (
        world(1, 2, engines={1: STARTING}, refused=(2,), stable=2),
        [Stable(1)],
    ),
    "a stable version whose folder is gone goes on serving": (
        world(engines={1: READY}, stable=1),
        [],
    ),
    "an older one replaces it, being the newest there is": (
        world(1, engines={1: READY, 2: READY}, stable=2),
        [Stable(1)],
    ),
    "a drained version that is wanted again has to end first": (
        world(1, engines={1: DRAINING}, stable=1),
        [],
    ),
    "all refused": (world(1, 2, refused=(1, 2), stable=2), []),
}


@pytest.mark.parametrize("case", CASES)
def test_the_policy_decides(case: str) -> None:
    snapshot, actions = CASES[case]
    assert decide(snapshot) == actions


class Simulation:
    """A world that does what the policy says, and in which anything may happen meanwhile."""

    def __init__(self) -> None:
        self.stored: set[int] = set()
        self.refused: set[int] = set()
        self.engines: Engines = {}
        self.stable: int | None = None
        self.served = False
        """Whether a stable version was ever ready."""

    def reconcile(self) -> None:
        for _ in range(10):
            actions = decide(self.snapshot())
            for action in actions:
                self.act(action)
            if not actions:
                return
            self.check()
        raise AssertionError("the policy never comes to rest")

    def snapshot(self) -> Snapshot:
        return Snapshot(
            tuple(self.stored), frozenset(self.refused), dict(self.engines), self.stable
        )

    def act(self, action: Action) -> None:
        match action:
            case StartEngine(version):
                known = version in self.engines
                self.engines[version] = STARTING if known else VERIFYING
            case MakeStable(version):
                assert version not in self.refused
                self.stable = version
            case StopEngine(version):
                assert version != self.stable
                self.engines[version] = DRAINING

    def advance(self, version: int, *, fails: bool) -> None:
        """One engine takes its next step, good or bad."""
        phase = self.engines[version]
        if phase is DRAINING:
            del self.engines[version]
        elif fails and phase in (VERIFYING, STARTING) and version != self.stable:
            del self.engines[version]
            self.refused.add(version)
        elif fails and phase is not WAITING:
            self.engines[version] = WAITING  # a crash
        else:
            steps = {VERIFYING: STARTING, STARTING: READY, WAITING: STOPPED}
            self.engines[version] = steps.get(phase, phase)

    def check(self) -> None:
        if self.stable is not None and self.engines.get(self.stable) is READY:
            self.served = True
        if self.served:
            assert self.stable is not None
            assert self.stable not in self.refused
            assert self.stable in self.engines, "an engine of the stable version lives or returns"


@given(st.data())
def test_it_always_ends_with_the_newest_usable_version_alone_and_never_with_none_between(
    data: st.DataObject,
) -> None:
    world = Simulation()
    for _ in range(data.draw(st.integers(0, 40))):
        if data.draw(st.booleans()) or not world.engines:
            world.stored.add(data.draw(st.integers(1, 8)))
        else:
            version = data.draw(st.sampled_from(sorted(world.engines)))
            world.advance(version, fails=data.draw(st.booleans()))
        world.reconcile()
        world.check()
    for _ in range(50):  # from here on all goes well
        for version in list(world.engines):
            world.advance(version, fails=False)
        world.reconcile()
        world.check()
    newest = max(world.stored - world.refused, default=None)
    assert world.stable == newest
    assert world.engines == ({} if newest is None else {newest: READY})

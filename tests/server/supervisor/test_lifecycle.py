"""Which versions are served, as a table of snapshots and as a simulated life."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recserve.server.labels import CANARY, SHADOW, STABLE
from recserve.server.model_store import Pin
from recserve.server.supervisor.lifecycle import (
    Action,
    DeleteVersion,
    DropLabel,
    EnginePhase,
    MoveLabel,
    Snapshot,
    StartEngine,
    StopEngine,
    decide,
)

VERIFYING, STARTING, READY, STOPPED, WAITING, DRAINING = EnginePhase
Start, Move, Drop, Stop = StartEngine, MoveLabel, DropLabel, StopEngine
Delete = DeleteVersion
Engines = dict[int, EnginePhase]


def world(
    *stored: int,
    engines: Engines | None = None,
    stable: int | None = None,
    refused: tuple[int, ...] = (),
    canary: int | None = None,
    bound: dict[int, str | None] | None = None,
    pins: dict[str, Pin] | None = None,
    requested: dict[str, int] | None = None,
    failing: tuple[int, ...] = (),
    shadow: int | None = None,
    keep: int = 0,
    before: int | None = None,
    in_use: tuple[int, ...] = (),
) -> Snapshot:
    labels = {STABLE: stable, CANARY: canary, SHADOW: shadow}
    return Snapshot(
        stored=stored,
        refused=frozenset(refused),
        engines=engines or {},
        labels={label: version for label, version in labels.items() if version is not None},
        bound=bound or {},
        pins=pins or {},
        requested=requested or {},
        failing=frozenset(failing),
        keep_versions=keep,
        before_stable=before,
        in_use=frozenset(in_use),
    )


def Stable(version: int) -> MoveLabel:  # noqa: N802  # reads like the other actions
    return Move(STABLE, version)


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
    "all refused": (world(1, 2, refused=(1, 2), stable=2), [Drop(STABLE)]),
    "a version that is bound for no label stays where it is": (
        world(1, 2, engines={1: READY}, stable=1, bound={2: None}),
        [],
    ),
    "a canary is started beside the stable version": (
        world(1, 2, engines={1: READY}, stable=1, bound={2: CANARY}),
        [Start(2)],
    ),
    "and gets its label when it is ready": (
        world(1, 2, engines={1: READY, 2: READY}, stable=1, bound={2: CANARY}),
        [Move(CANARY, 2)],
    ),
    "but not before": (
        world(1, 2, engines={1: READY, 2: STARTING}, stable=1, bound={2: CANARY}),
        [],
    ),
    "a canary older than the stable version is over": (
        world(1, 2, 3, engines={2: READY, 3: READY}, stable=3, canary=2, bound={2: CANARY}),
        [Drop(CANARY), Stop(2)],
    ),
    "a roll-back starts the older version": (
        world(1, 2, engines={2: READY}, stable=2, requested={STABLE: 1}),
        [Start(1)],
    ),
    "and moves the label when it is ready": (
        world(1, 2, engines={1: READY, 2: READY}, stable=2, requested={STABLE: 1}),
        [Stable(1)],
    ),
    "what was rolled back from stays back": (
        world(1, 2, engines={1: READY}, stable=1, pins={STABLE: Pin(1, seen=2)}),
        [],
    ),
    "also after a restart": (world(1, 2, pins={STABLE: Pin(1, seen=2)}), [Start(1)]),
    "a version that is newer than a roll-back becomes stable": (
        world(1, 2, 3, engines={1: READY, 3: READY}, stable=1, pins={STABLE: Pin(1, seen=2)}),
        [Stable(3)],
    ),
    "unless it is refused": (
        world(1, 2, 3, engines={1: READY}, stable=1, pins={STABLE: Pin(1, 2)}, refused=(3,)),
        [],
    ),
    "a pinned version that is refused gives way to an older one": (
        world(1, 2, 3, pins={STABLE: Pin(2, seen=3)}, refused=(2,)),
        [Start(1)],
    ),
    "nor to one that its training did not mean to be stable": (
        world(1, 2, 3, pins={STABLE: Pin(3, seen=3)}, refused=(3,), bound={2: None}),
        [Start(1)],
    ),
    "unless there is no other": (
        world(2, 3, pins={STABLE: Pin(3, seen=3)}, refused=(3,), bound={2: None}),
        [Start(2)],
    ),
    "a request for a refused version changes nothing": (
        world(1, 2, engines={1: READY}, stable=1, refused=(2,), requested={STABLE: 2}),
        [],
    ),
    "a canary that becomes stable has arrived": (
        world(
            *(1, 2),
            engines={1: READY, 2: READY},
            stable=1,
            canary=2,
            requested={STABLE: 2},
            bound={2: CANARY},
        ),
        [Stable(2), Drop(CANARY)],
    ),
    "a shadow may be older than the stable version": (
        world(1, 2, engines={2: READY, 1: READY}, stable=2, pins={SHADOW: Pin(1, seen=2)}),
        [Move(SHADOW, 1)],
    ),
    "a label that was taken off stays off": (
        world(1, 2, engines={1: READY}, stable=1, bound={2: CANARY}, pins={CANARY: Pin(0, 2)}),
        [],
    ),
    "a roll-back to the version that is the canary": (
        world(1, 2, engines={1: READY, 2: READY}, stable=2, canary=1, requested={STABLE: 1}),
        [Stable(1), Drop(CANARY)],
    ),
    "a canary that is refused is over, and what serves goes on": (
        world(1, 2, engines={1: READY}, stable=1, bound={2: CANARY}, refused=(2,)),
        [],
    ),
    "a canary whose engine was given up while it had the label loses it": (
        world(
            *(1, 2),
            engines={1: READY, 2: WAITING},
            stable=1,
            canary=2,
            bound={2: CANARY},
            failing=(2,),
        ),
        [Drop(CANARY)],
    ),
    "and is not started again": (
        world(1, 2, engines={1: READY, 2: STOPPED}, stable=1, bound={2: CANARY}, failing=(2,)),
        [],
    ),
    "a canary that dies keeps its label and is started again": (
        world(1, 2, engines={1: READY, 2: STOPPED}, stable=1, canary=2, bound={2: CANARY}),
        [Start(2)],
    ),
    "a newer canary replaces the one before": (
        world(
            *(1, 2, 3),
            engines={1: READY, 2: READY, 3: READY},
            stable=1,
            canary=2,
            bound={2: CANARY, 3: CANARY},
        ),
        [Move(CANARY, 3)],
    ),
    "which stops then": (
        world(
            *(1, 2, 3),
            engines={1: READY, 2: READY, 3: READY},
            stable=1,
            canary=3,
            bound={2: CANARY, 3: CANARY},
        ),
        [Stop(2)],
    ),
    "stable, canary and shadow are started together": (
        world(1, 2, 3, bound={3: CANARY}, pins={SHADOW: Pin(1, seen=3)}),
        [Start(1), Start(2), Start(3)],
    ),
    "a shadow is not moved before it is ready": (
        world(1, 2, engines={2: READY, 1: STARTING}, stable=2, pins={SHADOW: Pin(1, seen=2)}),
        [],
    ),
    "a shadow that is refused changes nothing": (
        world(1, 2, engines={2: READY}, stable=2, pins={SHADOW: Pin(1, 2)}, refused=(1,)),
        [],
    ),
    "a shadow that becomes stable is none any more": (
        world(
            *(1, 2),
            engines={1: READY, 2: READY},
            stable=2,
            shadow=1,
            pins={SHADOW: Pin(1, seen=2)},
            requested={STABLE: 1},
        ),
        [Stable(1), Drop(SHADOW)],
    ),
    "a stable version that keeps dying gives way to the one before": (
        world(1, 2, engines={2: WAITING}, stable=2, failing=(2,)),
        [Start(1)],
    ),
    "but its popularity answers until that one is ready": (
        world(1, 2, engines={1: STARTING, 2: WAITING}, stable=2, failing=(2,)),
        [],
    ),
    "which then is stable": (
        world(1, 2, engines={1: READY, 2: WAITING}, stable=2, failing=(2,)),
        [Stable(1)],
    ),
    "and stays so": (world(1, 2, engines={1: READY, 2: STOPPED}, stable=1, failing=(2,)), []),
    "also where an operator made the dying one stable": (
        world(1, 2, 3, engines={2: WAITING}, stable=2, failing=(2,), pins={STABLE: Pin(2, 3)}),
        [Start(1)],
    ),
    "a request tries it again": (
        world(1, 2, engines={1: READY, 2: STOPPED}, stable=1, requested={STABLE: 2}),
        [Start(2)],
    ),
    "a version newer than the dying one becomes stable": (
        world(1, 2, 3, engines={1: READY, 2: STOPPED, 3: READY}, stable=1, failing=(2,)),
        [Stable(3)],
    ),
    "the only version keeps its label while it waits": (
        world(1, engines={1: WAITING}, stable=1, failing=(1,)),
        [],
    ),
    "and is started again after the wait": (
        world(1, engines={1: STOPPED}, stable=1, failing=(1,)),
        [Start(1)],
    ),
    "also beside versions that are refused": (
        world(1, 2, engines={2: STOPPED}, stable=2, failing=(2,), refused=(1,)),
        [Start(2)],
    ),
    "one that its training did not mean to be stable does not replace it": (
        world(1, 2, engines={2: WAITING}, stable=2, failing=(2,), bound={1: None}),
        [],
    ),
    "of several that keep dying the stable one is kept": (
        world(1, 2, engines={1: STOPPED, 2: WAITING}, stable=1, failing=(1, 2)),
        [Start(1)],
    ),
    "one that keeps dying becomes stable where the stable one is refused": (
        world(1, 2, engines={1: WAITING}, stable=2, failing=(1,), refused=(2,)),
        [Stable(1)],
    ),
    "all versions stay by default": (world(1, 2, 3, engines={3: READY}, stable=3), []),
    "old versions are deleted, but not the one to roll back to": (
        world(1, 2, 3, 4, engines={4: READY}, stable=4, keep=1),
        [Delete(1), Delete(2)],
    ),
    "nor those that are new enough": (
        world(1, 2, 3, 4, 5, engines={5: READY}, stable=5, keep=3),
        [Delete(1), Delete(2)],
    ),
    "the one to roll back to is the one that was stable before": (
        world(1, 2, 3, 4, engines={4: READY}, stable=4, keep=1, before=2),
        [Delete(1), Delete(3)],
    ),
    "or else the newest one that was bound to be stable": (
        world(1, 2, 3, 4, engines={4: READY}, stable=4, keep=1, bound={2: None, 3: CANARY}),
        [Delete(2), Delete(3)],
    ),
    "not one that cannot be served": (
        world(1, 2, 3, 4, engines={4: READY}, stable=4, keep=1, before=3, refused=(3,)),
        [Delete(1), Delete(3)],
    ),
    "nothing is deleted before the stable version is ready": (
        world(1, 2, 3, engines={3: STARTING}, stable=3, keep=1),
        [],
    ),
    "nor while a newer one is on its way": (
        world(1, 2, 3, 4, engines={3: READY}, stable=3, keep=1),
        [Start(4)],
    ),
    "nor is the one to roll back to deleted for one that is being loaded": (
        world(1, 2, 3, 4, engines={3: READY, 4: STARTING}, stable=3, keep=1),
        [],
    ),
    "after a roll-back that is not remembered, both that may have been stable before are kept": (
        world(
            1,
            2,
            3,
            4,
            5,
            engines={3: READY},
            stable=3,
            pins={STABLE: Pin(3, 4)},
            bound={5: None},
            keep=1,
        ),
        [Delete(1)],
    ),
    "what has a label is kept": (
        world(
            *(1, 2, 3, 4),
            engines={1: READY, 4: READY},
            stable=4,
            shadow=1,
            pins={SHADOW: Pin(1, seen=4)},
            keep=1,
        ),
        [Delete(2)],
    ),
    "what an operator gave a label once is kept": (
        world(1, 2, 3, 4, engines={4: READY}, stable=4, pins={STABLE: Pin(1, seen=3)}, keep=1),
        [Delete(2)],
    ),
    "what a training begins from is kept": (
        world(1, 2, 3, 4, engines={4: READY}, stable=4, keep=1, in_use=(2,)),
        [Delete(1)],
    ),
    "what is loaded is kept": (
        world(1, 2, 3, 4, engines={2: DRAINING, 4: READY}, stable=4, keep=1),
        [Delete(1)],
    ),
    "versions that cannot be served are not counted among the newest": (
        world(1, 2, 3, 4, engines={2: READY}, stable=2, keep=2, refused=(3, 4)),
        [],
    ),
    "an old version that keeps dying goes too": (
        world(1, 2, 3, 4, engines={1: STOPPED, 4: READY}, stable=4, keep=1, failing=(1,)),
        [Delete(1), Delete(2)],
    ),
    "what was rolled back from is kept": (
        world(1, 2, 3, engines={1: READY}, stable=1, pins={STABLE: Pin(1, 3)}, keep=1, before=2),
        [],
    ),
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
        self.failing: set[int] = set()
        self.engines: Engines = {}
        self.labels: dict[str, int] = {}
        self.served = False
        """Whether a stable version was ever ready."""

    @property
    def stable(self) -> int | None:
        return self.labels.get(STABLE)

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
            stored=tuple(self.stored),
            refused=frozenset(self.refused),
            failing=frozenset(self.failing),
            engines=dict(self.engines),
            labels=dict(self.labels),
        )

    def act(self, action: Action) -> None:
        match action:
            case StartEngine(version):
                known = version in self.engines
                self.engines[version] = STARTING if known else VERIFYING
                self.failing.discard(version)
            case MoveLabel(label, version):
                assert version not in self.refused
                self.labels[label] = version
            case DropLabel(label):
                del self.labels[label]
            case StopEngine(version):
                assert version != self.stable
                self.engines[version] = DRAINING

    def give_up(self, version: int) -> None:
        """An engine that was ready has died too often."""
        if self.engines[version] is READY:
            self.failing.add(version)
            self.engines[version] = WAITING

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


@settings(deadline=None)
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
            if data.draw(st.integers(0, 3)):
                world.advance(version, fails=data.draw(st.booleans()))
            else:
                world.give_up(version)
        world.reconcile()
        world.check()
    for _ in range(50):  # from here on all goes well
        for version in list(world.engines):
            world.advance(version, fails=False)
        world.reconcile()
        world.check()
    newest = max(world.stored - world.refused - world.failing, default=None)
    assert world.stable == newest
    living = {n: phase for n, phase in world.engines.items() if n not in world.failing}
    assert living == ({} if newest is None else {newest: READY})
    assert newest is not None or not world.failing, "the last one that is left is tried again"

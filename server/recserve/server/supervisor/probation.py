"""Watches versions for a while after they got their label."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from recserve.server.labels import CANARY, STABLE
from recserve.server.reading import Reading
from recserve.server.settings import Settings
from recserve.server.success_gap import SuccessGap
from recserve.server.supervisor.rollback import Fault, Limits, Observed, find_fault

KEPT_READINGS = 60
"""Of each version: what is usual for it."""
MIN_CANARY_ANSWERS = 100
"""A canary that hardly anybody asked has shown nothing."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A version must give its label back."""

    label: str
    version: int
    to: int
    """The version that has the label then; for a canary the stable one, which ends it."""
    fault: Fault


@dataclass(frozen=True, slots=True)
class Passed:
    """A canary has served for its time."""

    version: int


Verdict = Failed | Passed


@dataclass(slots=True)
class _Trial:
    version: int
    before: int
    since: float
    readings: deque[Reading] = field(default_factory=lambda: deque(maxlen=KEPT_READINGS))
    answers: int = 0
    successes: SuccessGap | None = None
    has_passed: bool = False


class Probation:
    """The versions that are watched. It only says what to do. Belongs to one event loop.

    Args:
        settings: Say how long, and what is put up with.
        clock: Seconds from any beginning; never goes back.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._window_seconds = 60 * settings.rollback_minutes
        self._canary_seconds = 3600 * settings.canary_hours
        self._limits = Limits(
            settings.rollback_error_share,
            settings.rollback_latency_factor,
            settings.rollback_success_drop,
        )
        self._clock = clock
        self._trials: dict[str, _Trial] = {}
        self._usual: defaultdict[int, deque[Reading]] = defaultdict(
            lambda: deque(maxlen=KEPT_READINGS)
        )

    def begin(self, label: str, version: int, before: int | None) -> None:
        """A version got a label.

        Args:
            label: The label.
            version: The version.
            before: What was stable; None for nothing. Where it is newer, somebody has gone back to
                what was known to work, and that is not watched.
        """
        self.end(label)
        if label in (STABLE, CANARY) and before is not None and before < version:
            self._trials[label] = _Trial(version, before, self._clock())

    def end(self, label: str) -> None:
        """A version is watched no longer."""
        self._trials.pop(label, None)

    def has_passed(self, label: str) -> None:
        """That a canary has passed need not be said again; it is watched on."""
        if label in self._trials:
            self._trials[label].has_passed = True

    def hear(self, readings: Mapping[int, Reading]) -> None:
        """Take what the front end saw lately."""
        for version, reading in readings.items():
            self._usual[version].append(reading)
        for trial in self._trials.values():
            if trial.version in readings:
                reading = readings[trial.version]
                trial.readings.append(reading)
                trial.answers += reading.asked - reading.failed

    def hear_successes(self, version: int, gap: SuccessGap) -> None:
        """Take what came of a canary's answers since the front end knows it as the canary."""
        trial = self._trials.get(CANARY)
        if trial is not None and trial.version == version:
            trial.successes = gap

    def forget(self, stored: set[int]) -> None:
        """Forget versions that are gone."""
        for version in self._usual.keys() - stored:
            del self._usual[version]

    def verdicts(self, engine_errors: Mapping[int, str]) -> list[Verdict]:
        """Say what to do with the versions that are watched.

        Args:
            engine_errors: Why the engines that were given up were given up, by version.
        """
        trials = list(self._trials.items())
        found = [self._verdict(label, trial, engine_errors) for label, trial in trials]
        return [verdict for verdict in found if verdict is not None]

    def _verdict(
        self, label: str, trial: _Trial, engine_errors: Mapping[int, str]
    ) -> Verdict | None:
        age = self._clock() - trial.since
        if label == STABLE and age > self._window_seconds:
            self.end(label)
            return None
        fault = self._fault(trial, engine_errors) if self._window_seconds else None
        if fault is not None:
            return Failed(label, trial.version, trial.before, fault)
        has_served = 0 < self._canary_seconds <= age and trial.answers >= MIN_CANARY_ANSWERS
        is_fit = not trial.has_passed and trial.version not in engine_errors
        return Passed(trial.version) if label == CANARY and has_served and is_fit else None

    def _fault(self, trial: _Trial, engine_errors: Mapping[int, str]) -> Fault | None:
        observed = Observed(
            engine_error=engine_errors.get(trial.version, ""),
            readings=tuple(trial.readings),
            before=tuple(self._usual.get(trial.before, ())),
            successes=trial.successes,
        )
        return find_fault(observed, self._limits)

"""When the server trains by itself, as a stateless policy over a snapshot."""

from dataclasses import dataclass, field
from typing import Literal

from recserve.server.settings import Settings
from recserve.server.training.history import History

Mode = Literal["auto", "full", "warm-start"]

HOUR_SECONDS = 3600.0
FIRST_RETRY_SECONDS = 300.0
"""After a run that failed; it doubles with every further one in a row."""
LONGEST_RETRY_SECONDS = 86_400.0
MIN_DRIFT_EVENTS = 1_000
"""Of fewer new events nobody can say how they are distributed."""
_MAX_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the operator wants; 0 turns a rule off."""

    every_events: int = 0
    """New events that bring a run."""
    every_hours: float = 0.0
    """Hours from the beginning of a run to that of the next one, if there are new events."""
    on_drift: float = 0.0
    """The distance of new events from those learned from that brings a run."""
    mode: Mode = "auto"
    """auto: a warm start where that makes sense."""
    promotion: str = "if-better"
    """What is done with the versions, as in a `TrainingOrder`."""

    @classmethod
    def of(cls, settings: Settings) -> "Schedule":
        """Read it from the settings of a server."""
        return cls(
            every_events=settings.train_every_events,
            every_hours=settings.train_every_hours,
            on_drift=settings.train_on_drift,
            mode=settings.train_mode,
            promotion=settings.train_promotion,
        )

    @property
    def is_on(self) -> bool:
        """Whether any rule is on."""
        return bool(self.every_events or self.every_hours or self.on_drift)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The world as the front end sees it."""

    now: float
    """Seconds since the Unix epoch."""
    started: float
    """When the server started; hours count from there until the first run."""
    position: int
    """The last position of the log."""
    history: History = field(default_factory=History)
    has_stable: bool = False
    """Whether there is a stable version to begin from."""
    drift: float | None = None
    """The distance of the new events from those learned from; None: not measured."""

    @property
    def new_events(self) -> int:
        """Events that were not learned from. A log that is shorter than that is another one."""
        learned = self.history.learned_position
        return self.position - learned if learned <= self.position else self.position


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run that is to be started."""

    reason: str
    """For people."""
    warm_start: bool


def next_training(schedule: Schedule, snapshot: Snapshot) -> Wanted | None:
    """Say which run is to be started now, if any."""
    history, new = snapshot.history, snapshot.new_events
    if history.is_at_work or not new or snapshot.now < retry_time(history):
        return None
    if 0 < schedule.every_events <= new:
        return Wanted(_events(new), _is_warm(schedule, snapshot))
    begun = snapshot.started if history.learned_time is None else history.learned_time
    hours = (snapshot.now - begun) / HOUR_SECONDS
    if 0 < schedule.every_hours <= hours:
        since = "of the server" if history.learned_time is None else "of the last training"
        reason = f"{_events(new)} in the {hours:.1f} hours since the start {since}"
        return Wanted(reason, _is_warm(schedule, snapshot))
    drift = snapshot.drift
    if drift is not None and new >= MIN_DRIFT_EVENTS and 0 < schedule.on_drift <= drift:
        reason = f"new events are {drift:.2f} away from those learned from"
        return Wanted(reason, _is_warm(schedule, snapshot, is_drift=True))
    return None


def retry_time(history: History) -> float:
    """Before this moment, in seconds since the Unix epoch, no run is started."""
    if not history.failures:
        return 0.0
    doublings = min(history.failures - 1, _MAX_DOUBLINGS)
    return history.failed_time + min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0**doublings)


def _events(count: int) -> str:
    return "1 new event" if count == 1 else f"{count} new events"


def _is_warm(schedule: Schedule, snapshot: Snapshot, *, is_drift: bool = False) -> bool:
    """Data that has changed its nature, or a warm start that failed, asks for a full run."""
    if schedule.mode != "auto":
        return schedule.mode == "warm-start"
    return snapshot.has_stable and not is_drift and not snapshot.history.failures

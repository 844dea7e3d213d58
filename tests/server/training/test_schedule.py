"""When the server trains by itself, as a table of snapshots."""

from typing import Any

import pytest

from recserve.server.settings import Settings
from recserve.server.training.history import History, history_of
from recserve.server.training.schedule import (
    FIRST_RETRY_SECONDS,
    HOUR_SECONDS,
    LONGEST_RETRY_SECONDS,
    Schedule,
    Snapshot,
    Wanted,
    next_training,
    retry_time,
)
from recserve.v1 import training_pb2

NOW = 1_000_000_000.0
EVENTS = Schedule(every_events=100)
HOURS = Schedule(every_hours=24)
DRIFT = Schedule(on_drift=0.3)


def world(position: int, *, drift: float | None = None, stable: bool = True, **past: Any) -> Any:
    learned = {"learned_position": 1000, "learned_time": NOW - HOUR_SECONDS}
    history = History(**(learned | past))
    return Snapshot(NOW, NOW - 30 * HOUR_SECONDS, position, history, stable, drift)


CASES: dict[str, tuple[Schedule, Snapshot, Wanted | None]] = {
    "nothing is wanted": (Schedule(), world(10_000, drift=1.0), None),
    "one event too few": (EVENTS, world(1099), None),
    "enough events": (EVENTS, world(1100), Wanted("100 new events", True)),
    "without a stable version in full": (
        EVENTS,
        world(1100, stable=False),
        Wanted("100 new events", False),
    ),
    "in full if that is said": (
        Schedule(every_events=100, mode="full"),
        world(1100),
        Wanted("100 new events", False),
    ),
    "warm if that is said": (
        Schedule(every_events=100, mode="warm-start"),
        world(1100, stable=False),
        Wanted("100 new events", True),
    ),
    "never before": (
        EVENTS,
        world(100, learned_position=0, learned_time=None, stable=False),
        Wanted("100 new events", False),
    ),
    "another log than the one learned from": (EVENTS, world(150), Wanted("150 new events", True)),
    "an empty log": (HOURS, world(0, learned_position=0, learned_time=None), None),
    "not while a run is at work": (EVENTS, world(1100, is_at_work=True), None),
    "not just after a failure": (EVENTS, world(1100, failures=1, failed_time=NOW - 299), None),
    "but later, and then in full": (
        EVENTS,
        world(1100, failures=1, failed_time=NOW - 300),
        Wanted("100 new events", False),
    ),
    "hours that have not passed": (
        HOURS,
        world(1100, learned_time=NOW - 23.9 * HOUR_SECONDS),
        None,
    ),
    "hours without an event": (HOURS, world(1000, learned_time=NOW - 48 * HOUR_SECONDS), None),
    "hours with an event": (
        HOURS,
        world(1001, learned_time=NOW - 24 * HOUR_SECONDS),
        Wanted("1 new event in the 24.0 hours since the start of the last training", True),
    ),
    "hours of a server that has never trained": (
        HOURS,
        world(5, learned_position=0, learned_time=None, stable=False),
        Wanted("5 new events in the 30.0 hours since the start of the server", False),
    ),
    "events that are alike": (DRIFT, world(3000, drift=0.29), None),
    "events that are not, and a full run for them": (
        DRIFT,
        world(3000, drift=0.3),
        Wanted("new events are 0.30 away from those learned from", False),
    ),
    "too few to tell": (DRIFT, world(1999, drift=0.9), None),
    "not measured": (DRIFT, world(3000), None),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_started(case: str) -> None:
    schedule, snapshot, expected = CASES[case]
    assert next_training(schedule, snapshot) == expected


def test_the_wait_after_failures_doubles_up_to_a_day() -> None:
    waits = [retry_time(History(failures=n, failed_time=NOW)) - NOW for n in range(1, 100)]
    assert waits[:3] == [FIRST_RETRY_SECONDS, 2 * FIRST_RETRY_SECONDS, 4 * FIRST_RETRY_SECONDS]
    assert waits[-1] == LONGEST_RETRY_SECONDS


def run(number: int, state: str, trigger: str = "", **fields: Any) -> training_pb2.TrainingRun:
    made = training_pb2.TrainingRun(
        name=f"models/default/trainingRuns/{number}",
        state=training_pb2.TrainingRunState.Value(f"TRAINING_RUN_STATE_{state}"),
        trigger=trigger,
        log_position=number * 100,
        **fields,
    )
    made.create_time.FromSeconds(number * 1000)
    made.end_time.FromSeconds(number * 1000 + 500)
    if state == "SUCCEEDED":
        made.model_version.version = number
    return made


def test_the_runs_say_up_to_where_was_learned() -> None:
    from_dataset = run(3, "SUCCEEDED", request=training_pb2.TrainRequest(dataset_path="data"))
    history = history_of([from_dataset, run(2, "SUCCEEDED"), run(1, "SUCCEEDED")])
    assert history == History(learned_position=200, learned_time=2000.0, learned_version=2)


def test_the_server_s_own_failures_since_then_count() -> None:
    runs = [run(6, "RUNNING"), run(5, "CANCELLED", "x"), run(4, "FAILED"), run(3, "FAILED", "x")]
    history = history_of([*runs, run(2, "SUCCEEDED", "x"), run(1, "FAILED", "x")])
    assert (history.is_at_work, history.failures, history.failed_time) == (True, 2, 5500.0)
    assert history.learned_position == 200


def test_without_runs_nothing_was_learned() -> None:
    assert history_of([]) == History()


def test_the_settings_say_what_is_wanted() -> None:
    assert not Schedule.of(Settings()).is_on
    wanted = Schedule.of(Settings(train_every_hours=2, train_promotion="canary"))
    assert wanted.is_on
    assert (wanted.every_hours, wanted.promotion, wanted.mode) == (2, "canary", "auto")

"""How far a run is: steps, losses, time left, and how they are told."""

from io import StringIO

import pytest

from recserve.trainer.learning.steps import SECONDS_BETWEEN, Steps
from recserve.trainer.progress import Bars, Lines, Silent
from recserve.trainer.time_left import LATER, TimeLeft


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Heard(Silent):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.starts: list[tuple[int, int, float]] = []
        self.steps: list[tuple[int, float]] = []

    def start(self, passes: int, steps: int, loss: float) -> None:
        self.starts.append((passes, steps, loss))

    def step(self, done: int, loss: float) -> None:
        self.steps.append((done, loss))


def test_steps_are_counted_over_all_passes_and_told_a_few_times_a_second() -> None:
    clock, heard = Clock(), Heard()
    steps = Steps(heard, 3, 10, clock)
    steps.start(0.7)

    for number in range(30):
        clock.now += SECONDS_BETWEEN / 8
        steps.done(1.0 - number / 100)

    assert heard.starts == [(3, 30, 0.7)]
    assert [done for done, _ in heard.steps] == [8, 16, 24]
    assert heard.steps[0] == (8, pytest.approx(0.93))


def test_the_time_left_is_that_of_the_stage_and_of_later_ones() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    left.stage("ranking")
    assert left.seconds is None

    left.start(100)
    clock.now += 60.0  # the first step is no measure of the others
    left.step(1)
    assert left.seconds is None

    clock.now += 20.0
    left.step(11)

    assert left.seconds == pytest.approx(2.0 * (89 + 100 * LATER["ranking",]))


def test_the_time_left_falls_from_stage_to_stage_at_an_even_pace() -> None:
    clock = Clock()
    left = TimeLeft(clock)
    told: list[float] = []
    for stage in ("retrieval", "ranking", "retrieval"):
        left.stage(stage)
        left.start(10)
        for done in range(1, 11):
            clock.now += 1.0
            left.step(done)
            if left.seconds is not None:
                told.append(left.seconds)
        left.stage("evaluate")
        assert left.seconds is None

    assert len(told) == 27
    for stage in (told[:9], told[9:18], told[18:]):
        assert stage == sorted(stage, reverse=True)


def test_lines_tell_the_loss_at_the_start_and_of_each_pass() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = Lines(lines.append, clock)
    progress.stage("features", "5 users")
    progress.stage("ranking")
    progress.start(2, 10, 0.5)
    clock.now += 1.0
    progress.step(1, 0.4)
    clock.now += 4.0
    progress.epoch(1, 2, 0.25, {"validation_ndcg@10": 0.125})

    assert lines == [
        "[   0.0s] features: 5 users",
        "[   0.0s] ranking",
        "[   0.0s] ranking: at most 2 epochs, from loss 0.5000",
        "[   5.0s] ranking: epoch 1/2, loss 0.2500, validation ndcg@10 0.1250, at most 8s left",
    ]


def test_bars_move_within_a_pass() -> None:
    bars = Bars(StringIO())
    bars.stage("ranking")
    bars.start(2, 10, 0.5)
    bars.step(3, 0.4)
    (task,) = bars.bars.tasks
    assert (task.completed, task.total) == (3, 10)
    assert task.fields["note"].startswith("1/2, ")
    assert task.fields["note"].endswith("loss 0.4000")

    bars.epoch(1, 2, 0.25, {"validation_ndcg@10": 0.125})

    (task,) = bars.bars.tasks
    assert (task.completed, task.total) == (5, 10)
    assert task.fields["note"].endswith("loss 0.2500, validation ndcg@10 0.1250")

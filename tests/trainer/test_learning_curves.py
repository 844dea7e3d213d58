"""How learning went is kept, stage by stage."""

import pytest

from recserve.trainer import Fitted
from recserve.trainer.learning_curves import LearningCurves
from recserve.trainer.progress import Lines


class Clock:
    """A clock that moves by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_each_stage_that_learns_has_a_curve() -> None:
    learned = LearningCurves(Lines(lambda _line: None), Clock())

    learned.stage("features", "5 users")
    learned.stage("retrieval")
    learned.start(30, 300, 0.9)
    learned.step(1, 0.8)
    learned.epoch(1, 30, 0.5, {"validation_ndcg@10": 0.25})
    learned.epoch(2, 30, 0.4, {"validation_ndcg@10": 0.5})
    learned.stage("retrieval", "learns from the later events too")
    learned.start(2, 20, 0.3)
    learned.epoch(1, 2, 0.2, {})
    learned.stage("evaluate")

    first, again = learned.curves
    assert (first.stage, first.note, first.max_epochs) == ("retrieval", "", 30)
    assert first.start_loss == 0.9
    assert [at.loss for at in first.passes] == [0.5, 0.4]
    assert [dict(at.validation) for at in first.passes] == [
        {"validation_ndcg@10": 0.25},
        {"validation_ndcg@10": 0.5},
    ]
    assert [at.seconds for at in first.passes] == [1.0, 2.0]
    assert again.note == "learns from the later events too"
    assert [at.loss for at in again.passes] == [0.2]


def test_a_stage_that_does_not_tell_its_start_has_a_curve_too() -> None:
    learned = LearningCurves(Lines(lambda _line: None), Clock())
    learned.stage("towers")
    learned.epoch(1, 4, 0.5, {})

    (curve,) = learned.curves
    assert (curve.stage, curve.max_epochs, len(curve.passes)) == ("towers", 4, 1)
    assert not curve.HasField("start_loss")


def test_all_is_passed_on() -> None:
    lines: list[str] = []
    learned = LearningCurves(Lines(lines.append, lambda: 0.0))
    learned.stage("ranking", "now")
    learned.start(2, 10, 0.5)
    learned.epoch(1, 2, 0.25, {"validation_ndcg@10": 0.125})

    assert [line.partition("] ")[2] for line in lines] == [
        "ranking: now",
        "ranking: at most 2 epochs, from loss 0.5000",
        "ranking: epoch 1/2, loss 0.2500, validation ndcg@10 0.1250",
    ]


@pytest.mark.integration
def test_the_manifest_holds_the_curves(two_stage: Fitted, pointwise: Fitted) -> None:
    curves = two_stage.manifest.learning_curves
    assert {curve.stage for curve in curves} >= {"retrieval", "ranking"}
    assert all(curve.passes for curve in curves)
    (curve,) = pointwise.manifest.learning_curves
    assert curve.stage == "ranking"
    assert 1 <= len(curve.passes) <= curve.max_epochs == 12
    assert curve.passes[-1].loss < curve.start_loss
    assert all("validation_log_loss" in at.validation for at in curve.passes)
    seconds = [at.seconds for at in curve.passes]
    assert seconds == sorted(seconds)

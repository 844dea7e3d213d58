"""How learning went: loss and validation, pass by pass, stage by stage."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recserve.trainer.report import frame
from recserve.trainer.report.axis import Axis
from recserve.trainer.report.metrics import LOWER_IS_BETTER, title
from recserve.v1 import model_pb2

VALIDATION = "validation_"
Value = tuple[int, float]
"""A pass, from 1, or 0 for the start; and its figure."""


@dataclass(frozen=True)
class Point:
    """One pass, placed."""

    number: int
    """The pass, from 1; 0 for the start."""
    value: float
    x: float
    y: float


@dataclass(frozen=True)
class Line:
    """What one version did."""

    kind: str
    label: str
    points: list[Point]


@dataclass(frozen=True)
class Curve:
    """One figure over the passes."""

    title: str
    unit: str
    """What its figures are, in a word."""
    label: str
    """What it shows, for those who cannot see it."""
    x: Axis
    y: Axis
    lines: list[Line]
    best: Point | None
    """The best pass by validation."""


@dataclass(frozen=True)
class Stage:
    """One stage of learning."""

    name: str
    note: str
    curves: list[Curve]
    curve: model_pb2.LearningCurve
    validations: list[str]
    """The names of what validation measured, for the table."""


def of(version: model_pb2.ModelVersion, base: model_pb2.ModelVersion | None) -> list[Stage]:
    """The stages that learned, in their order, beside the same ones of the base version."""
    before = list(base.learning_curves) if base is not None else []
    stages = []
    for curve in version.learning_curves:
        if not curve.passes:
            continue
        of_base = next((b for b in before if (b.stage, b.note) == (curve.stage, curve.note)), None)
        beside = [] if of_base is None or base is None else [(base.version, of_base)]
        stages.append(_stage(curve, beside))
    return stages


def _stage(
    curve: model_pb2.LearningCurve, beside: Sequence[tuple[int, model_pb2.LearningCurve]]
) -> Stage:
    shown = [("model", "this version", curve)]
    shown += [("base", f"version {number}", other) for number, other in beside]
    losses = [(kind, label, _losses(each)) for kind, label, each in shown]
    curves = [_curve("Training loss", "loss", curve.stage, losses)]
    names = sorted({name for at in curve.passes for name in at.validation})
    for name in names:
        measured = [(kind, label, _validations(each, name)) for kind, label, each in shown]
        metric = name.removeprefix(VALIDATION)
        best = min if metric in LOWER_IS_BETTER else max
        unit = title(metric)
        curves.append(_curve(f"Validation {unit}", unit, curve.stage, measured, best))
    return Stage(curve.stage, curve.note, curves, curve, names)


def _losses(curve: model_pb2.LearningCurve) -> list[Value]:
    start = [(0, curve.start_loss)] if curve.HasField("start_loss") else []
    return start + [(number, at.loss) for number, at in enumerate(curve.passes, 1)]


def _validations(curve: model_pb2.LearningCurve, name: str) -> list[Value]:
    passes = enumerate(curve.passes, 1)
    return [(number, at.validation[name]) for number, at in passes if name in at.validation]


def _curve(
    heading: str,
    unit: str,
    stage: str,
    measured: Sequence[tuple[str, str, list[Value]]],
    best: Callable[..., Value] | None = None,
) -> Curve:
    values = [value for _, _, line in measured for value in line if math.isfinite(value[1])]
    numbers = [0, 1, *(number for number, _ in values)]
    x = Axis.around(numbers, frame.LEFT, frame.RIGHT, most_ticks=8, least_step=1.0)
    y = Axis.around([value for _, value in values], frame.BOTTOM, frame.TOP)

    def placed(value: Value) -> Point:
        return Point(*value, x.at(value[0]), y.at(value[1]))

    lines = [
        Line(kind, name, [placed(value) for value in line if math.isfinite(value[1])])
        for kind, name, line in measured
    ]
    own = [value for value in measured[0][2] if math.isfinite(value[1])]
    ring = placed(best(own, key=lambda value: value[1])) if best and own else None
    return Curve(heading, unit, f"{heading} of {stage}", x, y, lines, ring)

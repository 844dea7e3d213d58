"""Whether scores can be read as probabilities: the reliability diagram."""

from __future__ import annotations

import math
from dataclasses import dataclass

from recserve.trainer.report import frame
from recserve.trainer.report.axis import Axis
from recserve.v1 import model_pb2

SMALLEST, LARGEST = 3.0, 7.0
"""Radius of the dot of the emptiest bin there could be, and of the fullest one, in pixels."""


@dataclass(frozen=True)
class Dot:
    """One bin, placed."""

    x: float
    y: float
    radius: float
    bin: model_pb2.CalibrationBin


@dataclass(frozen=True)
class Calibration:
    """The section."""

    x: Axis
    y: Axis
    dots: list[Dot]
    expected_error: float
    ideal: tuple[float, float]
    """Where both axes are at their common end: the diagonal goes from the corner to here."""


def of(calibration: model_pb2.Calibration) -> Calibration | None:
    """The section; None where nothing could be judged."""
    bins = [
        bin_
        for bin_ in calibration.bins
        if math.isfinite(bin_.mean_score) and math.isfinite(bin_.positive_share)
    ]
    if not bins:
        return None
    both = [bin_.mean_score for bin_ in bins]
    both += [bin_.positive_share for bin_ in bins]
    x = Axis.around([0.0, *both], frame.LEFT, frame.RIGHT)
    y = Axis.around([0.0, *both], frame.BOTTOM, frame.TOP)
    fullest = max(1, *(bin_.pair_count for bin_ in bins))
    placed = [
        Dot(
            x.at(bin_.mean_score),
            y.at(bin_.positive_share),
            round(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(bin_.pair_count / fullest), 1),
            bin_,
        )
        for bin_ in bins
    ]
    return Calibration(x, y, placed, calibration.expected_error, (x.at(x.high), y.at(y.high)))

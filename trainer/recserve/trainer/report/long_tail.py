"""What is recommended against what is popular."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recserve.trainer.report import frame
from recserve.trainer.report.axis import Axis
from recserve.v1 import model_pb2

GAP = 0.22
"""Share of a decile's width that stays empty."""


@dataclass(frozen=True)
class Column:
    """One column, placed."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    share: float
    place: int
    """The decile, from 1."""


@dataclass(frozen=True)
class LongTail:
    """The section."""

    y: Axis
    columns: list[Column]
    middles: list[float]
    """The middle of each decile, in pixels."""
    deciles: Sequence[model_pb2.PopularityDecile]


def of(deciles: Sequence[model_pb2.PopularityDecile]) -> LongTail | None:
    """The section; None without deciles."""
    shares = [share for decile in deciles for share in _shares(decile).values()]
    if not shares or not all(map(math.isfinite, shares)):
        return None
    y = Axis.around([0.0, *shares], frame.BOTTOM, frame.TOP)
    step = (frame.RIGHT - frame.LEFT) / len(deciles)
    width = round(step * (1 - GAP) / 2, 1)
    columns = [
        Column(
            kind,
            round(frame.LEFT + step * (place + GAP / 2) + width * second, 1),
            y.at(share),
            width,
            round(frame.BOTTOM - y.at(share), 1),
            share,
            place + 1,
        )
        for place, decile in enumerate(deciles)
        for second, (kind, share) in enumerate(_shares(decile).items())
    ]
    middles = [round(frame.LEFT + step * (place + 0.5), 1) for place in range(len(deciles))]
    return LongTail(y, columns, middles, deciles)


def _shares(decile: model_pb2.PopularityDecile) -> dict[str, float]:
    return {"baseline": decile.event_share, "model": decile.recommendation_share}

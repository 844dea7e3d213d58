"""How good the version is for some of the users, and for new items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recserve.trainer.report.bars import Bars, Row, bars
from recserve.trainer.report.metrics import headline, rows_of, title
from recserve.v1 import model_pb2

NAMES = {
    "new_users": "New users: no event yet",
    "known_users": "Users with a history",
    "cold_users": "Cold users: 1 to 5 events",
    "light_users": "Light users: 6 to 20 events",
    "heavy_users": "Heavy users: 21 events and more",
    "after_1_event": "After the first event",
    "after_2_events": "After two events",
    "after_5_events": "After five events",
    "new_items": "Only new items are right",
    "among_new_items": "New items among themselves",
}


@dataclass(frozen=True)
class Segments:
    """The section."""

    headline: str
    plots: list[Bars]
    segments: list[tuple[str, model_pb2.Segment]]


def of(evaluation: model_pb2.Evaluation) -> Segments | None:
    """The section; None without segments."""
    measured = [segment for segment in evaluation.segments if segment.metrics]
    if not measured:
        return None
    first = title(headline(measured[0].metrics).name)
    halves = (
        ("users by their events", [s for s in measured if s.name.endswith("_users")]),
        ("first events and new items", [s for s in measured if not s.name.endswith("_users")]),
    )
    plots = [
        bars(f"{first} of {what}, this version beside popularity", _groups(half))
        for what, half in halves
        if half
    ]
    return Segments(first, plots, [(name(segment), segment) for segment in measured])


def name(segment: model_pb2.Segment) -> str:
    """A segment's name for people."""
    return NAMES.get(segment.name, segment.name.replace("_", " "))


def _groups(segments: Sequence[model_pb2.Segment]) -> list[tuple[str, list[Row]]]:
    return [
        (f"{name(segment)} ({segment.user_count:,})", rows_of(headline(segment.metrics)))
        for segment in segments
    ]

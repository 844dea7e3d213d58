"""Checks of what cleaning counted, and of the plainest faults of events."""

from __future__ import annotations

import numpy as np

from recserve.trainer.checks.finding import Finding, skipped
from recserve.trainer.tables import Events, Tables
from recserve.v1 import model_pb2

UNUSABLE = (
    "unreadable_row",
    "missing_id",
    "malformed_id",
    "oversized_id",
    "bad_value",
    "missing_value",
    "bad_time",
    "impossible_time",
)
REPEATING = ("duplicate_event", "duplicate_burst")
ANY = 1e-9
GARBAGE_WARNING = 0.01
DUPLICATES_WARNING = 0.3
ONE_MOMENT_WARNING = 0.5
ONE_OF_MANY_WARNING = 0.9


def garbage(report: model_pb2.CleaningReport, most: float) -> Finding:
    """The share of rows that cannot be used; duplicates and undeclared event types are none."""
    share, worst = _share(report, UNUSABLE)
    text = (
        f"{share:.1%} of the rows cannot be used: {worst}. Mend what writes the data, or raise "
        "max_garbage_share"
    )
    fails_from = max(most, ANY)
    return Finding("garbage", text, share, min(GARBAGE_WARNING, fails_from), fails_from)


def duplicates(report: model_pb2.CleaningReport) -> Finding:
    """The share of rows that repeat others."""
    share, worst = _share(report, REPEATING)
    text = f"{share:.1%} of the rows repeat others: {worst}. Was something written twice?"
    return Finding("duplicates", text, share, DUPLICATES_WARNING)


def values(events: Events) -> Finding:
    """The share of the most frequent value: where all are the same, they say nothing."""
    there = events.value[np.isfinite(events.value)]
    if not len(there):
        return skipped("values", "the events have no values")
    distinct, counts = np.unique(there, return_counts=True)
    text = (
        f"all {len(there)} values are {distinct[0]:g}: they say nothing, and the model learns from "
        "what was chosen alone. Is it the right column?"
    )
    return Finding("values", text, float(counts.max() / len(there)), 1.0)


def times(tables: Tables) -> Finding:
    """The share of the most frequent time: events at one moment have no order."""
    if not tables.clock:
        return skipped("times", "the data has no clock")
    moments, counts = np.unique(tables.events.time, return_counts=True)
    share = float(counts.max() / len(tables.events))
    text = (
        f"{share:.0%} of the events have the same time, {moments[counts.argmax()]:.0f}, and no "
        "order among them"
    )
    return Finding("times", text, share, ONE_MOMENT_WARNING)


def future_times(tables: Tables, now: float) -> Finding:
    """The share of times in the future; those of more than a day cleaning has dropped."""
    if not tables.clock:
        return skipped("future_times", "the data has no clock")
    time = tables.events.time
    share = float((time > now).mean())
    text = (
        f"{share:.1%} of the times lie in the future, up to {time.max() - now:.0f} s; is a clock "
        "or a time zone wrong?"
    )
    return Finding("future_times", text, share, ANY)


def concentration(events: Events) -> Finding:
    """The share of the most active user, or of the most frequent item."""
    by_user, by_item = (
        float(np.bincount(codes).max() / len(events)) for codes in (events.user, events.item)
    )
    what = "user" if by_user >= by_item else "item"
    share = max(by_user, by_item)
    text = f"one {what} makes up {share:.0%} of the events; little can be learned of the others"
    return Finding("concentration", text, share, ONE_OF_MANY_WARNING)


def _share(report: model_pb2.CleaningReport, names: tuple[str, ...]) -> tuple[float, str]:
    rules = [rule for rule in report.rules if rule.name in names and rule.dropped]
    rules.sort(key=lambda rule: -rule.dropped)
    told = ", ".join(
        f"{rule.name} {rule.dropped}" + (f" ({rule.examples[0]})" if rule.examples else "")
        for rule in rules
    )
    return sum(rule.dropped for rule in rules) / max(1, report.rows_read), told

"""Features of items and users that are counted from later events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from recserve.trainer.checks.columns import Column, Numbers
from recserve.trainer.checks.finding import Finding, skipped
from recserve.trainer.tables import Bools, Events, Floats, Ints

FAILURE = 0.9999
FEWEST_ENTITIES = 20


def future_features(events: Events, columns: Sequence[Column], holdout: Bools) -> Finding:
    """Looks for numbers of items or users that are counted from all events, later ones included.

    The figure is the greatest correlation of a feature with a count, a share of positives or a mean
    value over all events of the item (or user), where it is greater than with the same over
    the training events alone: a number that was known before would follow those.

    Args:
        events: The events.
        columns: Their features.
        holdout: `[n]`: which events are held out.
    """
    found = [
        found
        for each in columns
        if isinstance(each, Numbers) and each.of is not None
        for found in _counted(each, each.of, events, holdout)
    ]
    if not found:
        return skipped("future_features", "items and users have too few numbers to compare")
    figure, name, what = max(found)
    text = (
        f"{name} is {what} over all events, those that shall be predicted included (correlation "
        f"{figure:.5f}). Count it from what was known before, or remove it from the schema"
    )
    return Finding("future_features", text, figure, FAILURE, FAILURE)


def _counted(
    column: Numbers, codes: Ints, events: Events, holdout: Bools
) -> Iterator[tuple[float, str, str]]:
    every = np.ones(len(events), dtype=bool)
    before = _statistics(events, codes, len(column), ~holdout)
    for what, now in _statistics(events, codes, len(column), every).items():
        whole = _correlation(column.numbers, now)
        if whole is not None:
            known_before = _correlation(column.numbers, before[what])
            is_known = known_before is not None and known_before >= whole
            yield (0.0 if is_known else whole), column.name, what


def _statistics(events: Events, codes: Ints, count: int, chosen: Bools) -> dict[str, Floats]:
    code, positive, value = codes[chosen], events.positive[chosen], events.value[chosen]
    there = np.isfinite(value)
    counts = np.bincount(code, minlength=count).astype(np.float64)
    liked = np.bincount(code, positive, minlength=count)
    valued = np.bincount(code, there, minlength=count)
    total = np.bincount(code, np.where(there, value, 0.0), minlength=count)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "the count of events": counts,
            "the count of positive events": liked.astype(np.float64),
            "the share of positive events": liked / counts,
            "the mean value": total / valued,
        }


def _correlation(left: Floats, right: Floats) -> float | None:
    there = np.isfinite(left) & np.isfinite(right)
    one, other = left[there].astype(np.float64), right[there]
    if len(one) < FEWEST_ENTITIES or not np.ptp(one) or not np.ptp(other):
        return None
    return abs(float(np.corrcoef(one, other)[0, 1]))

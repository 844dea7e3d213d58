"""A feature that knows the label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recserve.trainer.checks.columns import Column, Numbers
from recserve.trainer.checks.finding import Finding, skipped
from recserve.trainer.tables import Bools, Events, Floats, Ints
from recserve.v1 import schema_pb2

FEWEST_OF_A_LABEL = 50
"""Of fewer positives, or negatives, chance orders all by some feature."""
MOST_EVENTS = 1_000_000
"""Of more events a sample is enough."""
BINS = 64
PRIOR = 1.0
"""So many events with the overall share of positives are added to each bin or word."""
WARNING_DISTANCE = 0.015
"""So far below the failing AUC it warns."""


def leakage(
    events: Events,
    columns: Sequence[Column],
    schema: schema_pb2.Schema,
    most: float,
    rng: np.random.Generator,
) -> Finding:
    """Looks for one feature that alone orders the positive events before the others.

    The figure is the greatest ROC AUC, in the better of both directions: of numbers as they are,
    and of what one half of the events says of a bin of numbers, or of a word, judged on the
    other half, so that words that come once tell nothing. Impressions are no label.

    Args:
        events: The events.
        columns: Their features.
        schema: Which events are impressions.
        most: The AUC from which on it fails.
        rng: Draws the sample and the halves.
    """
    rows = _labelled(events, schema)
    if len(rows) > MOST_EVENTS:
        rows = np.sort(rng.choice(rows, MOST_EVENTS, replace=False))
    positive = events.positive[rows]
    if min(positive.sum(), (~positive).sum()) < FEWEST_OF_A_LABEL:
        why = f"the data has fewer than {FEWEST_OF_A_LABEL} positive or negative events"
        return skipped("leakage", why)
    if not columns:
        return skipped("leakage", "the schema has no features")
    half = rng.random(len(rows)) < 1 / 2
    found = sorted((_auc_of(each, rows, positive, half), each.name) for each in columns)
    figure, name = found.pop()
    others = [other for other_auc, other in found if other_auc >= most]
    text = (
        f"{name} alone tells positive events from others (ROC AUC {figure:.4f})"
        + (f"; so do {', '.join(others)}" if others else "")
        + ". If it is known only after the event, remove it from the schema"
    )
    return Finding("leakage", text, figure, most - WARNING_DISTANCE, most)


def auc(scores: Floats, positive: Bools) -> float:
    """The ROC AUC, ties counted half: the Mann-Whitney U statistic over its largest value."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = int(positive.sum())
    above = float(ranks[positive].sum()) - positives * (positives + 1) / 2
    return above / (positives * (len(positive) - positives))


def _labelled(events: Events, schema: schema_pb2.Schema) -> Ints:
    shown = [each.polarity == schema_pb2.POLARITY_IMPRESSION for each in schema.event_types]
    labelled: Ints = np.flatnonzero(~np.array(shown or [False])[events.type])
    return labelled


def _auc_of(column: Column, rows: Ints, positive: Bools, half: Bools) -> float:
    at = rows if column.of is None else column.of[rows]
    if isinstance(column, Numbers):
        numbers = np.where(np.isfinite(column.numbers[at]), column.numbers[at], -np.inf)
        found = [auc(numbers, positive), auc(_told(_binned(numbers), positive, half), positive)]
    else:
        found = [auc(_told(column.codes[at], positive, half), positive)]
    return max(max(each, 1 - each) for each in found)


def _binned(numbers: Floats) -> Ints:
    """The bin of each number, of about as many each; missing ones have their own."""
    there = numbers[np.isfinite(numbers)]
    if not len(there):
        return np.zeros(len(numbers), np.int64)
    edges = np.unique(np.quantile(there, np.linspace(0, 1, BINS + 1)))
    return np.searchsorted(edges, numbers) + np.isfinite(numbers)


def _told(codes: Ints, positive: Bools, half: Bools) -> Floats:
    """For each event the share of positives of its code in the half that it is not in."""
    told = np.empty(len(codes))
    count = int(codes.max()) + 1
    for learned in (half, ~half):
        hits = np.bincount(codes[learned], positive[learned], minlength=count)
        sizes = np.bincount(codes[learned], minlength=count)
        shares = (hits + PRIOR * positive.mean()) / (sizes + PRIOR)
        told[~learned] = shares[codes[~learned]]
    return told

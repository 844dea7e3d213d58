"""What data looks like, small enough for a manifest, and without user ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from recserve.trainer.checks.columns import Column, Numbers
from recserve.trainer.tables import Floats, Ints, Strings, Tables
from recserve.v1 import model_pb2, schema_pb2

BINS = 10
MOST_VALUES = 20
MOST_ITEMS = 100
MOST_FEATURES = 64
MOST_CHARACTERS = 64


def summarise(
    tables: Tables,
    columns: Sequence[Column],
    schema: schema_pb2.Schema,
    base: model_pb2.DataSummary | None = None,
) -> model_pb2.DataSummary:
    """Summarises cleaned data: event types, values, items, and at most `MOST_FEATURES` features.

    Args:
        tables: The data.
        columns: Its features.
        schema: Its event types.
        base: Another summary, whose bins and values are taken, so that both compare.
    """
    events = tables.events
    given = {} if base is None else {each.name: each for each in base.distributions}
    found = []
    names = np.array([event.name for event in schema.event_types] or [""], dtype=object)
    codes = np.bincount(events.type, minlength=len(names))
    found.append(_words("event_type", names, codes, given, MOST_ITEMS))
    if np.isfinite(events.value).any():
        found.append(_numbers("value", events.value, np.ones(len(events)), given))
    popularity = np.bincount(events.item, minlength=tables.item_count)
    found.append(_words("item", tables.item_ids, popularity, given, MOST_ITEMS))
    for column in columns[:MOST_FEATURES]:
        of = column.of
        weights = np.ones(len(events)) if of is None else np.bincount(of, minlength=len(column))
        if isinstance(column, Numbers):
            found.append(_numbers(column.name, column.numbers, weights, given))
        else:
            totals = np.bincount(column.codes, weights, minlength=len(column.words))
            found.append(_words(column.name, column.words, totals, given, MOST_VALUES))
    return model_pb2.DataSummary(distributions=found)


def _numbers(
    name: str, numbers: Floats, counts: Floats | Ints, given: dict[str, model_pb2.Distribution]
) -> model_pb2.Distribution:
    there = np.isfinite(numbers)
    known, weights = numbers[there].astype(np.float64), counts[there]
    total = int(counts.sum())
    if name in given:
        edges = np.array(given[name].edges)
    elif weights.sum():
        order = np.argsort(known, kind="stable")
        cumulative = np.cumsum(weights[order])
        at = np.searchsorted(cumulative, cumulative[-1] * np.arange(1, BINS) / BINS)
        edges = np.unique(known[order][at])
    else:
        edges = np.zeros(0)
    bins = np.bincount(np.searchsorted(edges, known), weights, minlength=len(edges) + 1)
    shares = [*bins / max(1, total), counts[~there].sum() / max(1, total)]
    return model_pb2.Distribution(name=name, count=total, edges=edges, shares=shares)


def _words(
    name: str,
    words: Strings,
    counts: Floats | Ints,
    given: dict[str, model_pb2.Distribution],
    most: int,
) -> model_pb2.Distribution:
    totals: defaultdict[str, float] = defaultdict(float)
    for word, count in zip(words, counts, strict=True):
        totals[str(word)[:MOST_CHARACTERS]] += float(count)
    if name in given:
        values = list(given[name].values)
    else:
        values = sorted(totals, key=lambda word: (-totals[word], word))[:most]
    total = sum(totals.values())
    shares = [totals[value] / max(1, total) for value in values]
    return model_pb2.Distribution(
        name=name, count=int(total), values=values, shares=[*shares, max(0.0, 1 - sum(shares))]
    )

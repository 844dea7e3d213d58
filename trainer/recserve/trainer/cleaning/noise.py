"""The rules that look at many rows together: repetitions, bots, contradictions, rarities."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recserve.trainer.cleaning.bots import fast_users
from recserve.trainer.cleaning.ledger import Ledger
from recserve.trainer.cleaning.polarity import is_judged, positive_events
from recserve.trainer.cleaning.rows import Gathered, Rows
from recserve.trainer.switches import Switches
from recserve.trainer.tables import Bools, Ints
from recserve.v1 import schema_pb2

A_SCALE = 3
"""So many different ratings are a scale. Two may be the outcomes of impressions."""


def denoise(
    gathered: Gathered, schema: schema_pb2.Schema, switches: Switches, ledger: Ledger
) -> Rows:
    """Applies every rule that is switched on.

    Returns:
        The rows that are kept.
    """
    has_times = gathered.columns.time is not None
    clock = has_times and schema.source.timestamp_kind != schema_pb2.TIMESTAMP_KIND_SEQUENCE
    rules: dict[str, Callable[[Rows], Bools]] = {
        "duplicate_event": duplicates,
        "duplicate_burst": lambda rows: bursts(rows, switches.burst_seconds),
        "bot_rate": lambda rows: fast_users(
            rows.user, rows.time, _deliberate(rows, schema), switches.bot_hourly_events
        )[rows.user],
        "contradictory_rating": lambda rows: contradictions(rows, schema),
        "rare_item": lambda rows: rare(rows.item, switches.min_item_events),
        "rare_user": lambda rows: rare(rows.user, switches.min_user_events),
    }
    if not clock:
        del rules["duplicate_burst"], rules["bot_rate"]
    rows = gathered.rows
    if not _are_opinions(rows, schema) and "contradictory_rating" not in switches.enabled:
        del rules["contradictory_rating"]
    for name, find in rules.items():
        if not ledger.applies(name):
            continue
        dropped = find(rows)
        if dropped.any():
            ledger.dropped(name, int(dropped.sum()), gathered.examples(rows, dropped))
            rows = rows.without(dropped)
    return rows


def duplicates(rows: Rows) -> Bools:
    """Which rows repeat an earlier one: user, item, type and time; without times, every cell."""
    if len(rows.fingerprint):
        order = np.argsort(rows.fingerprint, kind="stable")
        return _repeats(order, rows.fingerprint)
    pair = _pair(rows)
    order = np.lexsort((rows.type, rows.time, pair))
    return _repeats(order, pair, rows.time, rows.type)


def bursts(rows: Rows, seconds: float) -> Bools:
    """Which rows repeat the last event of the same user, item, type and value within seconds."""
    pair = _pair(rows)
    order = np.lexsort((rows.time, rows.type, pair))
    value = np.nan_to_num(rows.value, nan=-np.inf)
    repeats = _repeats(order, pair, rows.type, value)
    soon = np.zeros(len(rows), dtype=bool)
    soon[order[1:]] = np.diff(rows.time[order]) <= seconds
    return repeats & soon


def contradictions(rows: Rows, schema: schema_pb2.Schema) -> Bools:
    """Which ratings a later one of the same user and item takes back.

    Of ratings that are positive and negative all but the latest; without times, all but the
    last in the file.
    """
    judged = np.flatnonzero(is_judged(schema)[rows.type])
    pair = _pair(rows)[judged]
    times = np.nan_to_num(rows.time[judged])
    order = np.lexsort((times, pair))
    pair, judged = pair[order], judged[order]
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    positive = positive_events(rows.type[judged], rows.value[judged], schema)
    dropped = np.zeros(len(rows), dtype=bool)
    if not len(starts):
        return dropped
    sizes = np.diff(starts, append=len(pair))
    liked = np.add.reduceat(positive.astype(np.int64), starts)
    mixed = np.repeat((liked > 0) & (liked < sizes), sizes)
    mixed[starts + sizes - 1] = False
    dropped[judged[mixed]] = True
    return dropped


def rare(codes: Ints, fewest: int) -> Bools:
    """Which rows are of a user (or item) with fewer rows."""
    if fewest <= 1 or not len(codes):
        return np.zeros(len(codes), dtype=bool)
    few: Bools = (np.bincount(codes) < fewest)[codes]
    return few


def _are_opinions(rows: Rows, schema: schema_pb2.Schema) -> bool:
    """Whether the values are ratings of items, not outcomes of moments.

    The same item may well be clicked once and passed over once; then the features of moment
    and pair differ.
    """
    if schema.candidate_features or schema.context_features:
        return False
    values = rows.value[is_judged(schema)[rows.type]]
    return len(np.unique(values)) >= A_SCALE


def _deliberate(rows: Rows, schema: schema_pb2.Schema) -> Bools:
    """Which events the user made: impressions come without being asked for."""
    impression = [e.polarity == schema_pb2.POLARITY_IMPRESSION for e in schema.event_types]
    deliberate: Bools = ~np.array(impression or [False])[rows.type]
    return deliberate


def _pair(rows: Rows) -> Ints:
    """A number for each (user, item), int64 `[n]`."""
    return rows.user.astype(np.int64) * (int(rows.item.max(initial=0)) + 1) + rows.item


def _repeats(order: Ints, *columns: np.typing.NDArray[np.generic]) -> Bools:
    """Which rows equal the one before them in this order, in every column."""
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for column in columns:
        ordered = column[order]
        same &= ordered[1:] == ordered[:-1]
    repeats = np.zeros(len(order), dtype=bool)
    repeats[order[1:]] = same
    return repeats

"""Which events are held out for evaluation."""

from dataclasses import dataclass

import numpy as np

from recserve.trainer.tables import Bools, Events, Ints
from recserve.v1 import model_pb2

FEWEST_HELD_OUT = 1
MOST_HELD_OUT = 0.5


@dataclass(frozen=True)
class Split:
    """A partition of events."""

    kind: model_pb2.HoldoutKind
    holdout: Bools
    """`[n]`: True for held-out events; the rest is for training."""


def split(events: Events, share: float, *, clock: bool, ordered: bool, seed: int) -> Split:
    """Holds out the latest `share` of the events, or what comes nearest to it.

    With a clock, one moment divides all events: nothing is learned from after it. Without
    a clock, but with an order, each user's last event is held out (of users with two or
    more). Without any order, or with one time for most events, a seeded random share of the
    rows.
    """
    if clock and (cut := after_cut(events, share)).any():
        return Split(model_pb2.HOLDOUT_KIND_TIME, cut)
    if clock:
        return Split(model_pb2.HOLDOUT_KIND_RANDOM, random_share(events.row, share, seed))
    if ordered:
        return Split(model_pb2.HOLDOUT_KIND_LEAVE_LAST_OUT, last_of_each_user(events))
    return Split(model_pb2.HOLDOUT_KIND_RANDOM, random_share(events.row, share, seed))


def after_cut(events: Events, share: float) -> Bools:
    """Events at or after the one moment that leaves `share` of them; ties stay together.

    Where the ties are more than half of all events, those after the moment; perhaps none.
    """
    held = max(FEWEST_HELD_OUT, round(len(events) * share))
    cut = np.sort(events.time)[-held]
    holdout: Bools = events.time >= cut
    if holdout.mean() > MOST_HELD_OUT:
        holdout = events.time > cut
    return holdout


def last_of_each_user(events: Events) -> Bools:
    """The last event of each user who has at least two."""
    same_as_next = np.append(events.user[1:] == events.user[:-1], False)
    same_as_previous = np.insert(events.user[1:] == events.user[:-1], 0, False)
    last: Bools = ~same_as_next & same_as_previous
    return last


def random_share(row: Ints, share: float, seed: int) -> Bools:
    """A seeded random `share` of rows, at least one and at most half.

    A row's number decides: where a dataset grows at its end, what was held out for an earlier
    version mostly is again, and what that version learned from mostly is not.

    Args:
        row: int64 `[n]`, the numbers of the rows in the dataset, each once.
        share: Of the rows.
        seed: Of the choice.

    Returns:
        bool `[n]`.
    """
    count = len(row)
    held = max(FEWEST_HELD_OUT, min(round(count * share), int(count * MOST_HELD_OUT)))
    holdout = np.zeros(count, dtype=bool)
    holdout[np.argsort(_mixed(row, seed), kind="stable")[:held]] = True
    return holdout


def _mixed(row: Ints, seed: int) -> np.typing.NDArray[np.uint64]:
    """Numbers that look random, one for each row (SplitMix64; Steele, Lea and Flood, 2014)."""
    mixed = row.astype(np.uint64) + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))

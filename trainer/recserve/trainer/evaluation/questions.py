"""What is asked of a model: for whom, when, knowing what, and what the right answers are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from recserve.trainer.evaluation.ranking import Relevant
from recserve.trainer.evaluation.setting import Setting
from recserve.trainer.tables import Bools, Events, FeatureTable, Floats, Ints, Tables


@dataclass(frozen=True)
class Questions:
    """Questions about users, each with the events that are known by then.

    A question is a user at a moment. The answer must not hold an item that the user had before;
    it is right where it holds the items that the user turned to afterwards.
    """

    log: Events
    """The events that histories are cut from."""
    user: Ints
    """int `[Q]`."""
    start: Ints
    """int `[Q]`: the position in `log` of the user's first event."""
    end: Ints
    """int `[Q]`: the position behind the last event that is known."""
    time: Floats
    """float64 `[Q]`."""
    context: FeatureTable
    """Features of the moment, `[Q]`."""
    relevant: Relevant
    """The right answers, by the number of the question; at least one each."""

    def __len__(self) -> int:
        return len(self.user)

    @property
    def history_sizes(self) -> Ints:
        """How many events of the user are known, int `[Q]`."""
        return self.end - self.start

    @property
    def known(self) -> Bools:
        """Whether anything of the user is known, `[Q]`."""
        return self.end > self.start

    def take(self, chosen: Ints | Bools) -> Self:
        """These questions, in their order."""
        rows = np.arange(len(self))[chosen]
        return type(self)(
            self.log,
            self.user[rows],
            self.start[rows],
            self.end[rows],
            self.time[rows],
            self.context.take(rows),
            self.relevant.take(rows),
        )

    def batches(self, size: int) -> Iterator[tuple[slice, Self]]:
        """The questions, `size` at a time."""
        for first in range(0, len(self), size):
            part = slice(first, min(first + size, len(self)))
            yield part, self.take(np.arange(part.start, part.stop))

    def items_before(self) -> Ints:
        """Every item that each user had before, oldest first, int32 `[Q, E]`, padded with -1."""
        width = max(1, int(self.history_sizes.max(initial=0)))
        at = self.start[:, None] + np.arange(width)
        there = at < self.end[:, None]
        if not len(self.log):
            return np.full(at.shape, -1, np.int32)
        items = self.log.item[np.where(there, at, 0)]
        return np.where(there, items, -1).astype(np.int32)

    def wanted_before(self) -> Ints:
        """The items of each user's positive events before, like `items_before`."""
        items = self.items_before()
        if not len(self.log):
            return items
        at = np.minimum(self.start[:, None] + np.arange(items.shape[1]), len(self.log) - 1)
        items = np.where(self.log.positive[at], items, -1)
        return np.take_along_axis(items, np.argsort(items < 0, axis=1, kind="stable"), axis=1)


def about_holdout(setting: Setting) -> Questions:
    """One question for each user with right answers among the held-out events."""
    return about_events(setting.train, setting.holdout, setting.tables)


def about_events(train: Events, later: Events, tables: Tables) -> Questions:
    """One question for each user with right answers, at the time of the first later event.

    The history is that of the training events. Right answers are the later positive items that
    are not among them.
    """
    right = later.positive & ~had_before(train, later, tables)
    users = np.unique(later.user[right])
    firsts = np.searchsorted(later.user, users)
    return Questions(
        train,
        users,
        np.searchsorted(train.user, users),
        np.searchsorted(train.user, users, "right"),
        later.time[firsts],
        later.context.take(firsts),
        Relevant.of(
            np.searchsorted(users, later.user[right]), later.item[right], tables.item_count
        ),
    )


def after_events(setting: Setting, count: int) -> Questions:
    """One question for each user who had exactly `count` events, at the time of the next one.

    Of users whom training knows with as many, that is the question about the holdout. If one
    moment divides training from the holdout, those whom training knows with fewer events, or not
    at all, are asked about too: their held-out events come into the history until there are as
    many, and right answers are those that come then.
    """
    tables, train, holdout = setting.tables, setting.train, setting.holdout
    apart = tables.clock and train.time.max(initial=-np.inf) < holdout.time.min(initial=np.inf)
    if not apart:
        questions = about_holdout(setting)
        return questions.take(questions.history_sizes == count)
    log = tables.events
    trained = np.bincount(train.user, minlength=tables.user_count)
    start = np.searchsorted(log.user, np.arange(tables.user_count))
    known = np.arange(len(log)) < start[log.user] + count
    keys = log.user.astype(np.int64) * tables.item_count + log.item
    right = (trained[log.user] <= count) & ~known & log.positive & ~np.isin(keys, keys[known])
    users = np.unique(log.user[right])
    end = start[users] + count
    return Questions(
        log,
        users,
        start[users],
        end,
        log.time[end],
        log.context.take(end),
        Relevant.of(np.searchsorted(users, log.user[right]), log.item[right], tables.item_count),
    )


def about_each(events: Events, asked: Bools, tables: Tables) -> Questions:
    """One question for each of these events: what is the item, given all that came before?

    Left out are events that are not positive, and items that the user had before.

    Args:
        events: All events, in the order of users and times; histories grow along them.
        asked: `[n]`, which events are asked for.
        tables: What they are of.
    """
    keys = events.user.astype(np.int64) * tables.item_count + events.item
    first = np.zeros(len(events), bool)
    first[np.unique(keys, return_index=True)[1]] = True
    at = np.flatnonzero(asked & events.positive & first)
    start = np.searchsorted(events.user, events.user[at])
    return Questions(
        events,
        events.user[at],
        start,
        at,
        events.time[at],
        events.context.take(at),
        Relevant.of(np.arange(len(at)), events.item[at], tables.item_count),
    )


def had_before(train: Events, later: Events, tables: Tables) -> Bools:
    """Which of the later events are on items that their user has in training, `[n]`."""
    count = tables.item_count
    had = train.user.astype(np.int64) * count + train.item
    found: Bools = np.isin(later.user.astype(np.int64) * count + later.item, had)
    return found

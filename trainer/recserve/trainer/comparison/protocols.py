"""How training and questions are cut out of a dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Self, get_args

from recserve.trainer.errors import DatasetError
from recserve.trainer.evaluation.questions import Questions, about_each, about_events
from recserve.trainer.split import after_cut, last_of_each_user, split
from recserve.trainer.tables import Bools, Events, Tables
from recserve.v1 import model_pb2

Protocol = Literal["leave-last-out", "replay", "random"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
KINDS: dict[Protocol, model_pb2.HoldoutKind] = {
    "leave-last-out": model_pb2.HOLDOUT_KIND_LEAVE_LAST_OUT,
    "replay": model_pb2.HOLDOUT_KIND_REPLAY,
    "random": model_pb2.HOLDOUT_KIND_RANDOM,
}
SPLIT_SEED = 42


@dataclass(frozen=True)
class Round:
    """What is learned from, and what is asked then."""

    tables: Tables
    train: Events
    questions: Questions

    @classmethod
    def of(cls, protocol: Protocol, tables: Tables, share: float) -> Self:
        """Cuts the events of tables by a protocol.

        Leave-last-out: each user's last event is asked for, of users with two or more. Replay:
        all after the moment that leaves `share` of the events are asked for, one by one, with
        everything before as history, users without one included; nothing is learned from them.
        Random: a seeded share of the events, for data without an order, each user asked once.

        Raises:
            DatasetError: If the data lacks the order or the clock that the protocol needs, or
                nothing is left to ask.
        """
        _check(protocol, tables)
        held = _held(protocol, tables, share)
        tables = tables.most_popular_first(tables.events.take(~held))
        train = tables.events.take(~held)
        if protocol == "random":
            questions = about_events(train, tables.events.take(held), tables)
        else:
            questions = about_each(tables.events, held, tables)
        if not len(questions):
            raise DatasetError(
                f"{protocol} leaves nothing to ask: no positive event is held out on an item that "
                "is new to its user"
            )
        return cls(tables, train, questions)

    def earlier(self, protocol: Protocol, share: float) -> Self:
        """The same protocol one step earlier, within what is learned from here."""
        return type(self).of(protocol, replace(self.tables, events=self.train), share)


def suited(tables: Tables) -> Protocol:
    """Leave-last-out where events have an order, else random."""
    return "leave-last-out" if tables.ordered else "random"


def _check(protocol: Protocol, tables: Tables) -> None:
    if protocol == "leave-last-out" and not tables.ordered:
        raise DatasetError(
            "leave-last-out needs events in an order, and the data has no times; "
            "use --protocol random"
        )
    if protocol == "replay" and not tables.clock:
        raise DatasetError(
            "replay needs times that are comparable between users, and the data has none; use "
            f"--protocol {suited(tables)}"
        )


def _held(protocol: Protocol, tables: Tables, share: float) -> Bools:
    cuts: dict[Protocol, Callable[[], Bools]] = {
        "leave-last-out": lambda: last_of_each_user(tables.events),
        "replay": lambda: after_cut(tables.events, share),
        "random": lambda: (
            split(tables.events, share, clock=False, ordered=False, seed=SPLIT_SEED).holdout
        ),
    }
    return cuts[protocol]()

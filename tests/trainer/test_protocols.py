"""How training and questions are cut out of a dataset."""

from dataclasses import replace

import numpy as np
import pytest

from recserve.trainer.comparison.protocols import Round, suited
from recserve.trainer.errors import DatasetError
from recserve.trainer.tables import Tables
from trainer import handmade

# In the order of time: user 0 has items 0 to 3, user 1 items 0, 1 and 0 again, user 2 item 4.
USERS, ITEMS = [0, 0, 0, 0, 1, 1, 1, 2], [0, 1, 2, 3, 0, 1, 0, 4]


@pytest.fixture
def tables() -> Tables:
    return handmade.tables(handmade.events(USERS, ITEMS), 5)


def asked(about: Round) -> list[tuple[int, list[str], list[str]]]:
    """Each question: the user, the history, the right answers."""
    questions, ids = about.questions, about.tables.item_ids
    before = questions.items_before()
    found = []
    for number, user in enumerate(questions.user):
        right = questions.take(np.array([number])).relevant.keys
        history = before[number][before[number] >= 0]
        found.append((int(user), ids[history].tolist(), sorted(ids[right].tolist())))
    return found


def test_leave_last_out_asks_each_user_with_two_events_or_more_for_the_last(
    tables: Tables,
) -> None:
    about = Round.of("leave-last-out", tables, 0.2)

    # The last event of user 1 is on an item that the user had.
    assert asked(about) == [(0, ["i0", "i1", "i2"], ["i3"])]
    assert len(about.train) == 6


def test_replay_asks_for_every_later_event_with_all_before_it_as_history(tables: Tables) -> None:
    """Users without a history are asked about too, and what training saw does not grow."""
    about = Round.of("replay", tables, 0.4)

    assert asked(about) == [(1, ["i0"], ["i1"]), (2, [], ["i4"])]
    assert about.train.time.tolist() == [0, 1, 2, 3, 4]
    assert about.questions.time.tolist() == [5, 7]


def test_what_is_not_positive_is_history_and_no_question() -> None:
    positive = [True] * 5 + [False, True, True]
    tables = handmade.tables(handmade.events(USERS, [0, 1, 2, 3, 0, 1, 2, 4], positive), 5)

    about = Round.of("replay", tables, 0.4)

    assert asked(about) == [(1, ["i0", "i1"], ["i2"]), (2, [], ["i4"])]
    wanted = about.questions.wanted_before()
    assert about.tables.item_ids[wanted[0, 0]] == "i0"
    assert wanted[0, 1] == -1


def test_validation_is_the_same_one_step_earlier(tables: Tables) -> None:
    about = Round.of("leave-last-out", tables, 0.2).earlier("leave-last-out", 0.2)

    assert asked(about) == [(0, ["i0", "i1"], ["i2"]), (1, ["i0"], ["i1"])]


def test_a_random_share_is_for_data_without_an_order(tables: Tables) -> None:
    bare = replace(tables, clock=False, ordered=False)

    about = Round.of("random", bare, 0.25)

    assert len(about.train) == 6
    assert suited(bare) == "random"
    assert suited(tables) == "leave-last-out"
    with pytest.raises(DatasetError, match="--protocol random"):
        Round.of("leave-last-out", bare, 0.25)
    with pytest.raises(DatasetError, match="comparable between users"):
        Round.of("replay", bare, 0.25)

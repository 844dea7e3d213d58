"""Parts of an evaluation that are looked at by themselves."""

from __future__ import annotations

import numpy as np

from recserve.trainer.evaluation.answered import Answered
from recserve.trainer.evaluation.answers import Asked, Popular
from recserve.trainer.evaluation.item_facts import ItemFacts
from recserve.trainer.evaluation.questions import Questions, after_events
from recserve.trainer.evaluation.ranking import CUT_OFF
from recserve.trainer.evaluation.setting import Runner, Setting
from recserve.trainer.tables import Bools, Ints
from recserve.v1 import model_pb2

# Name, and the fewest and the most events that are known of the user.
BY_HISTORY = (
    ("new_users", 0, 0),
    ("known_users", 1, np.inf),
    ("cold_users", 1, 5),
    ("light_users", 6, 20),
    ("heavy_users", 21, np.inf),
)
AFTER = (("after_1_event", 1), ("after_2_events", 2), ("after_5_events", 5))
MOST_ASKED_AGAIN = 2_000
"""Users who are asked once more for a segment, at most."""


def by_history(sizes: Ints) -> dict[str, Bools]:
    """Which questions are about users of whom how much is known; without empty segments."""
    found = {name: (sizes >= least) & (sizes <= most) for name, least, most in BY_HISTORY}
    return {name: chosen for name, chosen in found.items() if chosen.any()}


def of(
    answered: Answered, asked: Asked, run: Runner, setting: Setting, facts: ItemFacts
) -> list[model_pb2.Segment]:
    """Every segment that somebody is in."""
    parts = {
        name: answered.take(chosen)
        for name, chosen in by_history(answered.questions.history_sizes).items()
    }
    popular = Popular(facts.popularity)
    for name, count in AFTER:
        questions = some(after_events(setting, count), MOST_ASKED_AGAIN, setting.seed)
        parts[name] = ask(asked, popular, questions)
    new = answered.where_right(answered.questions.relevant.among(~facts.seen))
    parts["new_items"] = new
    if len(new.questions):
        questions = new.questions.take(new.questions.known)
        asked = Asked(run, setting.tables, facts.popularity, setting.history_length, ~facts.seen)
        questions = some(questions, MOST_ASKED_AGAIN, setting.seed)
        popular = Popular(facts.popularity, ~facts.seen)
        parts["among_new_items"] = ask(asked, popular, questions)
    return [
        part.segment(name, facts, setting.seed)
        for name, part in parts.items()
        if len(part.questions)
    ]


def ask(asked: Asked, popular: Popular, questions: Questions) -> Answered:
    """Asks a model, and popularity."""
    rows, _ = asked.recommend(questions, CUT_OFF)
    return Answered(questions, rows, popular.recommend(questions, CUT_OFF))


def some(questions: Questions, most: int, seed: int) -> Questions:
    """At most so many of the questions, drawn with a seed."""
    drawn = np.random.default_rng(seed).permutation(len(questions))[:most]
    return questions.take(np.sort(drawn))

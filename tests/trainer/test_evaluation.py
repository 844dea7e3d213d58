"""Evaluation around the model: who is asked, about what, and when there is nothing to ask."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from recserve.trainer import dataset, schema_file
from recserve.trainer.cleaning import clean
from recserve.trainer.evaluation import served
from recserve.trainer.evaluation.setting import Setting
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.split import split

LINES = [
    "user_id,item_id,timestamp,value",
    "known,a,1600000000,1",
    "known,b,1600000010,1",
    "other,a,1600000020,1",
    "other,c,1600000030,1",
    "known,a,1600000040,1",
    "known,d,1600000050,1",
    "new,c,1600000060,1",
]


class Recorder:
    """A runner that recommends d, then nothing, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def __call__(self, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((name, inputs))
        if name == "encode_items":
            return {"item_vectors": np.zeros((4, 2)), "item_states": np.zeros((4, 2))}
        rows = np.full((len(inputs["history_rows"]), int(inputs["result_count"])), -1, np.int32)
        rows[:, 0] = 3
        return {"rows": rows, "scores": np.where(rows >= 0, 0.9, 0.0)}


def setting(tmp_path: Path, lines: list[str], schema: str = "", share: float = 3 / 7) -> Setting:
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines) + "\n")
    parsed = schema_file.parse(schema)
    tables = clean(dataset.read(dataset.locate(path, parsed.source)), parsed, 1.7e9).tables
    hp = HyperParameters.checked(holdout_share=share, candidate_count=10, history_length=3)
    held = split(tables.events, share, clock=True, ordered=True, seed=1).holdout
    return Setting.of(tables, tables.events.take(~held), tables.events.take(held), hp)


def test_users_with_a_history_get_the_model_and_others_what_is_popular(tmp_path: Path) -> None:
    runner = Recorder()

    outcome = served.evaluate(runner, setting(tmp_path, LINES))

    assert (outcome.known_users, outcome.new_users) == (1, 1)
    assert outcome.known_model["recall@10"] == 1.0
    # New user: a is the most popular, then b and c in the order of the table: c is third.
    assert outcome.model["mrr@10"] == (1.0 + 1 / 3) / 2
    assert outcome.baseline["mrr@10"] == (1 / 2 + 1 / 3) / 2


def test_a_user_is_asked_at_the_first_held_out_event_with_what_came_before(
    tmp_path: Path,
) -> None:
    runner = Recorder()

    served.evaluate(runner, setting(tmp_path, LINES))

    _, asked = runner.asked[-1]
    assert asked["history_rows"].tolist() == [[0, 1, -1]]
    assert asked["history_ages"][0, :2].tolist() == [40.0, 30.0]
    assert set(asked["excluded_rows"][0].tolist()) - {-1} == {0, 1}


def test_a_holdout_without_right_answers_has_no_metrics(tmp_path: Path) -> None:
    lines = [*LINES[:5], *(line[:-1] + "0" for line in LINES[5:])]
    schema = '[[event_types]]\nname = "click"\npositive_at_least = 0.5'

    outcome = served.evaluate(Recorder(), setting(tmp_path, lines, schema))

    assert outcome.model == outcome.baseline == {}

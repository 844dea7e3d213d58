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
from recserve.v1 import model_pb2

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


def metrics(found: model_pb2.Evaluation, segment: str = "") -> dict[str, tuple[float, float]]:
    among = found.metrics
    if segment:
        (among,) = (each.metrics for each in found.segments if each.name == segment)
    return {metric.name: (metric.value, metric.baseline) for metric in among}


def users(found: model_pb2.Evaluation) -> dict[str, int]:
    return {segment.name: segment.user_count for segment in found.segments}


def test_users_with_a_history_get_the_model_and_others_what_is_popular(tmp_path: Path) -> None:
    found = served.evaluate(Recorder(), setting(tmp_path, LINES))

    # New user: a is the most popular, then b and c in the order of the table: c is third.
    assert metrics(found)["mrr@10"] == ((1.0 + 1 / 3) / 2, (1 / 2 + 1 / 3) / 2)
    assert metrics(found, "known_users")["recall@10"] == (1.0, 1.0)
    assert metrics(found, "new_users")["mrr@10"] == (1 / 3, 1 / 3)
    assert users(found)["known_users"] == users(found)["cold_users"] == 1
    assert users(found)["new_users"] == 1


def test_a_user_is_asked_again_after_some_events(tmp_path: Path) -> None:
    lines = [*LINES, "new,b,1600000070,1", "new,d,1600000080,1", "new,a,1600000090,1"]
    runner = Recorder()

    found = served.evaluate(runner, setting(tmp_path, lines, share=5 / 10))

    # Training does not know "new", whose events are told one by one.
    asked = [one["history_rows"].tolist() for name, one in runner.asked if name == "recommend"]
    assert asked[1:3] == [[[2, -1, -1]], [[2, 1, -1]]]
    assert users(found)["after_1_event"] == users(found)["after_2_events"] == 1
    # The rest is b, d and a, of which d comes first.
    assert metrics(found, "after_1_event")["recall@10"][0] == 1 / 3
    assert metrics(found, "after_2_events")["recall@10"][0] == 1 / 2


def test_items_that_training_never_saw_are_looked_at_alone(tmp_path: Path) -> None:
    runner = Recorder()

    found = served.evaluate(runner, setting(tmp_path, LINES))

    # d, which only "known" wants, is new.
    assert users(found)["new_items"] == users(found)["among_new_items"] == 1
    assert metrics(found, "new_items")["mrr@10"] == (1.0, 0.5)
    assert metrics(found, "among_new_items")["mrr@10"] == (1.0, 1.0)
    assert runner.asked[-1][1]["available"].tolist() == [False, False, False, True]


def test_a_user_is_asked_at_the_first_held_out_event_with_what_came_before(
    tmp_path: Path,
) -> None:
    runner = Recorder()

    served.evaluate(runner, setting(tmp_path, LINES))

    _, asked = runner.asked[1]
    assert asked["history_rows"].tolist() == [[0, 1, -1]]
    assert asked["history_ages"][0, :2].tolist() == [40.0, 30.0]
    assert set(asked["excluded_rows"][0].tolist()) - {-1} == {0, 1}


def test_a_holdout_without_right_answers_has_no_metrics(tmp_path: Path) -> None:
    lines = [*LINES[:5], *(line[:-1] + "0" for line in LINES[5:])]
    schema = '[[event_types]]\nname = "click"\npositive_at_least = 0.5'

    found = served.evaluate(Recorder(), setting(tmp_path, lines, schema))

    assert found == model_pb2.Evaluation()

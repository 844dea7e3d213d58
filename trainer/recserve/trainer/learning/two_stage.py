"""Builds and trains the two-stage model, anew or from where a base version ended."""

from __future__ import annotations

import numpy as np

from recserve.trainer import weights
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.learning.lesson import Lesson
from recserve.trainer.learning.trained import Trained
from recserve.trainer.learning.untrained import build, vocabularies
from recserve.trainer.model.endpoints import Endpoints
from recserve.trainer.model.two_stage import TwoStage
from recserve.trainer.progress import Progress
from recserve.trainer.tables import Events, Ints, Tables
from recserve.trainer.weights import SavedWeights
from recserve.v1 import schema_pb2

# A warm start goes on where the base version ended if of the training events at most this share
# is new; it takes at least the second share for new.
MOST_GROWTH = 0.25
LEAST_GROWTH = 0.1


def learn(
    tables: Tables,
    train: Events,
    schema: schema_pb2.Schema,
    hp: HyperParameters,
    start: SavedWeights | None,
    progress: Progress,
) -> Trained:
    """Builds and trains a two-stage model.

    Args:
        tables: The whole cleaned data; of its events only `train` is learned from.
        train: The training events.
        schema: What the data means.
        hp: Hyper-parameters.
        start: Weights to start from; None for fresh ones.
        progress: Hears of each stage and pass.

    Raises:
        WarmStartError: If `start` does not fit.
    """
    progress.stage("features", f"{tables.user_count} users, {tables.item_count} items")
    model, own_rows = build(tables, train, schema, hp)
    named = vocabularies(model)
    lesson = None
    if start is not None:
        weights.restore(start, model.trainable_variables, named)
        lesson = _continued(start, tables, train, model, own_rows, hp, schema, progress)
    if lesson is None:
        lesson = Lesson(tables, train, model, own_rows, hp.holdout_share, hp, schema)
        progress.stage("retrieval")
        lesson.learn_retrieval(progress, restored=start is not None)
        progress.stage("ranking")
        lesson.learn_ranking(progress)
        progress.stage("retrieval", "learns from the later events too")
    lesson.learn_the_rest(progress)
    return Trained(
        family="two_stage",
        endpoints=Endpoints(model, lesson.dimensions),
        dimensions=lesson.dimensions,
        candidate_count=hp.candidate_count,
        variables=model.trainable_variables,
        vocabularies=named,
        uses_history=True,
        numbers=lesson.numbers,
    )


def _continued(
    start: SavedWeights,
    tables: Tables,
    train: Events,
    model: TwoStage,
    own_rows: Ints,
    hp: HyperParameters,
    schema: schema_pb2.Schema,
    progress: Progress,
) -> Lesson | None:
    """A lesson that goes on where the base version's ended; None if too much is new for that.

    Then only retrieval learns, from the latest events and as many others. The ranker stays: what
    it weighs is what retrieval says, and few new events change little about that. Without a clock
    nobody can tell which events are new.
    """
    if not start.numbers or not tables.clock:
        return None
    grown = _grown(start, train, tables, model)
    if grown > MOST_GROWTH:
        return None
    share = max(grown, LEAST_GROWTH)
    lesson = Lesson(tables, train, model, own_rows, share, hp, schema)
    if not lesson.is_parted:
        return None
    lesson.go_on(start.numbers)
    progress.stage("ranking", f"as in the base version: {grown:.0%} of the events are new")
    progress.stage("retrieval", "goes on from the base version")
    return lesson


def _grown(start: SavedWeights, train: Events, tables: Tables, model: TwoStage) -> float:
    """The share of the training events that the base version cannot have learned from, at least.

    Those that are more than it had, that lie outside its times, or that are on items unknown to it,
    whichever are the most.
    """
    ids = set(start.vocabularies[model.items.table.path])
    known = np.fromiter((str(item) in ids for item in tables.item_ids), bool, tables.item_count)
    numbers = start.numbers
    within = (train.time >= numbers["first_time"]) & (train.time <= numbers["last_time"])
    had = min(numbers["events"] / len(train), within.mean(), known[train.item].mean())
    return 1.0 - float(had)

"""`compare`: the model beside tuned baselines, over several seeds."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from recserve.trainer import impressions, quiet_tensorflow
from recserve.trainer.comparison import protocols
from recserve.trainer.comparison.contenders import contenders
from recserve.trainer.comparison.protocols import KINDS, Protocol, Round
from recserve.trainer.comparison.rivals import Rivals
from recserve.trainer.evaluation.answered import BASELINE, MODEL
from recserve.trainer.evaluation.answers import Asked, Popular
from recserve.trainer.evaluation.item_facts import ItemFacts
from recserve.trainer.evaluation.ranking import CUT_OFF
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.prepared import prepare
from recserve.trainer.progress import Progress, Silent
from recserve.trainer.tables import Ints
from recserve.trainer.training import read_schema
from recserve.v1 import model_pb2, schema_pb2


def compare(
    path: str | Path,
    *,
    schema: str | Path | None = None,
    protocol: Protocol | None = None,
    seeds: Sequence[int] = (1, 2, 3, 4, 5),
    baselines: Sequence[str] = ("item_knn", "ials", "ease", "blend"),
    hyper_parameters: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> model_pb2.Comparison:
    """Trains the two-stage model once for each seed and measures it beside baselines.

    All rank the whole catalogue on the same questions, seen items excluded. The settings of each
    baseline are chosen over a grid on the same protocol one step earlier, within the training
    events; the test is looked at once. Nothing is published.

    Args:
        path: A dataset: a folder, or one CSV or Parquet file.
        schema: A schema file. Default: the dataset's own, else what `inspect` proposes.
        protocol: "leave-last-out", "replay" or "random". Default: leave-last-out where events
            have an order, else random.
        seeds: At least one.
        baselines: Names, of `recserve.trainer.baselines.grids.GRIDS`; popularity is always there.
        hyper_parameters: Values by name; the rest is the default.
        progress: Hears how far it is. Default: nobody.

    Raises:
        TrainerError: If the schema, the data or a choice is bad.
    """
    progress = progress or Silent()
    chosen = (hyper_parameters or {}) | {"seed": seeds[0]}
    hp = HyperParameters.checked(**chosen)
    declared = read_schema(Path(path), schema)
    prepared = prepare(path, declared, progress)
    tables = prepared.tables
    tables = replace(tables, events=impressions.left_out(tables.events, declared))
    protocol = protocol or protocols.suited(tables)
    test = Round.of(protocol, tables, hp.holdout_share)
    validation = test.earlier(protocol, hp.holdout_share)
    progress.stage("questions", f"{protocol}: {len(test.questions)}")
    quiet_tensorflow.set_up()
    rivals = Rivals(baselines, test, validation, seeds[0])
    found = rivals.answers(progress)
    facts = ItemFacts.of(test.tables, test.train)
    popular = Popular(facts.popularity).recommend(test.questions, CUT_OFF)
    answers = {
        MODEL: [
            _answers(
                test,
                facts,
                declared,
                HyperParameters.checked(**(chosen | {"seed": seed})),
                progress,
            )
            for seed in seeds
        ],
        BASELINE: [popular],
        **{name: [rival.rows] for name, rival in found.items()},
    }
    progress.stage("evaluate", "intervals")
    judged = contenders(test.questions, answers, facts, seeds[0])
    for contender in judged:
        if contender.name in found:
            settings = found[contender.name].method.settings
            contender.settings.update({name: f"{value:g}" for name, value in settings.items()})
    return model_pb2.Comparison(
        protocol=KINDS[protocol],
        question_count=len(test.questions),
        user_count=len(np.unique(test.questions.user)),
        seeds=seeds,
        contenders=judged,
        dataset_digest=prepared.files.digest(),
        hyper_parameters=hp.to_message(),
        left_out=rivals.left_out,
    )


def _answers(
    test: Round,
    facts: ItemFacts,
    schema: schema_pb2.Schema,
    hp: HyperParameters,
    progress: Progress,
) -> Ints:
    """The answers of a model that is trained with one seed, int32 `[Q, 10]`."""
    from keras import backend

    from recserve.trainer.learning.two_stage import learn

    progress.stage("model", f"seed {hp.seed}")
    quiet_tensorflow.seed(hp.seed)
    trained = learn(test.tables, test.train, schema, hp, None, progress)
    progress.stage("evaluate", f"seed {hp.seed}")
    asked = Asked(trained.endpoints.run, test.tables, facts.popularity, hp.history_length)
    rows, _ = asked.recommend(test.questions, CUT_OFF)
    del trained, asked
    backend.clear_session()
    gc.collect()
    return rows

"""What a training reads: a dataset, prepared, checked, and parted from its holdout."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from recserve.trainer import impressions
from recserve.trainer.checks import examine
from recserve.trainer.errors import DatasetError
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.prepared import prepare
from recserve.trainer.progress import Progress
from recserve.trainer.split import split
from recserve.trainer.tables import Events, Tables
from recserve.v1 import model_pb2, schema_pb2


@dataclass(frozen=True)
class TrainingData:
    """A dataset to learn from, the items with the most popular first."""

    tables: Tables
    train: Events
    holdout: Events
    holdout_kind: model_pb2.HoldoutKind
    cleaning: model_pb2.CleaningReport
    """With the quality checks."""
    digest: str
    """Of the dataset's files."""

    def without_impressions(self, schema: schema_pb2.Schema) -> Self:
        """The same data as a model of histories reads it."""
        events, train, holdout = (
            impressions.left_out(events, schema)
            for events in (self.tables.events, self.train, self.holdout)
        )
        return replace(
            self, tables=replace(self.tables, events=events), train=train, holdout=holdout
        )


def read(
    path: str | Path,
    schema: schema_pb2.Schema,
    hp: HyperParameters,
    progress: Progress,
    *,
    base: model_pb2.ModelVersion | None = None,
    allowed: Collection[str] = (),
) -> TrainingData:
    """Reads, cleans, parts and checks a dataset.

    Args:
        path: A folder, or one CSV or Parquet file.
        schema: What its columns mean.
        hp: For `holdout_share` and `seed`.
        progress: Hears of each stage.
        base: The version whose data this is compared with. Default: none.
        allowed: Quality checks that may fail, by name.

    Raises:
        QualityError: If the data fails a check.
        TrainerError: If it cannot be read, or nothing can be learned from it.
    """
    prepared = prepare(path, schema, progress)
    tables = prepared.tables
    parts = split(
        tables.events, hp.holdout_share, clock=tables.clock, ordered=tables.ordered, seed=hp.seed
    )
    progress.stage("check")
    report = examine(
        tables,
        parts.holdout,
        prepared.cleaning,
        schema,
        base=base,
        allowed=frozenset(allowed),
        now=prepared.now,
        seed=hp.seed,
    )
    if not tables.events.positive[~parts.holdout].any():
        raise DatasetError(
            f"no event before the holdout is positive: all {int(tables.events.positive.sum())} are "
            "among the latest, which are held out. Lower holdout_share, or see polarity and "
            "positive_at_least of the event types in the schema"
        )
    tables = tables.most_popular_first(tables.events.take(~parts.holdout))
    return TrainingData(
        tables,
        tables.events.take(~parts.holdout),
        tables.events.take(parts.holdout),
        parts.kind,
        report,
        prepared.files.digest(),
    )

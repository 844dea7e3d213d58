"""Measures an earlier version on the holdout of a new one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recserve.trainer import artefact, measuring, warm_start
from recserve.trainer.errors import StoreError
from recserve.trainer.evaluation.evaluate import evaluate
from recserve.trainer.evaluation.setting import Setting
from recserve.trainer.store import Store
from recserve.v1 import model_pb2, schema_pb2


@dataclass(frozen=True)
class Compared:
    """An earlier version and its metrics."""

    version: int
    metrics: dict[str, float]


def compare(
    store: Store, version: int, family: str, schema: schema_pb2.Schema, setting: Setting
) -> Compared:
    """Measures a version, from its SavedModel, in a setting that is not its own.

    It is asked as a server would ask it: with as much of the histories as it reads, without
    events of types that came after it, for as many candidates as it ranks.

    Args:
        store: Where the version is.
        version: Its number.
        family: The family that the new version is of; another's metrics say other things.
        schema: What the data means.
        setting: The new version's.

    Raises:
        TrainerError: If it is missing, damaged, of another family or for another schema.
        Exception: Whatever TensorFlow raises for a SavedModel that it cannot run.
    """
    manifest = store.manifest(version)
    if manifest.layout.family != family:
        raise StoreError(f"it is {manifest.layout.family}, and the new one {family}")
    differing = warm_start.difference(manifest.schema, schema, may_grow=True)
    if differing:
        raise StoreError(differing)
    folder = store.path(version)
    if not artefact.is_intact(folder, manifest):
        raise StoreError("its files are not those that its manifest lists")
    run = measuring.runner(folder, manifest, setting.tables)
    own = replace(
        setting,
        history_length=manifest.layout.history_length,
        candidate_count=manifest.layout.candidate_count or setting.candidate_count,
    )
    evaluation = evaluate(family, run, own, model_pb2.HOLDOUT_KIND_UNSPECIFIED)
    return Compared(version, {metric.name: metric.value for metric in evaluation.metrics})

"""`fit`: from a dataset to a published version."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from recserve.trainer import artefact, dataset, quiet_tensorflow, schema_file
from recserve.trainer import family as families
from recserve.trainer.errors import HyperParameterError, StoreError
from recserve.trainer.family import Family
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.learning_curves import LearningCurves
from recserve.trainer.location import open_store
from recserve.trainer.origin import PROMOTIONS, Origin
from recserve.trainer.progress import Progress, Silent
from recserve.trainer.store import Store
from recserve.trainer.switches import check_names
from recserve.v1 import model_pb2, schema_pb2

if TYPE_CHECKING:
    from recserve.trainer.evaluation.setting import Setting
    from recserve.trainer.learning.trained import Trained
    from recserve.trainer.tables import Ints
    from recserve.trainer.training_data import TrainingData
    from recserve.trainer.weights import SavedWeights

Mode = Literal["full", "warm-start"]


@dataclass(frozen=True)
class Fitted:
    """What a fit made."""

    path: Path
    manifest: model_pb2.ModelVersion


def fit(
    path: str | Path,
    store: str | Path,
    *,
    model: str = "default",
    schema: str | Path | None = None,
    mode: Mode = "full",
    base: int | None = None,
    family: Family | None = None,
    hyper_parameters: dict[str, Any] | None = None,
    origin: Origin | None = None,
    compare_with: int | None = None,
    allow: Collection[str] = (),
    progress: Progress | None = None,
    confirm: Callable[[], None] = lambda: None,
) -> Fitted:
    """Trains a model on a dataset, evaluates it, and publishes it as the next version.

    Args:
        path: A dataset: a folder, or one CSV or Parquet file.
        store: The model store, a folder (made if it is not there) or a URL.
        model: The model's name.
        schema: A schema file. Default: the dataset's own, else what `inspect` proposes.
        mode: "full" starts from random weights, "warm-start" from an earlier version's.
        base: The version to start from. Default: the latest.
        family: "two_stage" or "pointwise". Default: the base version's, else what suits the
            dataset (`recserve.trainer.family`).
        hyper_parameters: Values by name; the rest is the default, or the base version's.
        origin: What the manifest says of why it was trained. Default: by hand, and that a
            server may promote it.
        compare_with: An earlier version that is measured on the same holdout. One that cannot
            be is named without metrics, and `progress` hears why. Default: none.
        allow: Quality checks that may fail this time, by name.
        progress: Hears how far the fit is. Default: nobody.
        confirm: Called at the last moment before the version appears; what it raises stops
            that.

    Returns:
        The version's folder, its manifest and its evaluation.

    Raises:
        QualityError: If the data fails a check.
        TrainerError: If the schema, the data, the store or a choice is bad otherwise. Nothing
            is published then.
    """
    began = time.monotonic()
    progress = progress or Silent()
    shop = open_store(store, model)
    shop.check_writable()
    allowed = check_names(allow)
    plan = _plan(Path(path), shop, schema, mode, base, hyper_parameters or {})
    from recserve.trainer import training_data

    before = plan.before or (_found(shop, compare_with) if compare_with is not None else None)
    data = training_data.read(path, plan.schema, plan.hp, progress, base=before, allowed=allowed)
    family = family or plan.family or families.suited(plan.schema, data.tables)
    families.check(family, data.tables)
    if family == "two_stage":
        data = data.without_impressions(plan.schema)
    # Late, so that bad data is told of at once.
    progress.stage("start", "TensorFlow")
    quiet_tensorflow.set_up()
    quiet_tensorflow.seed(plan.hp.seed)
    learned = LearningCurves(progress)
    learn = families.learner(family)
    trained = learn(data.tables, data.train, plan.schema, plan.hp, plan.start, learned)
    evaluation = _evaluate(trained, data, plan, progress)
    if compare_with is not None:
        _compare(evaluation, shop, compare_with, trained.family, data, plan, progress)
    progress.evaluated(evaluation.metrics)
    progress.stage("publish")
    manifest = _manifest(trained, evaluation, data, plan, origin or Origin())
    manifest.learning_curves.extend(learned.curves)
    clusters = _clusters(trained, data, plan, manifest)
    manifest.training_seconds = round(time.monotonic() - began, 3)
    write, describe = _writer(trained, data, clusters), _describer(shop, progress)
    folder, manifest = artefact.publish(shop, manifest, write, confirm, describe)
    return Fitted(folder, manifest)


@dataclass(frozen=True)
class _Plan:
    schema: schema_pb2.Schema
    hp: HyperParameters
    base: int
    start: SavedWeights | None
    before: model_pb2.ModelVersion | None = None
    """The base version."""

    @property
    def family(self) -> Family | None:
        """The base version's."""
        return None if self.before is None else cast("Family", self.before.layout.family)


def _plan(
    path: Path,
    store: Store,
    schema: str | Path | None,
    mode: Mode,
    base: int | None,
    chosen: dict[str, Any],
) -> _Plan:
    declared = read_schema(path, schema)
    if mode == "full":
        if base is not None:
            raise HyperParameterError("a base version is for a warm start only")
        return _Plan(declared, HyperParameters.checked(**chosen), 0, None)
    from recserve.trainer import warm_start

    manifest = store.manifest(base)
    warm_start.check_schema(manifest.schema, declared)
    used = HyperParameters.from_message(manifest.hyper_parameters).model_dump()
    hp = HyperParameters.checked(**(used | chosen))
    start = warm_start.weights(store, manifest, declared, hp)
    return _Plan(declared, hp, manifest.version, start, manifest)


def read_schema(path: Path, schema: str | Path | None) -> schema_pb2.Schema:
    """The schema given, or the dataset's own, or what `inspect` proposes."""
    if schema is not None:
        return schema_file.read(Path(schema))
    own = dataset.schema_path(path)
    if own.is_file():
        return schema_file.read(own)
    from recserve.trainer.inspection import inspect

    return inspect(path).schema


def _found(store: Store, version: int) -> model_pb2.ModelVersion | None:
    try:
        return store.manifest(version)
    except StoreError:
        return None  # it is said where the version is measured


def _evaluate(
    trained: Trained, data: TrainingData, plan: _Plan, progress: Progress
) -> model_pb2.Evaluation:
    from recserve.trainer.evaluation.evaluate import evaluate

    progress.stage("evaluate")
    setting = _setting(data, plan)
    return evaluate(trained.family, trained.endpoints.run, setting, data.holdout_kind)


def _compare(
    evaluation: model_pb2.Evaluation,
    store: Store,
    version: int,
    family: str,
    data: TrainingData,
    plan: _Plan,
    progress: Progress,
) -> None:
    """Writes the figures of an earlier version beside those of the new one."""
    from recserve.trainer.comparing import compare

    progress.stage("evaluate", f"version {version} on the same holdout")
    evaluation.stable_version = version
    try:
        compared = compare(store, version, family, plan.schema, _setting(data, plan))
    except Exception as error:  # whatever is wrong with it, the new version is none the worse
        progress.stage("evaluate", f"without version {version}: {error}")
        return
    for metric in evaluation.metrics:
        if metric.name in compared.metrics:
            metric.stable = compared.metrics[metric.name]


def _setting(data: TrainingData, plan: _Plan) -> Setting:
    from recserve.trainer.evaluation.setting import Setting

    return Setting.of(data.tables, data.train, data.holdout, plan.hp)


def _manifest(
    trained: Trained,
    evaluation: model_pb2.Evaluation,
    data: TrainingData,
    plan: _Plan,
    origin: Origin,
) -> model_pb2.ModelVersion:
    manifest = model_pb2.ModelVersion(
        lineage=_lineage(data, plan, origin.log_position),
        evaluation=evaluation,
        cleaning=data.cleaning,
        schema=plan.schema,
        hyper_parameters=plan.hp.to_message(),
        layout=trained.layout(artefact.FORMAT_VERSION),
        training_run=origin.training_run,
        promotion=PROMOTIONS[origin.promotion],
        promotion_margins=origin.margins,
    )
    manifest.create_time.GetCurrentTime()
    return manifest


def _lineage(data: TrainingData, plan: _Plan, log_position: int) -> model_pb2.Lineage:
    mode = model_pb2.TRAINING_MODE_WARM_START if plan.base else model_pb2.TRAINING_MODE_FULL
    lineage = model_pb2.Lineage(
        mode=mode,
        base_version=plan.base,
        schema_digest=schema_file.digest(plan.schema),
        dataset_digest=data.digest,
        log_position=log_position,
        event_count=len(data.tables.events),
        user_count=data.tables.user_count,
        item_count=data.tables.item_count,
        seed=plan.hp.seed,
    )
    if data.tables.clock:
        times = data.tables.events.time
        lineage.first_event_time.FromMilliseconds(int(times.min() * 1000))
        lineage.last_event_time.FromMilliseconds(int(times.max() * 1000))
    return lineage


def _clusters(
    trained: Trained, data: TrainingData, plan: _Plan, manifest: model_pb2.ModelVersion
) -> Ints:
    """The cluster of each item; the manifest gets to know what they are like."""
    from recserve.trainer.clusters import kmeans
    from recserve.trainer.clusters.description import describe
    from recserve.trainer.evaluation.inputs import item_inputs
    from recserve.trainer.tables import popularity

    tables = data.tables
    weight = popularity(tables.events, tables.item_count)
    vectors = trained.endpoints.run("encode_items", item_inputs(tables, weight))["item_vectors"]
    directions = kmeans.directions(vectors, biased=trained.family == "two_stage")
    clusters = kmeans.cluster(directions, seed=plan.hp.seed).of(directions)
    features = plan.schema.item_features
    manifest.item_clusters.extend(describe(clusters, tables, weight, features))
    return clusters


def _writer(trained: Trained, data: TrainingData, clusters: Ints) -> Any:
    from recserve.trainer import item_table
    from recserve.trainer.tables import popularity

    tables = data.tables

    def write(folder: Path) -> None:
        trained.write(folder)
        counts = popularity(tables.events, tables.item_count)
        item_table.write(
            folder / "items.npz", tables.item_ids, tables.item_features, counts, clusters
        )

    return write


def _describer(store: Store, progress: Progress) -> Callable[[model_pb2.ModelVersion], str | None]:
    """Makes the report, or says why there is none: a version without one is still a version."""

    def describe(manifest: model_pb2.ModelVersion) -> str | None:
        try:
            from recserve.trainer import report

            return report.of_version(store, manifest)
        except Exception as error:
            progress.stage("publish", f"without a report: {error!r}")
            return None

    return describe

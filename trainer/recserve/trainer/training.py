"""`fit`: from a dataset to a published version."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from recserve.trainer import artefact, dataset, quiet_tensorflow, schema_file
from recserve.trainer import family as families
from recserve.trainer.errors import HyperParameterError
from recserve.trainer.family import Family
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.origin import PROMOTIONS, Origin
from recserve.trainer.progress import Progress, Silent
from recserve.trainer.store import Store
from recserve.v1 import model_pb2, schema_pb2

if TYPE_CHECKING:
    from recserve.trainer.evaluation.report import Report
    from recserve.trainer.evaluation.setting import Setting
    from recserve.trainer.learning.trained import Trained
    from recserve.trainer.tables import Events, Tables
    from recserve.trainer.weights import SavedWeights

Mode = Literal["full", "warm-start"]


@dataclass(frozen=True)
class Fitted:
    """What a fit made."""

    path: Path
    manifest: model_pb2.ModelVersion
    report: Report
    losses: list[float] = field(default_factory=list)
    """The training loss of each pass of the first stage."""


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
    progress: Progress | None = None,
    confirm: Callable[[], None] = lambda: None,
) -> Fitted:
    """Trains a model on a dataset, evaluates it, and publishes it as the next version.

    Args:
        path: A dataset: a folder, or one CSV or Parquet file.
        store: The model store; made if it is not there.
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
        progress: Hears how far the fit is. Default: nobody.
        confirm: Called at the last moment before the version appears; what it raises stops
            that.

    Returns:
        The version's folder, its manifest and its evaluation.

    Raises:
        TrainerError: If the schema, the data, the store or a choice is bad; nothing is
            published then.
    """
    began = time.monotonic()
    progress = progress or Silent()
    shop = Store(Path(store), model)
    shop.check_writable()
    plan = _plan(Path(path), shop, schema, mode, base, hyper_parameters or {})
    data = _read(Path(path), plan, progress)
    family = family or plan.family or families.suited(plan.schema, data.tables)
    families.check(family, data.tables)
    # Late, so that bad data is told of at once.
    progress.stage("start", "TensorFlow")
    quiet_tensorflow.set_up()
    quiet_tensorflow.seed(plan.hp.seed)
    trained = _learn(family, data, plan, progress)
    report = _evaluate(trained, data, plan, progress)
    if compare_with is not None:
        report = _compared(report, shop, compare_with, trained.family, data, plan, progress)
    progress.evaluated(report.metrics())
    progress.stage("publish")
    manifest = _manifest(trained, report, data, plan, origin or Origin())
    manifest.training_seconds = round(time.monotonic() - began, 3)
    folder, manifest = artefact.publish(shop, manifest, _writer(trained, data), confirm)
    return Fitted(folder, manifest, report, trained.losses)


@dataclass(frozen=True)
class _Plan:
    schema: schema_pb2.Schema
    hp: HyperParameters
    base: int
    start: SavedWeights | None
    family: Family | None = None
    """The base version's."""


@dataclass(frozen=True)
class _Data:
    tables: Tables
    train: Events
    holdout: Events
    holdout_kind: model_pb2.HoldoutKind
    cleaning: model_pb2.CleaningReport
    digest: str


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
    start = warm_start.weights(store, manifest)
    return _Plan(declared, hp, manifest.version, start, cast("Family", manifest.layout.family))


def read_schema(path: Path, schema: str | Path | None) -> schema_pb2.Schema:
    """The schema given, or the dataset's own, or what `inspect` proposes."""
    if schema is not None:
        return schema_file.read(Path(schema))
    own = dataset.schema_path(path)
    if own.is_file():
        return schema_file.read(own)
    from recserve.trainer.inspection import inspect

    return inspect(path).schema


def _read(path: Path, plan: _Plan, progress: Progress) -> _Data:
    from recserve.trainer.cleaning import clean
    from recserve.trainer.split import split

    progress.stage("read", str(path))
    files = dataset.locate(path, plan.schema.source)
    raw = dataset.read(files)
    progress.stage("clean", f"{len(raw.interactions.rows)} rows")
    cleaned = clean(raw, plan.schema, time.time())
    tables = cleaned.tables
    parts = split(
        tables.events,
        plan.hp.holdout_share,
        clock=tables.clock,
        ordered=tables.ordered,
        seed=plan.hp.seed,
    )
    tables = tables.most_popular_first(tables.events.take(~parts.holdout))
    train, holdout = tables.events.take(~parts.holdout), tables.events.take(parts.holdout)
    return _Data(tables, train, holdout, parts.kind, cleaned.report, files.digest())


def _learn(family: Family, data: _Data, plan: _Plan, progress: Progress) -> Trained:
    if family == "pointwise":
        from recserve.trainer.learning.pointwise import learn
    else:
        from recserve.trainer.learning.two_stage import learn
    return learn(data.tables, data.train, plan.schema, plan.hp, plan.start, progress)


def _evaluate(trained: Trained, data: _Data, plan: _Plan, progress: Progress) -> Report:
    from recserve.trainer.evaluation.report import evaluate

    progress.stage("evaluate")
    return evaluate(trained.family, trained.endpoints.run, _setting(data, plan))


def _compared(
    report: Report,
    store: Store,
    version: int,
    family: str,
    data: _Data,
    plan: _Plan,
    progress: Progress,
) -> Report:
    from recserve.trainer.comparing import compare

    progress.stage("evaluate", f"version {version} on the same holdout")
    try:
        compared = compare(store, version, family, plan.schema, _setting(data, plan))
    except Exception as error:  # whatever is wrong with it, the new version is none the worse
        progress.stage("evaluate", f"without version {version}: {error}")
        return replace(report, stable_version=version)
    return replace(report, stable=compared.metrics, stable_version=compared.version)


def _setting(data: _Data, plan: _Plan) -> Setting:
    from recserve.trainer.evaluation.setting import Setting

    return Setting.of(data.tables, data.train, data.holdout, plan.hp)


def _manifest(
    trained: Trained, report: Report, data: _Data, plan: _Plan, origin: Origin
) -> model_pb2.ModelVersion:
    manifest = model_pb2.ModelVersion(
        lineage=_lineage(data, plan, origin.log_position),
        evaluation=report.to_message(data.holdout_kind, data.holdout),
        cleaning=data.cleaning,
        schema=plan.schema,
        hyper_parameters=plan.hp.to_message(),
        layout=trained.layout(artefact.FORMAT_VERSION),
        training_run=origin.training_run,
        promotion=PROMOTIONS[origin.promotion],
    )
    manifest.create_time.GetCurrentTime()
    return manifest


def _lineage(data: _Data, plan: _Plan, log_position: int) -> model_pb2.Lineage:
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


def _writer(trained: Trained, data: _Data) -> Any:
    from recserve.trainer import item_table
    from recserve.trainer.tables import popularity

    tables = data.tables

    def write(folder: Path) -> None:
        trained.write(folder)
        counts = popularity(tables.events, tables.item_count)
        item_table.write(folder / "items.npz", tables.item_ids, tables.item_features, counts)

    return write

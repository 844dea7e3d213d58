"""`measure`: the metrics of a published version, from its SavedModel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recserve.trainer import impressions, item_table, quiet_tensorflow
from recserve.trainer.errors import StoreError
from recserve.trainer.evaluation.aligned import Aligned
from recserve.trainer.evaluation.evaluate import evaluate
from recserve.trainer.evaluation.setting import Runner, Setting
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.location import open_store
from recserve.trainer.tables import Tables
from recserve.v1 import model_pb2


@dataclass(frozen=True)
class Measured:
    """What a measurement gave."""

    name: str
    """The version's resource name."""
    evaluation: model_pb2.Evaluation


def measure(
    path: str | Path, store: str | Path, *, model: str = "default", version: int | None = None
) -> Measured:
    """Evaluates a version on the holdout of a dataset, cut as in its training.

    Args:
        path: The dataset, readable by the version's own schema.
        store: The model store.
        model: The model's name.
        version: The version. Default: the latest.

    Raises:
        TrainerError: If the version or the dataset cannot be read.
    """
    from recserve.trainer.prepared import prepare
    from recserve.trainer.split import split

    shop = open_store(store, model)
    manifest = shop.manifest(version)
    hp = HyperParameters.from_message(manifest.hyper_parameters)
    tables = prepare(path, manifest.schema).tables
    parts = split(
        tables.events, hp.holdout_share, clock=tables.clock, ordered=tables.ordered, seed=hp.seed
    )
    train, holdout = tables.events.take(~parts.holdout), tables.events.take(parts.holdout)
    if manifest.layout.family == "two_stage":
        train, holdout = (impressions.left_out(each, manifest.schema) for each in (train, holdout))
    setting = Setting.of(tables, train, holdout, hp)
    quiet_tensorflow.set_up()
    run = runner(shop.path(manifest.version), manifest, tables)
    return Measured(manifest.name, evaluate(manifest.layout.family, run, setting, parts.kind))


def runner(folder: Path, manifest: model_pb2.ModelVersion, tables: Tables) -> Runner:
    """Runs the SavedModel of a version on tables, whose items may be others than its own.

    Raises:
        StoreError: If its item table cannot be read.
        Exception: Whatever TensorFlow raises for a SavedModel that it cannot load.
    """
    return aligned(folder, manifest, tables).run


def aligned(folder: Path, manifest: model_pb2.ModelVersion, tables: Tables) -> Aligned:
    """The SavedModel of a version in terms of tables; raises as `runner` does."""
    own_ids = item_table.read_ids(folder / "items.npz")
    signatures = SavedSignatures(folder / "saved_model")
    return Aligned(
        signatures.run,
        own_ids,
        tables.item_ids,
        multi_valued_length=manifest.layout.multi_valued_length,
        type_count=max(1, len(manifest.schema.event_types)),
    )


class SavedSignatures:
    """The signatures of a SavedModel, run on arrays."""

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        self._model = tf.saved_model.load(str(folder))

    def run(self, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Runs one signature."""
        from recserve.trainer.model.endpoints import as_tensor

        function = self._model.signatures.get(name)
        if function is None:
            raise StoreError(f"the SavedModel has no signature {name}")
        specs = function.structured_input_signature[1]
        tensors = {key: as_tensor(inputs[key], spec.dtype) for key, spec in specs.items()}
        return {key: value.numpy() for key, value in function(**tensors).items()}

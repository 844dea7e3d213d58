"""Starts from an earlier version of the same model."""

from dataclasses import replace

from recserve.trainer import weights as weights_file
from recserve.trainer.errors import WarmStartError
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.store import Store
from recserve.trainer.weights import SavedWeights
from recserve.v1 import model_pb2, schema_pb2

KINDS = ("event_types", "user_features", "item_features", "context_features", "candidate_features")


def difference(base: schema_pb2.Schema, new: schema_pb2.Schema, *, may_grow: bool = False) -> str:
    """In what two schemas differ of what models depend on; where the data lies may differ.

    Args:
        base: A version's schema.
        new: That of the data.
        may_grow: Whether the data may have further event types behind those of the version.

    Returns:
        A sentence; empty if they do not.
    """
    for kind in KINDS:
        before, now = ([_essence(entry) for entry in getattr(s, kind)] for s in (base, new))
        known = now[: len(before)] if may_grow and kind == "event_types" else now
        if before != known:
            return f"{kind} of the schema differ from the version's: {before} there, {now} here"
    return ""


def check_schema(base: schema_pb2.Schema, new: schema_pb2.Schema) -> None:
    """Checks that a version for one schema can be trained on for another.

    Raises:
        WarmStartError: If they differ; says in what.
    """
    differing = difference(base, new)
    if differing:
        raise WarmStartError(
            f"{differing.replace('the version', 'the base version')}; train in full (mode full)"
        )


def weights(
    store: Store,
    manifest: model_pb2.ModelVersion,
    schema: schema_pb2.Schema,
    hp: HyperParameters,
) -> SavedWeights:
    """The weights of the version that a manifest describes.

    What its learning chose is among them only if it would choose from the same now: where events
    mean something else, are cleaned by other rules, or hyper-parameters differ, all is chosen anew.
    """
    saved = weights_file.read(store.path(manifest.version) / "weights.npz")
    before = manifest.schema
    same = list(before.event_types) == list(schema.event_types)
    same &= before.cleaning == schema.cleaning
    used = HyperParameters.from_message(manifest.hyper_parameters)
    same &= used.model_copy(update={"seed": hp.seed}) == hp
    return saved if same else replace(saved, numbers={})


def _essence(entry: schema_pb2.EventType | schema_pb2.Feature) -> str:
    if isinstance(entry, schema_pb2.EventType):
        return entry.name
    dimension = f" of {entry.dimension}" if entry.dimension else ""
    return f"{entry.name} ({schema_pb2.FeatureType.Name(entry.type)}{dimension})"

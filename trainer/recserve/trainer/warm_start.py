"""Starts from an earlier version of the same model."""

from recserve.trainer import weights as weights_file
from recserve.trainer.errors import WarmStartError
from recserve.trainer.store import Store
from recserve.trainer.weights import SavedWeights
from recserve.v1 import model_pb2, schema_pb2

KINDS = ("event_types", "user_features", "item_features", "context_features", "candidate_features")


def check_schema(base: schema_pb2.Schema, new: schema_pb2.Schema) -> None:
    """Compares what models depend on; where the data lies may differ.

    Raises:
        WarmStartError: If they differ; says in what.
    """
    for kind in KINDS:
        before, now = ([_essence(entry) for entry in getattr(s, kind)] for s in (base, new))
        if before != now:
            raise WarmStartError(
                f"{kind} of the schema differ from the base version's: {before} there, {now} here; "
                "train with --mode full"
            )


def weights(store: Store, manifest: model_pb2.ModelVersion) -> SavedWeights:
    """The weights of the version that a manifest describes."""
    return weights_file.read(store.path(manifest.version) / "weights.npz")


def _essence(entry: schema_pb2.EventType | schema_pb2.Feature) -> str:
    if isinstance(entry, schema_pb2.EventType):
        return entry.name
    return f"{entry.name} ({schema_pb2.FeatureType.Name(entry.type)})"

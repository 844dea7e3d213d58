"""`embed`: a version's vectors, hidden-layer features and clusters as Parquet files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recserve.trainer import artefact, impressions, quiet_tensorflow, staging
from recserve.trainer.embedding.export import Export, Written
from recserve.trainer.embedding.version import Version
from recserve.trainer.errors import StoreError, TrainerError
from recserve.trainer.location import open_store
from recserve.trainer.tally import NoTally, Tally


@dataclass(frozen=True)
class Embedded:
    """What was written."""

    version: str
    """The version's resource name."""
    output: Path
    files: list[Written]

    def summary(self) -> dict[str, Any]:
        """For programs."""
        return {
            "version": self.version,
            "output": str(self.output),
            "files": [vars(file) for file in self.files],
        }


def embed(
    path: str | Path,
    store: str | Path,
    output: str | Path,
    *,
    model: str = "default",
    version: int | None = None,
    vectors_only: bool = False,
    tally: Tally | None = None,
) -> Embedded:
    """Writes what a version says of the users, items and events of a dataset.

    `items.parquet`, `users.parquet` and `interactions.parquet` appear in a new folder, all at
    once; docs/training.md describes their columns.

    Args:
        path: The dataset, readable by the version's own schema.
        store: The model store.
        output: The folder; it must not be there, or be empty.
        model: The model's name.
        version: The version. Default: the latest.
        vectors_only: Leave out the hidden-layer features, and with them the interactions.
        tally: Hears how far it is. Default: nobody.

    Raises:
        TrainerError: If the version or the dataset cannot be read, or the folder not written.
    """
    shop, output = open_store(store, model), Path(output)
    manifest = shop.manifest(version)
    folder = shop.path(manifest.version)
    if vectors_only and manifest.layout.family == "pointwise":
        raise StoreError(
            f"{manifest.name} is pointwise, and has no vectors of users: what it says of them is "
            "in its hidden layer; ask without --vectors-only"
        )
    _check_free(output)
    if not artefact.is_intact(folder, manifest):
        raise StoreError(f"{folder}: the files are not those that the manifest lists")
    from recserve.trainer.prepared import prepare

    tables = prepare(path, manifest.schema).tables
    if manifest.layout.family == "two_stage":
        tables = replace(tables, events=impressions.left_out(tables.events, manifest.schema))
    quiet_tensorflow.set_up()
    export = Export(
        Version(folder, manifest, tables),
        tables,
        manifest,
        folder,
        tally or NoTally(),
        with_features=not vectors_only,
    )
    output = output.absolute()
    try:
        with staging.staged(output.parent, f".{output.name}-") as staged:
            files = export.write(staged)
            staged.chmod(0o755)
            staging.sync_tree(staged)
            # Onto an empty folder a folder can be renamed, onto another not.
            staged.rename(output)
    except OSError as error:
        raise TrainerError(
            f"cannot write {output}: {error.strerror or error}; nothing was left there"
        ) from error
    return Embedded(manifest.name, output, files)


def _check_free(output: Path) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise TrainerError(f"{output} is there already; remove it, or name another --output")

"""Where the parts of a dataset lie."""

from dataclasses import dataclass
from pathlib import Path

from recserve.server.errors import InvalidDataset
from recserve.v1 import schema_pb2

SUFFIXES = (".parquet", ".csv", ".tsv", ".csv.gz", ".tsv.gz")
SCHEMA_FILE = "schema.toml"


@dataclass(frozen=True, slots=True)
class DatasetFiles:
    """The files of a dataset; None where there is none."""

    interactions: Path
    items: Path | None
    users: Path | None


def schema_file_of(dataset: Path) -> Path:
    """Where a dataset's schema lies: in the folder, or beside the file as NAME.schema.toml."""
    if dataset.is_dir():
        return dataset / SCHEMA_FILE
    return dataset.with_suffix(f".{SCHEMA_FILE}")


def locate(dataset: Path, source: schema_pb2.DatasetSource) -> DatasetFiles:
    """Finds the files that the schema's `source` names, or those of the canonical names.

    Args:
        dataset: A folder, or one file of interactions.
        source: What the schema says of the dataset; empty for the canonical names.

    Raises:
        InvalidDataset: The dataset, or a file that must be there, is not.
    """
    if not dataset.exists():
        raise InvalidDataset(f"there is no dataset at {dataset}")
    folder = dataset if dataset.is_dir() else dataset.parent
    return DatasetFiles(
        interactions=_interactions(dataset, folder, source.interactions_file),
        items=_beside(dataset, folder, source.items_file, "items"),
        users=_beside(dataset, folder, source.users_file, "users"),
    )


def _interactions(dataset: Path, folder: Path, named: str) -> Path:
    if named:
        return _required(folder / named)
    if dataset.is_file():
        return dataset
    found = _canonical(folder, "interactions")
    if found is None:
        raise InvalidDataset(
            f"{dataset} has neither interactions.parquet nor interactions.csv, and no schema that"
            f" names another file; `recserve-trainer inspect {dataset} --write` proposes one"
        )
    return found


def _beside(dataset: Path, folder: Path, named: str, stem: str) -> Path | None:
    if named:
        return _required(folder / named)
    # What happens to lie beside a single file is no part of it.
    return _canonical(folder, stem) if dataset.is_dir() else None


def _canonical(folder: Path, stem: str) -> Path | None:
    candidates = (folder / f"{stem}{suffix}" for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def _required(path: Path) -> Path:
    if not path.is_file():
        raise InvalidDataset(f"the schema names {path}, which is not there")
    return path

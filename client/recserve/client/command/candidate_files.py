"""`--candidates FILE`: items to rank, with the features of each pair."""

import csv
from pathlib import Path
from typing import NamedTuple

import click

candidates_option = click.option(
    "--candidates",
    "candidate_path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Rank only the items of this CSV file with a header: ids first, then a column for each "
    "candidate feature of the model, in the order of its schema.",
)


class CandidateFile(NamedTuple):
    """What the file says."""

    item_ids: tuple[str, ...]
    features: tuple[tuple[float, ...], ...] | None
    """A row for each item; None where the file has only ids."""


def read_candidates(path: Path) -> CandidateFile:
    """Read a file of candidates.

    Raises:
        click.BadParameter: It is no CSV file with a header, equally long rows and finite numbers.
    """
    try:
        return _read(path)
    except (OSError, ValueError, csv.Error) as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--candidates") from error


def _read(path: Path) -> CandidateFile:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    if not rows:
        raise ValueError("it is empty")
    width = len(rows[0])
    for row in rows:
        if len(row) != width:
            raise ValueError(f"{row} has not {width} columns")
    features = tuple(tuple(map(float, row[1:])) for row in rows[1:])
    return CandidateFile(tuple(row[0] for row in rows[1:]), features if width > 1 else None)

"""`--candidates FILE`: items to rank, with the features of each pair."""

import csv
from pathlib import Path
from typing import NamedTuple

import click


class CandidateFile(NamedTuple):
    """What the file says."""

    item_ids: tuple[str, ...] = ()
    features: tuple[tuple[float, ...], ...] | None = None
    """A row for each item; None where the file has only ids."""


class CandidateFileType(click.ParamType[CandidateFile]):
    """A CSV file with a header: item ids, and then the features in the schema's order."""

    name = "file"

    def convert(
        self,
        value: str | CandidateFile,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> CandidateFile:
        """Read the file; whatever is wrong with it is wrong usage."""
        if isinstance(value, CandidateFile):
            return value
        try:
            with Path(value).open(encoding="utf-8-sig", newline="") as file:
                header, *rows = [row for row in csv.reader(file) if row]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            self.fail(f"{value}: {error}", param, ctx)
        except ValueError:
            self.fail(f"{value} is empty", param, ctx)
        for number, row in enumerate(rows, start=2):
            if len(row) != len(header):
                self.fail(f"{value}: row {number} has not {len(header)} columns", param, ctx)
        try:
            features = tuple(tuple(map(float, row[1:])) for row in rows)
        except ValueError as error:
            self.fail(f"{value}: {error}", param, ctx)
        ids = tuple(row[0] for row in rows)
        return CandidateFile(ids, features if len(header) > 1 else None)


candidates_option = click.option(
    "--candidates",
    "candidate_file",
    metavar="FILE",
    type=CandidateFileType(),
    default=CandidateFile(),
    help="Rank only the items of this CSV file with a header: ids first, then a column for each "
    "candidate feature of the model, in the order of its schema.",
)

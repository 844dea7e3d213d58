"""The model beside tuned baselines, as `recserve-trainer compare` measured them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import json_format

from recserve.trainer.errors import TrainerError
from recserve.trainer.report import contenders
from recserve.trainer.report.contenders import Contenders
from recserve.v1 import model_pb2

PROTOCOLS = {
    model_pb2.HOLDOUT_KIND_TIME: "All after one moment",
    model_pb2.HOLDOUT_KIND_LEAVE_LAST_OUT: "Leave last out",
    model_pb2.HOLDOUT_KIND_RANDOM: "Random rows",
    model_pb2.HOLDOUT_KIND_REPLAY: "Replay",
}


@dataclass(frozen=True)
class Compared:
    """One comparison."""

    protocol: str
    is_same_data: bool
    """Whether it is of the data that the version was trained on."""
    comparison: model_pb2.Comparison
    contenders: Contenders


def read(path: Path) -> model_pb2.Comparison:
    """Reads what `recserve-trainer compare --json` wrote.

    Raises:
        TrainerError: If it is something else.
    """
    try:
        return json_format.Parse(path.read_text("utf-8"), model_pb2.Comparison())
    except (OSError, UnicodeDecodeError, json_format.ParseError) as error:
        raise TrainerError(
            f"{path}: is not what `recserve-trainer compare --json` writes ({error})"
        ) from None


def of(comparisons: Sequence[model_pb2.Comparison], lineage: model_pb2.Lineage) -> list[Compared]:
    """The section; empty without comparisons of two methods or more."""
    found = []
    for comparison in comparisons:
        drawn = contenders.of(comparison.contenders)
        if drawn is not None:
            protocol = PROTOCOLS.get(comparison.protocol, "Comparison")
            is_same = comparison.dataset_digest == lineage.dataset_digest
            found.append(Compared(protocol, is_same, comparison, drawn))
    return found

"""Answers as rows of the database."""

import json
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Row

from recserve.server.answer_log.interface import LoggedAnswer

_FLOAT32 = np.dtype("<f4")
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_row(answer: LoggedAnswer) -> dict[str, object]:
    """Writes an answer as a row."""
    return {
        "recommendation_id": answer.recommendation_id,
        "answer_time": answer.time,
        "user_id": answer.user_id,
        "model_version": answer.version,
        "label": answer.label,
        "fallback": answer.fallback,
        "scenario": answer.scenario,
        "compared_with": answer.compared_with,
        "item_ids": _to_json(list(answer.item_ids)),
        "numbers": _to_bytes((*answer.scores, *(answer.propensities or ()))),
    }


def from_row(row: Row[Any]) -> LoggedAnswer:
    """Reads what `to_row` wrote."""
    item_ids: list[str] = json.loads(row.item_ids)
    numbers = np.frombuffer(row.numbers, _FLOAT32).tolist()
    return LoggedAnswer(
        recommendation_id=row.recommendation_id,
        time=row.answer_time,
        user_id=row.user_id,
        version=row.model_version,
        label=row.label,
        fallback=row.fallback,
        scenario=row.scenario,
        item_ids=item_ids,
        scores=numbers[: len(item_ids)],
        propensities=numbers[len(item_ids) :] or None,
        compared_with=row.compared_with,
    )


def _to_bytes(numbers: Sequence[float]) -> bytes:
    """Numbers as float32; for few of them this takes a fifth of the time of an array."""
    return struct.pack(f"<{len(numbers)}f", *numbers)

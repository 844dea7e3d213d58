"""Answers as rows of the database."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Row

from recserve.server.answer_log.interface import LoggedAnswer

_FLOAT32 = np.dtype("<f4")


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
        "item_ids": json.dumps(list(answer.item_ids), ensure_ascii=False, separators=(",", ":")),
        "numbers": _to_bytes(answer.scores) + _to_bytes(answer.propensities or ()),
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
    return np.asarray(numbers, _FLOAT32).tobytes()

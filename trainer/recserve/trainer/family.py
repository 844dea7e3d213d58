"""Which family of models suits a dataset."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from recserve.trainer.errors import DatasetError
from recserve.trainer.tables import Tables
from recserve.v1 import schema_pb2

if TYPE_CHECKING:
    from recserve.trainer.learning.trained import Trained

Family = Literal["two_stage", "pointwise"]


def suited(schema: schema_pb2.Schema, tables: Tables) -> Family:
    """Pointwise for labelled rows that are told apart by features; else two-stage.

    Rows are labelled where every event type says from which value on it is positive, and both
    kinds occur. Features of the pair ask for the pointwise family, which alone reads them. So
    do features of any kind where events have no order: there are no histories to learn from.
    """
    if not _is_labelled(schema, tables):
        return "two_stage"
    others = (*schema.user_features, *schema.item_features, *schema.context_features)
    if schema.candidate_features or (others and not tables.ordered):
        return "pointwise"
    return "two_stage"


def check(family: Family, tables: Tables) -> None:
    """Checks that a family can learn from a dataset.

    Raises:
        DatasetError: If it is pointwise and every event is positive.
    """
    if family == "pointwise" and tables.events.positive.all():
        raise DatasetError(
            "every event is positive, and a pointwise model learns to tell positives from "
            "negatives. If a column holds the label or a rating, name it as value_column under "
            "[source] in schema.toml and set positive_at_least; else train the two_stage family"
        )


def learner(family: Family) -> Callable[..., Trained]:
    """What builds and trains a model of a family; imports TensorFlow.

    Its arguments are those of `recserve.trainer.learning.two_stage.learn`.
    """
    if family == "pointwise":
        from recserve.trainer.learning import pointwise

        return pointwise.learn
    from recserve.trainer.learning import two_stage

    return two_stage.learn


def _is_labelled(schema: schema_pb2.Schema, tables: Tables) -> bool:
    judged = [event.HasField("positive_at_least") for event in schema.event_types]
    return bool(judged) and all(judged) and not tables.events.positive.all()

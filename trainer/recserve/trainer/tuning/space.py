"""What is searched: sensible parts of the ranges of the hyper-parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args, get_origin

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from recserve.trainer.family import Family
from recserve.trainer.hyper_parameters import HyperParameters

# They say how long is learned, what is measured and by which dice, not what the model is.
NEVER_SEARCHED = frozenset({"max_epochs", "patience", "holdout_share", "seed"})
# What the pointwise family reads of the hyper-parameters.
POINTWISE = frozenset({"hidden_layers", "learning_rate", "batch_size", "dropout", "l2"})
# Others are searched from a quarter of their default to four times it.
SPAN = 4.0

SPACE: Mapping[str, BaseDistribution] = {
    "hidden_layers": CategoricalDistribution(["64", "100,50", "200,100", "256,128,64"]),
    "embedding_width": IntDistribution(16, 128, log=True),
    "history_length": IntDistribution(50, 500, log=True),
    "candidate_count": IntDistribution(50, 500, log=True),
    "learning_rate": FloatDistribution(2e-4, 1e-2, log=True),
    "batch_size": IntDistribution(64, 1024, log=True),
    "dropout": FloatDistribution(0.0, 0.5),
    "l2": FloatDistribution(1e-8, 1e-3, log=True),
    "negatives_per_positive": IntDistribution(2, 32, log=True),
}


def space(family: Family, fixed: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """What is searched for a family, by name.

    Args:
        family: Only what it reads is searched.
        fixed: Chosen by the caller, and so not searched.
    """
    names = [name for name in HyperParameters.model_fields if name not in NEVER_SEARCHED]
    if family == "pointwise":
        names = [name for name in names if name in POINTWISE]
    found = {name: SPACE.get(name) or _around_default(name) for name in names if name not in fixed}
    return {name: distribution for name, distribution in found.items() if distribution}


def defaults(names: Iterable[str]) -> dict[str, Any]:
    """The default of each, as the search writes it."""
    values = HyperParameters().model_dump(mode="json")
    return {name: written(values[name]) for name in names}


def written(value: Any) -> Any:
    """A hyper-parameter as the search writes it: lists as text."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value


def read(name: str, value: Any) -> Any:
    """A hyper-parameter from what the search wrote."""
    if name == "hidden_layers":
        return [int(units) for units in str(value).split(",")]
    return value


def _around_default(name: str) -> BaseDistribution | None:
    """The range of a hyper-parameter that is not in the table; None if it has no numbers."""
    field = HyperParameters.model_fields[name]
    kind, default = field.annotation, field.default
    if kind is bool:
        return CategoricalDistribution([False, True])
    if get_origin(kind) is Literal:
        return CategoricalDistribution(list(get_args(kind)))
    if kind not in (int, float):
        return None
    low, high = _bounds(field.metadata)
    if default <= 0:
        return (IntDistribution if kind is int else FloatDistribution)(low, high)
    low, high = max(low, default / SPAN), min(high, default * SPAN)
    if kind is int:
        return IntDistribution(max(1, round(low)), max(1, round(high)), log=True)
    return FloatDistribution(low, high, log=True)


def _bounds(metadata: list[Any]) -> tuple[Any, Any]:
    low = next(getattr(m, "ge", getattr(m, "gt", None)) for m in metadata if _has(m, "ge", "gt"))
    high = next(getattr(m, "le", getattr(m, "lt", None)) for m in metadata if _has(m, "le", "lt"))
    return low, high


def _has(bound: Any, *names: str) -> bool:
    return any(hasattr(bound, name) for name in names)

"""What the data looks like, beside that of the version that a warm start began from."""

from __future__ import annotations

from dataclasses import dataclass

from recserve.v1 import model_pb2

MOST = 24
"""Distributions that are shown."""
MOST_SHARES = 10
"""Bins or values of one distribution that are shown; those behind them count as others."""
LEFT_OUT = {"item"}
"""What another section shows better."""


@dataclass(frozen=True)
class Share:
    """One bin or value."""

    name: str
    own: float
    base: float | None


@dataclass(frozen=True)
class Shares:
    """One distribution."""

    name: str
    count: int
    """Observations."""
    shares: list[Share]


def of(version: model_pb2.ModelVersion, base: model_pb2.ModelVersion | None) -> list[Shares]:
    """The distributions; empty where the manifest has no summary of the data."""
    before = {}
    if base is not None:
        before = {each.name: each for each in base.cleaning.summary.distributions}
    shown = [
        each
        for each in version.cleaning.summary.distributions
        if each.name not in LEFT_OUT and _names(each)
    ]
    return [_shares(each, before.get(each.name)) for each in shown[:MOST]]


def _shares(own: model_pb2.Distribution, base: model_pb2.Distribution | None) -> Shares:
    names, shares = _names(own), _folded(own)
    if base is not None and _names(base) == names:
        both = [Share(*each) for each in zip(names, shares, _folded(base), strict=True)]
    else:
        both = [Share(*each, None) for each in zip(names, shares, strict=True)]
    return Shares(own.name, own.count, [each for each in both if each.own or each.base])


def _names(distribution: model_pb2.Distribution) -> list[str]:
    """The names of what is shown; empty for a distribution that does not fit together."""
    edges, values = distribution.edges, list(distribution.values)
    if edges:
        bins = [f"to {edge:.5g}" for edge in edges] + [f"above {edges[-1]:.5g}"]
        names = [*bins, "missing"]
    else:
        names = [*values[:MOST_SHARES], "others"]
    expected = len(edges) + 2 if edges else len(values) + 1
    return names if len(distribution.shares) == expected and (edges or values) else []


def _folded(distribution: model_pb2.Distribution) -> list[float]:
    if distribution.edges or len(distribution.values) <= MOST_SHARES:
        return list(distribution.shares)
    return [*distribution.shares[:MOST_SHARES], sum(distribution.shares[MOST_SHARES:])]

"""What a comparison is asked for, and what it finds, in plain values that cross processes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recserve.server.experiments.comparison import Standing
from recserve.server.experiments.estimate import Estimate
from recserve.server.experiments.off_policy import OffPolicyEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonOrder:
    """A checked request.

    Attributes:
        schema: Of the event log, in protobuf JSON.
        since: Time of the first answer, in seconds since the Unix epoch; None: of all.
        until: Time before which answers count; None: to the last.
        versions: Those to show; none: all.
        baseline: What to compare with; None: the version that gave most answers.
        event_types: What counts as a success; none: every positive event.
        positions: How many positions count for `value`.
    """

    schema: str
    since: float | None = None
    until: float | None = None
    versions: Sequence[int] = ()
    baseline: int | None = None
    event_types: Sequence[str] = ()
    positions: int = 3


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found."""

    standings: Sequence[Standing]
    baseline: int | None

    def to_plain(self) -> dict[str, Any]:
        """Write it as plain values."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "Compared":
        """Read what `to_plain` wrote."""
        return cls([_standing(each) for each in plain["standings"]], plain["baseline"])


def _standing(plain: dict[str, Any]) -> Standing:
    figures = ("success_rate", "value", "difference")
    read: dict[str, Any] = {name: _estimate(plain[name]) for name in figures}
    read["off_policy"] = [
        OffPolicyEstimate(each["method"], Estimate(**each["value"]), each["effective_count"])
        for each in plain["off_policy"]
    ]
    return Standing(**{**plain, **read})


def _estimate(plain: dict[str, float] | None) -> Estimate | None:
    return None if plain is None else Estimate(**plain)

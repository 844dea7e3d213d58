"""What the model is told of one user: the part of a request that changes only with its profile.

It is kept as the bytes of one fixed layout, so that a request is sent and a batch is formed by
putting bytes side by side, and the model takes them apart in one go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recserve.server.engine.arrays import Float32Array, Float64Array, Int32Array
from recserve.server.feature_widths import FeatureWidths


class UserLayout:
    """Where each part lies in the bytes, for one artefact.

    Args:
        widths: Those of the artefact.
    """

    def __init__(self, widths: FeatureWidths) -> None:
        length = widths.history
        self.widths = widths
        self.dtype = np.dtype(
            [
                ("history_rows", np.int32, (length,)),
                ("history_types", np.int32, (length,)),
                ("history_values", np.float32, (length,)),
                ("history_times", np.float64, (length,)),
                ("user_numeric", np.float32, (widths.user_numeric,)),
            ]
        )
        self.empty = self.inputs()
        """A user of whom nothing is known."""

    def inputs(
        self,
        *,
        rows: Sequence[int] = (),
        types: Sequence[int] = (),
        values: Sequence[float] | Float32Array = (),
        times: Sequence[float] = (),
        numeric: Sequence[float] | Float32Array = (),
        strings: tuple[str, ...] = (),
    ) -> "UserInputs":
        """Put the inputs of one user together.

        Args:
            rows: Rows of the past items, oldest first; of too many, the newest are kept.
            types: Event type of each.
            values: Value of each; NaN where there is none.
            times: Time of each, in seconds since 1970-01-01 UTC; NaN without a clock.
            numeric: The numeric user features, NaN where unknown; empty: all unknown.
            strings: The categorical and then the multi-valued ones; empty: all unknown.
        """
        record = np.zeros((), self.dtype)
        record["history_rows"], record["history_types"] = -1, -1
        record["history_values"], record["history_times"] = np.nan, np.nan
        record["user_numeric"] = numeric if len(numeric) else np.nan
        kept = min(len(rows), self.widths.history)
        past = (("rows", rows), ("types", types), ("values", values), ("times", times))
        for name, given in past:
            record[f"history_{name}"][:kept] = given[len(given) - kept :]
        return UserInputs(self, record.tobytes(), strings)


@dataclass(frozen=True, slots=True, eq=False)  # bytes that hold NaN have no useful equality
class UserInputs:
    """The inputs of one user."""

    layout: UserLayout
    data: bytes
    """`layout.dtype` once."""
    strings: tuple[str, ...] = ()
    """Categorical and multi-valued user features; empty: all unknown."""

    @property
    def history_rows(self) -> Int32Array:
        """Rows of the user's past items, oldest first."""
        return self._past("history_rows")

    @property
    def history_types(self) -> Int32Array:
        """Event type of each."""
        return self._past("history_types")

    @property
    def history_values(self) -> Float32Array:
        """Value of each; NaN where there is none."""
        return self._past("history_values")

    @property
    def history_times(self) -> Float64Array:
        """Time of each, in seconds since 1970-01-01 UTC; NaN without a clock."""
        return self._past("history_times")

    @property
    def user_numeric(self) -> Float32Array:
        """The numeric user features; NaN where unknown."""
        numbers: Float32Array = self._read()["user_numeric"]
        return numbers

    def _past(self, name: str) -> NDArray[Any]:
        record = self._read()
        past: NDArray[Any] = record[name][: np.count_nonzero(record["history_rows"] >= 0)]
        return past

    def _read(self) -> NDArray[np.void]:
        return np.ndarray((), self.layout.dtype, self.data)

"""What the model is told of one user: the part of a request that changes only with its profile.

It is kept as bytes, so that a request is sent and a batch is formed by putting bytes side by side,
and the model takes them apart in one go.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recserve.server.engine.arrays import Float32Array, Float64Array, Int32Array
from recserve.server.feature_widths import FeatureWidths

EVENT = np.dtype(
    [("rows", np.int32), ("types", np.int32), ("values", np.float32), ("times", np.float64)]
)
"""One event of a history: packed, so that it is five words of four bytes."""
NOW_BYTES = 8
"""Before each user comes the moment of the request, a float64."""
_NO_EVENT = np.array((-1, -1, np.nan, np.nan), EVENT).tobytes()


class UserLayout:
    """Where each part lies in the bytes, for one artefact: numeric features, then events.

    There are as many events as the user has: most have fewer than the artefact takes.

    Args:
        widths: Those of the artefact.
    """

    def __init__(self, widths: FeatureWidths) -> None:
        self.widths = widths
        self.numeric_bytes = np.dtype(np.float32).itemsize * widths.user_numeric
        self.no_events = _NO_EVENT * widths.history
        """What a history of no events is padded with."""
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
        kept = min(len(rows), self.widths.history)
        events = np.zeros(kept, EVENT)
        past = (("rows", rows), ("types", types), ("values", values), ("times", times))
        for name, given in past:
            events[name] = given[len(given) - kept :]
        numbers = np.full(self.widths.user_numeric, np.nan, np.float32)
        if len(numeric):
            numbers[:] = numeric
        return UserInputs(self, numbers.tobytes() + events.tobytes(), strings)


@dataclass(frozen=True, slots=True, eq=False)  # bytes that hold NaN have no useful equality
class UserInputs:
    """The inputs of one user."""

    layout: UserLayout
    data: bytes
    """The numeric features, then an `EVENT` for each event."""
    strings: tuple[str, ...] = ()
    """Categorical and multi-valued user features; empty: all unknown."""

    @property
    def history_rows(self) -> Int32Array:
        """Rows of the user's past items, oldest first."""
        return self._events["rows"]

    @property
    def history_types(self) -> Int32Array:
        """Event type of each."""
        return self._events["types"]

    @property
    def history_values(self) -> Float32Array:
        """Value of each; NaN where there is none."""
        return self._events["values"]

    @property
    def history_times(self) -> Float64Array:
        """Time of each, in seconds since 1970-01-01 UTC; NaN without a clock."""
        return self._events["times"]

    @property
    def user_numeric(self) -> Float32Array:
        """The numeric user features; NaN where unknown."""
        return np.frombuffer(self.data, np.float32, self.layout.widths.user_numeric)

    @property
    def _events(self) -> NDArray[np.void]:
        return np.frombuffer(self.data, EVENT, offset=self.layout.numeric_bytes)

"""What the front end asks an engine, and what it gets."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Int32Array = NDArray[np.int32]
Float32Array = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

NO_INT32 = np.empty(0, np.int32)
NO_FLOAT32 = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no single equality
class RankingRequest:
    """One user's request, in the terms of docs/artefact.md: rows and raw feature values.

    The lists are unpadded; the engine pads them when it forms a batch. `strings` holds the
    categorical and then the multi-valued user features, then those of the context, with the
    multi-valued ones padded to the width of the artefact.
    """

    result_count: int
    """Results wanted, at least 1; ignored where candidates are given."""
    deadline: float = float("inf")
    """When the answer is worthless, on the clock of `time.monotonic`, in seconds."""
    history_rows: Int32Array = field(default_factory=lambda: NO_INT32)
    """Rows of the user's past items, oldest first; at most the artefact's history length."""
    history_types: Int32Array = field(default_factory=lambda: NO_INT32)
    """Event type of each."""
    history_values: Float32Array = field(default_factory=lambda: NO_FLOAT32)
    """Value of each; NaN where there is none."""
    history_ages: Float32Array = field(default_factory=lambda: NO_FLOAT32)
    """Age of each in seconds; NaN without a clock."""
    user_numeric: Float32Array = field(default_factory=lambda: NO_FLOAT32)
    """Numeric user features; NaN where unknown."""
    context_numeric: Float32Array = field(default_factory=lambda: NO_FLOAT32)
    """Numeric context features; NaN where unknown."""
    strings: tuple[str, ...] = ()
    """Categorical and multi-valued features; empty where unknown."""
    excluded_rows: Int32Array = field(default_factory=lambda: NO_INT32)
    """Rows that must not be returned."""
    candidate_rows: Int32Array | None = None
    """Score exactly these rows; None: find the best of the catalogue."""
    candidate_features: Float32Array = field(default_factory=lambda: NO_FLOAT32)
    """Features of the pairs, candidate by candidate; empty: unknown."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no single equality
class Ranking:
    """An engine's answer to one request."""

    rows: Int32Array
    """The rows, best first; with candidates given, those candidates in their order."""
    scores: Float32Array
    """The score of each."""
    queue_seconds: float
    """From arrival to the start of the batch."""
    inference_seconds: float
    """The run of the batch."""
    batch_requests: int
    """Requests in the batch."""


class EngineUnavailable(Exception):
    """The engine is gone, or not there yet."""


class EngineOverloaded(Exception):
    """More requests wait for the engine than are allowed to."""


class EngineDeadlineExceeded(Exception):
    """The deadline passed before a batch took the request."""


class EngineFailed(Exception):
    """The engine could not compute this request."""


class Engine(Protocol):
    """One loaded model version. Used on the event loop that it was made on."""

    async def rank(self, request: RankingRequest) -> Ranking:
        """Answer one request. Cancelling the call drops the request where it waits.

        Raises:
            EngineUnavailable: the engine is gone.
            EngineOverloaded: too many requests wait.
            EngineDeadlineExceeded: the deadline passed in the queue.
            EngineFailed: the computation failed.
        """
        ...

    def set_available(self, available: BoolArray) -> None:
        """Say which of the `N` rows may be returned at all."""
        ...

    def close(self) -> None:
        """Let go of the engine; calls in flight end with EngineUnavailable."""
        ...

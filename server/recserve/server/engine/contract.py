"""What the front end asks an engine, and what it gets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

import numpy as np

from recserve.server.engine.arrays import BoolArray, Float32Array, Int32Array
from recserve.server.engine.user_inputs import UserInputs

NO_INT32 = np.empty(0, np.int32)
NO_FLOAT32 = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class RowMask:
    """Rows that may be returned, made once for many requests: those with the same share batches."""

    allowed: BoolArray
    """Shape `[N]`."""
    number: int = field(default_factory=count(1).__next__)
    """Names it: no two masks of a process have the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Reranking:
    """How a shortlist, which is what the request asks for, becomes the results."""

    result_count: int
    """Results wanted of the shortlist."""
    diversity: float = 0.0
    """0 (none) to 1."""
    exploration: float = 0.0
    """0 (none) to 1."""
    past_rows: Int32Array = field(default_factory=lambda: NO_INT32)
    """Say of each result which of these is most like it."""
    by_clusters: bool = False
    """Whether items of one cluster are what variety is about, and not their vectors."""


@dataclass(frozen=True, slots=True, eq=False)
class Shaping:
    """What a request wants beyond the plain ranking."""

    mask: RowMask | None = None
    """None: no filter."""
    similar_to: int | None = None
    """A row: rank by likeness to it alone, without the model and the user."""
    reranking: Reranking | None = None
    """None: the order of the scores."""


@dataclass(slots=True, eq=False)  # arrays have no single equality; frozen is slower to make
class RankingRequest:
    """One user's request, in the terms of docs/artefact.md: rows and raw feature values.

    The lists are unpadded; the engine pads them when it forms a batch.
    """

    user: UserInputs
    """What is known of the user."""
    result_count: int
    """Results wanted, at least 1; ignored where candidates are given."""
    deadline: float = float("inf")
    """When the answer is worthless, on the clock of `time.monotonic`, in seconds."""
    now: float = 0.0
    """The moment that events have their ages at, in seconds since 1970-01-01 UTC."""
    context_numeric: Float32Array = field(default_factory=lambda: NO_FLOAT32)
    """Numeric context features, NaN where unknown; empty: all unknown."""
    context_strings: tuple[str, ...] = ()
    """Categorical and multi-valued context features; empty: all unknown."""
    excluded_rows: Int32Array = field(default_factory=lambda: NO_INT32)
    """Rows that must not be returned."""
    candidate_rows: Int32Array | None = None
    """Score exactly these rows; None: find the best of the catalogue."""
    candidate_features: Float32Array = field(default_factory=lambda: NO_FLOAT32)
    """Features of the pairs, candidate by candidate; empty: unknown."""
    shaping: Shaping | None = None
    """None: the plain ranking."""


@dataclass(slots=True)  # one is made for every call
class Ranking:
    """An engine's answer to one request."""

    rows: Sequence[int]
    """The rows, best first; with candidates given and no reranking, those in their order."""
    scores: Sequence[float]
    """The score of each."""
    queue_seconds: float
    """From arrival to the start of the batch."""
    inference_seconds: float
    """The run of the batch."""
    batch_requests: int
    """Requests in the batch."""
    propensities: Sequence[float] | None = None
    """The probability of each row at its position, given those above it; None: 1 each."""
    because_rows: Sequence[int] = ()
    """With reranking: the past row that is most like each, or -1."""


class EngineUnavailable(Exception):
    """The engine is gone, or not there yet."""


class EngineOverloaded(Exception):
    """More requests wait for the engine than it could answer in time.

    Args:
        message: Why.
        retry_seconds: When another try makes sense.
    """

    def __init__(self, message: str, retry_seconds: float) -> None:
        super().__init__(message)
        self.retry_seconds = retry_seconds


class EngineDeadlineExceeded(Exception):
    """The deadline passed before there was an answer, or would."""


class EngineFailed(Exception):
    """The engine could not compute this request."""


class Engine(Protocol):
    """One loaded model version. Used on the event loop that it was made on."""

    async def rank(self, request: RankingRequest) -> Ranking:
        """Answer one request. Cancelling the call drops the request where it waits.

        Raises:
            EngineUnavailable: the engine is gone.
            EngineOverloaded: too many requests wait.
            EngineDeadlineExceeded: the deadline has passed, or is too close.
            EngineFailed: the computation failed.
        """
        ...

    def set_available(self, available: BoolArray) -> None:
        """Say which of the `N` rows may be returned at all."""
        ...

    def close(self) -> None:
        """Let go of the engine; calls in flight end with EngineUnavailable."""
        ...

"""What can go wrong, as one tree.

    RecserveError
    ├── InvalidArgument      the request is wrong; `violations` names the fields
    ├── NotFound             no such version, label, run, model, item or user
    ├── AlreadyExists
    ├── FailedPrecondition   the server is not in a state to do that
    ├── Aborted              another call was faster
    ├── OutOfRange
    ├── PermissionDenied
    ├── Unauthenticated      a token is missing or wrong
    ├── ResourceExhausted    over capacity; `retry_after` says when to come back
    ├── Unavailable          nothing answers there, or it is shutting down
    ├── DeadlineExceeded     no answer in time
    ├── Cancelled
    ├── Unimplemented        this server does not offer that
    ├── Internal             a fault of the server; its log has the details
    ├── DataLoss
    ├── UnknownFailure       a failure without a known code
    ├── ClientClosed         the client or sender was closed before
    ├── TrainingFailed       a training run failed; the message says why
    ├── TrainingCancelled    a training run was cancelled
    ├── BufferFull           the feedback buffer is full, and `when_full` is "raise"
    ├── MixedAnswers         parts of one frame came from different models
    └── MissingDependency    an optional package is not installed

Arguments that can be seen to be wrong without asking a server raise `TypeError` or
`ValueError`, as everywhere in Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field of a request."""

    field: str
    """Path of the field, such as "events[3].event_type"."""
    description: str
    """What is wrong with it, and what is allowed."""

    def __str__(self) -> str:
        return f"{self.field}: {self.description}"


class RecserveError(Exception):
    """Base of every error of the SDK.

    Attributes:
        code: The gRPC status code, such as "NOT_FOUND"; empty if no call failed.
        reason: The server's reason, UPPER_SNAKE, stable; empty if it gave none.
        metadata: The server's details that go with the reason.
        attempts: How often the call was made; 0 if no call failed.
        request_id: Names the last attempt in the server's log; empty if it did not say.
    """

    code: ClassVar[str] = ""

    def __init__(
        self, message: str, *, reason: str = "", metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.metadata: Mapping[str, str] = dict(metadata or {})
        self.attempts = 0
        self.request_id = ""


class InvalidArgument(RecserveError):
    """The request is wrong, and would be wrong again.

    Attributes:
        violations: The wrong fields, where the server named them.
    """

    code = "INVALID_ARGUMENT"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
    ) -> None:
        super().__init__(message, reason=reason, metadata=metadata)
        self.violations = tuple(violations)


class NotFound(RecserveError):
    """There is no such version, label, run, model, item or user."""

    code = "NOT_FOUND"


class AlreadyExists(RecserveError):
    """What was to be created is there already."""

    code = "ALREADY_EXISTS"


class FailedPrecondition(RecserveError):
    """The server is not in a state to do that, such as a version that is not loaded."""

    code = "FAILED_PRECONDITION"


class Aborted(RecserveError):
    """Another call was faster."""

    code = "ABORTED"


class OutOfRange(RecserveError):
    """Past the end of what there is."""

    code = "OUT_OF_RANGE"


class PermissionDenied(RecserveError):
    """The caller is known, and may not do that."""

    code = "PERMISSION_DENIED"


class Unauthenticated(RecserveError):
    """The caller's token is missing or wrong."""

    code = "UNAUTHENTICATED"


class ResourceExhausted(RecserveError):
    """Over capacity.

    Attributes:
        retry_after: Seconds after which a call may succeed; None if the server did
            not say, which means that the same call will not.
    """

    code = "RESOURCE_EXHAUSTED"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, reason=reason, metadata=metadata)
        self.retry_after = retry_after


class Unavailable(RecserveError):
    """Nothing answers at the address, or the server is shutting down."""

    code = "UNAVAILABLE"


class DeadlineExceeded(RecserveError):
    """There was no answer in time. Whether the server acted is not known."""

    code = "DEADLINE_EXCEEDED"


class Cancelled(RecserveError):
    """The call was cancelled, as by closing the client."""

    code = "CANCELLED"


class Unimplemented(RecserveError):
    """This server does not offer that."""

    code = "UNIMPLEMENTED"


class Internal(RecserveError):
    """A fault of the server; its log has the details."""

    code = "INTERNAL"


class DataLoss(RecserveError):
    """Data of the server is lost or damaged."""

    code = "DATA_LOSS"


class UnknownFailure(RecserveError):
    """A failure without a known code."""

    code = "UNKNOWN"


class ClientClosed(RecserveError):
    """The client or sender was closed before."""


class TrainingFailed(RecserveError):
    """A training run failed; the message says why. No version was made."""


class TrainingCancelled(RecserveError):
    """A training run was cancelled. No version was made."""


class BufferFull(RecserveError):
    """The feedback buffer is full, and `when_full` is "raise"."""


class MixedAnswers(RecserveError):
    """Parts of one frame came from different models, so their scores do not compare."""


class MissingDependency(RecserveError):
    """An optional package is not installed; the message says how to get it."""

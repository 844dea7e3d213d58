"""What can go wrong, in the words of the domain.

    RecserveServerError
    ├── ConfigurationError      what the operator gave cannot be used
    │   ├── InvalidSchema       the schema breaks a rule
    │   ├── InvalidDataset      the dataset cannot be read as its schema says
    │   ├── EventLogRefused     the database is missing, foreign, newer or broken
    │   └── EventLogInUse       another server holds the event log
    ├── InvalidRequest          the caller sent bad fields; one violation each
    ├── NotFound                what was named does not exist
    ├── FailedPrecondition      it exists, but not in a state that allows this
    ├── Aborted                 something else of its kind is under way
    ├── NotImplementedYet       this release cannot do it
    ├── DeadlineExpired         too little time was left
    ├── Overloaded              over capacity for now; try again after a while
    └── Unavailable             draining, or something that is needed is broken

One interceptor maps these to gRPC statuses; nothing else in the domain knows of gRPC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class RecserveServerError(Exception):
    """The base of every error that the server raises on purpose.

    Args:
        message: What went wrong and what to do, for people. It may reach the caller.
        reason: UPPER_SNAKE name of the cause, for programs; stable.
        metadata: Further facts by name, for programs. Default: none.
    """

    default_reason = "ERROR"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.metadata = dict(metadata or {})


class ConfigurationError(RecserveServerError):
    """What the operator gave (a file, a URL, an option) cannot be used."""

    default_reason = "CONFIGURATION_INVALID"


class InvalidSchema(ConfigurationError):
    """A schema breaks a rule; the message names the place."""

    default_reason = "SCHEMA_INVALID"


class InvalidDataset(ConfigurationError):
    """A dataset cannot be read as its schema says."""

    default_reason = "DATASET_INVALID"


class EventLogRefused(ConfigurationError):
    """The event log's database cannot be opened, or is not one of ours."""

    default_reason = "EVENT_LOG_REFUSED"


class EventLogInUse(ConfigurationError):
    """Another server holds the event log."""

    default_reason = "EVENT_LOG_IN_USE"


@dataclass(frozen=True, slots=True)
class Violation:
    """One bad field of a request.

    Attributes:
        field: Path of the field, such as `events[3].value`.
        description: What is wrong with it and what is allowed.
    """

    field: str
    description: str


class InvalidRequest(RecserveServerError):
    """A request with bad fields.

    Args:
        violations: Every violation found, at least one.
        reason: See `RecserveServerError`.
    """

    default_reason = "INVALID_REQUEST"

    def __init__(self, violations: Sequence[Violation], *, reason: str = "") -> None:
        self.violations = tuple(violations)
        parts = [f"{violation.field}: {violation.description}" for violation in self.violations]
        super().__init__("; ".join(parts), reason=reason)


class NotFound(RecserveServerError):
    """What was named does not exist."""

    default_reason = "NOT_FOUND"


class FailedPrecondition(RecserveServerError):
    """What was named exists, but its state does not allow this."""

    default_reason = "FAILED_PRECONDITION"


class Aborted(RecserveServerError):
    """Something else of its kind is under way."""

    default_reason = "ABORTED"


class NotImplementedYet(RecserveServerError):
    """The contract has it, this release cannot do it."""

    default_reason = "NOT_IMPLEMENTED_YET"


class DeadlineExpired(RecserveServerError):
    """Too little time was left to do it."""

    default_reason = "DEADLINE_EXPIRED"


class Overloaded(RecserveServerError):
    """Over capacity for now.

    Args:
        message: See `RecserveServerError`.
        retry_after_seconds: When it makes sense to try again, above 0.
        reason: See `RecserveServerError`.
        metadata: See `RecserveServerError`.
    """

    default_reason = "OVERLOADED"

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, reason=reason, metadata=metadata)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(RecserveServerError):
    """Draining, or something that is needed is broken; another replica may do."""

    default_reason = "UNAVAILABLE"

"""What `status` answers."""

from dataclasses import dataclass
from enum import StrEnum

from recserve.client.model_version import ModelVersion


class Health(StrEnum):
    """Whether a service of a server answers."""

    UNKNOWN = "unknown"
    """The server cannot say."""
    SERVING = "serving"
    """It answers."""
    NOT_SERVING = "not_serving"
    """It does not answer now: starting, draining, or without a model."""
    SERVICE_UNKNOWN = "service_unknown"
    """The server has no service of that name."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """How a server stands."""

    health: Health
    """Of the whole: whether events can be stored and calls answered."""
    model_health: Health
    """Of `recserve.model`: whether a version is warm."""
    serving: tuple[ModelVersion, ...] = ()
    """The versions that answer calls, newest first."""
    error: str = ""
    """Why the versions could not be listed; empty if they could."""

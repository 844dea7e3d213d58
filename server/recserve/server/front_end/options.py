"""What an operator may choose about a front end."""

from dataclasses import dataclass
from typing import Self

from recserve.server.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEndOptions:
    """The settings that the front end goes by; the defaults are those of a server in memory."""

    canary_share: float = 0.0
    """Share of users whom a canary answers, 0 to 1."""
    shadow_share: float = 1.0
    """Share of answers that are compared with a shadow's, 0 to 1."""
    max_waiting_events: int = 100_000
    """Most events that may wait for the disk."""
    cached_profiles: int = 100_000
    """Most profiles kept."""
    answer_log_share: float = 1.0
    """Share of answers that are logged, 0 to 1."""
    answer_log_days: float = 0.0
    """How long they are kept; 0: for ever."""
    event_days: float = 0.0
    """Age at which events are compacted; 0: never."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take them from a server's settings, which have the same names."""
        return cls(**{name: getattr(settings, name) for name in cls.__dataclass_fields__})

"""The rules of cleaning and the quality checks: what there is, and what is switched on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from recserve.trainer.errors import SchemaError
from recserve.v1 import schema_pb2


@dataclass(frozen=True)
class Rule:
    """One rule of cleaning."""

    description: str
    necessary: bool = True
    """Whether nothing could be read without it, so that it cannot be switched off."""
    default: bool = True
    """Whether it is on unless the schema says otherwise."""


RULES = {
    "unreadable_row": Rule("Drops lines with more fields than the header, or an open quote."),
    "trimmed_id": Rule("Takes white space from the ends of ids.", necessary=False),
    "missing_id": Rule("Drops rows without a user id or an item id."),
    "malformed_id": Rule("Drops rows with an id that has a zero byte in it."),
    "oversized_id": Rule("Drops rows with an id of more than 256 bytes."),
    "unknown_event_type": Rule("Drops events of a type that the schema does not declare."),
    "bad_value": Rule("Drops events whose value is no finite number."),
    "missing_value": Rule(
        "Drops events without a value, where the value tells positive from negative."
    ),
    "bad_time": Rule("Drops events whose time is missing or cannot be read."),
    "impossible_time": Rule(
        "Drops events before 1970, or more than a day in the future.", necessary=False
    ),
    "duplicate_event": Rule(
        "Drops events that repeat another: same user, item, type and time (without times: the "
        "same row).",
        necessary=False,
    ),
    "duplicate_burst": Rule(
        "Drops events that repeat the same user's last event of the same item, type and value "
        "within seconds (burst_seconds).",
        necessary=False,
    ),
    "bot_rate": Rule(
        "Drops all events of users with more events in one hour than a person makes "
        "(bot_hourly_events) and far more than the others.",
        necessary=False,
    ),
    "contradictory_rating": Rule(
        "Keeps the latest of a user's ratings of one item, where some are positive and some "
        "negative.",
        necessary=False,
    ),
    "rare_item": Rule(
        "Drops events on items with fewer events than min_item_events.", necessary=False
    ),
    "rare_user": Rule("Drops users with fewer events than min_user_events.", necessary=False),
    "user_scale": Rule(
        "Judges a rating by the user's own scale: what the user's ratings so far lie above or "
        "below the mean is taken from it.",
        necessary=False,
        default=False,
    ),
    "bad_feature": Rule("Treats numbers, times and vectors that cannot be read as missing."),
    "conflicting_feature": Rule(
        "Keeps the first value of a user's or item's feature that changes."
    ),
    "long_multi_valued": Rule("Keeps the first values of multi-valued features with too many."),
    "duplicate_entry": Rule(
        "Drops repeated lines of one item or user in the items and users files."
    ),
}

CHECKS = {
    "garbage": "How many of the rows cannot be used.",
    "duplicates": "How many of the rows repeat others.",
    "values": "Whether the values of the events differ.",
    "times": "Whether the times of the events differ.",
    "future_times": "Whether the times of the events lie in the past.",
    "concentration": "Whether one user or one item makes up nearly all events.",
    "leakage": "Whether one feature alone tells the positive events from the others.",
    "future_features": "Whether a feature of items or users is counted from the events that it "
    "shall help to predict.",
    "drift": "How far the data is from what the base version was trained on.",
}


@dataclass(frozen=True)
class Switches:
    """Which rules are applied, which checks may fail, and the thresholds."""

    rules: frozenset[str] = frozenset(name for name, rule in RULES.items() if rule.default)
    enabled: frozenset[str] = frozenset()
    """The rules that were switched on by name."""
    allowed: frozenset[str] = frozenset()
    burst_seconds: float = 5.0
    bot_hourly_events: int = 1000
    min_user_events: int = 1
    min_item_events: int = 1
    max_garbage_share: float = 0.3
    max_feature_auc: float = 0.995
    drift_warning: float = 0.2
    drift_failure: float = 0.8

    @classmethod
    def of(cls, message: schema_pb2.Cleaning, origin: str = "cleaning") -> Self:
        """Reads `[cleaning]` of a schema.

        Raises:
            SchemaError: If a name is unknown, a rule is necessary, or a number out of range.
        """
        enabled = _known(message.enabled_rules, RULES, f"{origin}: enabled_rules")
        disabled = _known(message.disabled_rules, RULES, f"{origin}: disabled_rules")
        allowed = _known(message.allowed_checks, CHECKS, f"{origin}: allowed_checks")
        for name in sorted(disabled):
            if RULES[name].necessary:
                raise SchemaError(
                    f"{origin}: the rule {name!r} cannot be switched off: what it drops or mends "
                    "cannot be used"
                )
        if both := enabled & disabled:
            raise SchemaError(f"{origin}: {min(both)!r} is enabled and disabled")
        numbers = {name: getattr(message, name) for name in RANGES if message.HasField(name)}
        for name, number in numbers.items():
            least, most = RANGES[name]
            if not least <= number <= most:
                raise SchemaError(f"{origin}: {name} must be {least:g} to {most:g}")
        return cls((cls.rules | enabled) - disabled, enabled, allowed, **numbers)


RANGES: dict[str, tuple[float, float]] = {
    "burst_seconds": (0, 86_400),
    "bot_hourly_events": (1, 1_000_000_000),
    "min_user_events": (1, 1_000_000_000),
    "min_item_events": (1, 1_000_000_000),
    "max_garbage_share": (0, 1),
    "max_feature_auc": (0.5, 1),
    "drift_warning": (0, 1),
    "drift_failure": (0, 1),
}


def check_names(names: Iterable[str]) -> frozenset[str]:
    """Checks by name.

    Raises:
        SchemaError: If one is unknown.
    """
    return _known(names, CHECKS, "allow")


def _known(
    names: Iterable[str], table: dict[str, Rule] | dict[str, str], what: str
) -> frozenset[str]:
    chosen = frozenset(names)
    if unknown := chosen - table.keys():
        raise SchemaError(f"{what}: there is no {min(unknown)!r}; there are {', '.join(table)}")
    return chosen

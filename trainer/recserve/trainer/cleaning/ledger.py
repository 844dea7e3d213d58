"""What cleaning did: every rule, counted, with a few examples."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from recserve.v1 import model_pb2

MOST_EXAMPLES = 3

RULES = {
    "unreadable_row": "Drops lines with more fields than the header, or an open quote.",
    "trimmed_id": "Takes white space from the ends of ids.",
    "missing_id": "Drops rows without a user id or an item id.",
    "malformed_id": "Drops rows with an id that has a zero byte in it.",
    "oversized_id": "Drops rows with an id of more than 256 bytes.",
    "unknown_event_type": "Drops events of a type that the schema does not declare.",
    "bad_value": "Drops events whose value is no finite number.",
    "missing_value": "Drops events without a value, where the value tells positive from negative.",
    "bad_time": "Drops events whose time is missing or cannot be read.",
    "impossible_time": "Drops events before 1970, or more than a day in the future.",
    "duplicate_event": "Drops events that repeat another: same user, item, type and time "
    "(without times: the same row).",
    "bad_feature": "Treats numeric features that are no finite number as missing.",
    "conflicting_feature": "Keeps the first value of a user's or item's feature that changes.",
    "long_multi_valued": "Keeps the first values of multi-valued features that have too many.",
    "duplicate_entry": "Drops repeated lines of one item or user in the items and users files.",
}


@dataclass
class _Count:
    dropped: int = 0
    repaired: int = 0
    examples: list[str] = field(default_factory=list)


class Ledger:
    """Counts what each rule did."""

    def __init__(self) -> None:
        self._counts = {name: _Count() for name in RULES}

    def dropped(self, rule: str, count: int, examples: Iterable[str] = ()) -> None:
        """Adds rows that a rule dropped."""
        self._counts[rule].dropped += int(count)
        self._add_examples(rule, examples)

    def repaired(self, rule: str, count: int, examples: Iterable[str] = ()) -> None:
        """Adds rows that a rule changed and kept."""
        self._counts[rule].repaired += int(count)
        self._add_examples(rule, examples)

    def _add_examples(self, rule: str, examples: Iterable[str]) -> None:
        kept = self._counts[rule].examples
        for example in examples:
            if len(kept) == MOST_EXAMPLES:
                return
            kept.append(example)

    def report(self, rows_read: int, rows_kept: int) -> model_pb2.CleaningReport:
        """Every rule, those that changed nothing included."""
        rules = [
            model_pb2.CleaningRule(
                name=name,
                description=RULES[name],
                dropped=count.dropped,
                repaired=count.repaired,
                examples=count.examples,
            )
            for name, count in self._counts.items()
        ]
        return model_pb2.CleaningReport(rows_read=rows_read, rows_kept=rows_kept, rules=rules)

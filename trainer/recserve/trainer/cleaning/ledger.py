"""What cleaning did: every rule, counted, with a few examples."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from recserve.trainer.switches import RULES, Switches
from recserve.v1 import model_pb2

MOST_EXAMPLES = 3


@dataclass
class _Count:
    dropped: int = 0
    repaired: int = 0
    examples: list[str] = field(default_factory=list)


class Ledger:
    """Counts what each rule did.

    Args:
        switches: Which rules are applied.
    """

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._counts = {name: _Count() for name in RULES}

    def applies(self, rule: str) -> bool:
        """Whether a rule is switched on."""
        return rule in self._switches.rules

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
                description=RULES[name].description,
                dropped=count.dropped,
                repaired=count.repaired,
                examples=count.examples,
                disabled=not self.applies(name),
            )
            for name, count in self._counts.items()
        ]
        return model_pb2.CleaningReport(rows_read=rows_read, rows_kept=rows_kept, rules=rules)

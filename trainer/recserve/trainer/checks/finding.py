"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass

from recserve.trainer.switches import CHECKS
from recserve.v1 import model_pb2


@dataclass(frozen=True)
class Finding:
    """The worst that a check found, and from which figures on it matters."""

    check: str
    text: str = ""
    """What was found and what to do; for a check that was skipped, why."""
    figure: float | None = None
    """None: the check could not be made."""
    warns_from: float | None = None
    fails_from: float | None = None

    @property
    def verdict(self) -> model_pb2.CheckVerdict:
        """What the figure means."""
        if self.figure is None:
            return model_pb2.CHECK_VERDICT_SKIPPED
        if self.fails_from is not None and self.figure >= self.fails_from:
            return model_pb2.CHECK_VERDICT_FAILED
        if self.warns_from is not None and self.figure >= self.warns_from:
            return model_pb2.CHECK_VERDICT_WARNED
        return model_pb2.CHECK_VERDICT_PASSED

    def message(self, *, allowed: bool) -> model_pb2.QualityCheck:
        """For the manifest.

        Args:
            allowed: Whether the check may fail.
        """
        return model_pb2.QualityCheck(
            name=self.check,
            description=CHECKS[self.check],
            verdict=self.verdict,
            finding="" if self.verdict == model_pb2.CHECK_VERDICT_PASSED else self.text,
            figure=self.figure,
            warns_from=self.warns_from,
            fails_from=self.fails_from,
            allowed=allowed and self.verdict == model_pb2.CHECK_VERDICT_FAILED,
        )


def skipped(check: str, why: str) -> Finding:
    """A check that could not be made."""
    return Finding(check, why)

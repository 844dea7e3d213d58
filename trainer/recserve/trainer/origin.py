"""What a server knows of a version's origin, for the manifest."""

from dataclasses import dataclass
from typing import Literal

from recserve.v1 import promotion_pb2

Promotion = Literal["always", "if-better", "never", "canary"]

PROMOTIONS: dict[Promotion, promotion_pb2.Promotion] = {
    "always": promotion_pb2.PROMOTION_ALWAYS,
    "if-better": promotion_pb2.PROMOTION_IF_BETTER,
    "never": promotion_pb2.PROMOTION_NEVER,
    "canary": promotion_pb2.PROMOTION_CANARY,
}


@dataclass(frozen=True)
class Origin:
    """Why a version is trained, and what is to happen to it."""

    training_run: str = ""
    """"models/{model}/trainingRuns/{run}"; empty for one from the command line."""
    promotion: Promotion = "always"
    """What a server is to do with the version."""
    log_position: int = 0
    """The last log position of the dataset; 0 for a dataset that is not from a log."""
    promotion_margin: float = 0.0
    """How much more than the stable version it needs to be promoted, as a share of that."""
    baseline_margin: float = 0.0
    """The same over each baseline."""

    @property
    def margins(self) -> promotion_pb2.PromotionMargins | None:
        """Both as a message; None where neither was chosen."""
        if not self.promotion_margin and not self.baseline_margin:
            return None
        return promotion_pb2.PromotionMargins(
            stable=self.promotion_margin, baseline=self.baseline_margin
        )

"""Whether cleaned data is fit to learn from."""

from recserve.trainer.checks.examine import QualityError, examine

__all__ = ["QualityError", "examine"]

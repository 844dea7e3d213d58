"""The model beside tuned baselines, on the same questions, over several seeds."""

from recserve.trainer.comparison.compare import compare

__all__ = ["compare"]

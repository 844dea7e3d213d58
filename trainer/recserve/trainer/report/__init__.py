"""The report of a version, for people: one HTML page that needs nothing else."""

from recserve.trainer.report.comparisons import read as read_comparison
from recserve.trainer.report.page import of_version, render

__all__ = ["of_version", "read_comparison", "render"]

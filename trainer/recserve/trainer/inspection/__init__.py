"""Proposes the schema of a dataset from the names and contents of its columns."""

from recserve.trainer.inspection.inspect import Inspection, inspect

__all__ = ["Inspection", "inspect"]

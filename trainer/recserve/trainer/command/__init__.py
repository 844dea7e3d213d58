"""The command `recserve-trainer`, one file for each of its commands."""

from recserve.trainer.command.root import cli, main

__all__ = ["cli", "main"]

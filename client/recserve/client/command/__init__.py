"""The command `recserve`: a client for people and scripts."""

from recserve.client.command.root import main

__all__ = ["main"]

"""Joining a visitor to the user that they turned out to be."""

from recserve.server.joining.interface import Joined, UserJoiner
from recserve.server.joining.memory import InMemoryUserJoiner
from recserve.server.joining.sql import SqlUserJoiner

__all__ = ["InMemoryUserJoiner", "Joined", "SqlUserJoiner", "UserJoiner"]

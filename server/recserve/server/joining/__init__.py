"""Joining visitors to users: from then on both ids are one user."""

from recserve.server.joining.interface import Joined, JoinedPair, UserJoins
from recserve.server.joining.memory import InMemoryUserJoins
from recserve.server.joining.sql import SqlUserJoins

__all__ = ["InMemoryUserJoins", "Joined", "JoinedPair", "SqlUserJoins", "UserJoins"]

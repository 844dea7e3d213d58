"""Erasing a user: from the database, and who was trained on what was there."""

from recserve.server.erasure.interface import Erased, ErasureLog, Trained
from recserve.server.erasure.memory import InMemoryErasureLog
from recserve.server.erasure.sql import SqlErasureLog

__all__ = ["Erased", "ErasureLog", "InMemoryErasureLog", "SqlErasureLog", "Trained"]

"""Training runs: how they are ordered, kept and followed, and the export that they learn from."""

from recserve.server.training.memory_register import InMemoryRunRegister
from recserve.server.training.register import RunRegister
from recserve.server.training.sql_register import SqlRunRegister

__all__ = ["InMemoryRunRegister", "RunRegister", "SqlRunRegister"]

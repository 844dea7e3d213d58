"""Training runs: how they are ordered, kept and followed, and the export that they learn from."""

from recserve.server.training.memory_register import InMemoryRunRegister
from recserve.server.training.register import RunRegister

__all__ = ["InMemoryRunRegister", "RunRegister"]

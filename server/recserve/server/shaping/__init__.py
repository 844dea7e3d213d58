"""What is done with a ranking once there is one: variety, exploration, likeness, reasons."""

from recserve.server.shaping.reranking import rerank
from recserve.server.shaping.shaped import Shaped, most_alike, shape
from recserve.server.shaping.vectors import ItemVectors

__all__ = ["ItemVectors", "Shaped", "most_alike", "rerank", "shape"]

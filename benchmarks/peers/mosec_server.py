"""mosec with dynamic batching; started by `python mosec_server.py --port PORT`.

A request is float32 `[100, 10]` as bytes, an answer float32 `[100]`.
"""

import numpy as np
from mosec import Server, Worker
from scorer import CANDIDATES, FEATURES, Scorer


class ScoringWorker(Worker):
    """Scores a batch of requests."""

    def __init__(self) -> None:
        super().__init__()
        self._scorer = Scorer()

    def deserialize(self, data: bytes) -> np.ndarray:
        """Read one request."""
        return np.frombuffer(data, "<f4").reshape(CANDIDATES, FEATURES)

    def serialize(self, data: np.ndarray) -> bytes:
        """Write one answer."""
        return data.tobytes()

    def forward(self, data: list[np.ndarray]) -> list[np.ndarray]:
        """Score what arrived together."""
        return list(self._scorer(np.stack(data)))


if __name__ == "__main__":
    server = Server()
    server.append_worker(ScoringWorker, max_batch_size=64, max_wait_time=1)
    server.run()

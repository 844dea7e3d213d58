"""The work of every peer: 10 → 100 → 50 → 1 over the candidates of a batch, in NumPy."""

from itertools import pairwise

import numpy as np

CANDIDATES, FEATURES = 100, 10
LAYERS = (FEATURES, 100, 50, 1)


class Scorer:
    """An MLP with ReLU between its layers and a sigmoid behind them."""

    def __init__(self) -> None:
        chance = np.random.default_rng(7)
        shapes = pairwise(LAYERS)
        self._weights = [chance.standard_normal(shape, np.float32) * 0.1 for shape in shapes]
        self._biases = [np.zeros(width, np.float32) for width in LAYERS[1:]]

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """From float32 `[B, 100, 10]` to scores `[B, 100]` between 0 and 1."""
        values = features.reshape(-1, FEATURES)
        for weights, biases in zip(self._weights[:-1], self._biases[:-1], strict=True):
            values = np.maximum(values @ weights + biases, 0)
        values = values @ self._weights[-1] + self._biases[-1]
        return (1 / (1 + np.exp(-values))).reshape(features.shape[:-1])

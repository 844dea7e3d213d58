"""When to stop, and which weights to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


class BestWeights:
    """Keeps the weights of the best pass, and says when patience is at its end.

    Args:
        weights: The variables to keep.
        patience: Passes without a better score before stopping.
    """

    def __init__(self, weights: list[Any], patience: int) -> None:
        self._weights = weights
        self._patience = patience
        self._kept: list[Any] = []
        self.best = float("-inf")
        self.best_epoch = 0
        self._epoch = 0

    def note_start(self, score: float) -> None:
        """Takes the weights before training for the best until a pass is better."""
        self._epoch -= 1
        self.note(score)

    def note(self, score: float) -> bool:
        """Notes the score of one more pass.

        Returns:
            Whether to go on.
        """
        self._epoch += 1
        if score > self.best:
            self.best, self.best_epoch = score, self._epoch
            self._kept = [weight.numpy() for weight in self._weights]
        return self._epoch - self.best_epoch < self._patience

    def restore(self) -> None:
        """Puts the weights of the best pass back."""
        for weight, value in zip(self._weights, self._kept, strict=True):
            weight.assign(value)


def passes(
    most: int, best: BestWeights, score: Callable[[], float], epoch: Callable[[], float]
) -> Iterator[tuple[int, float, float]]:
    """Runs passes until `most`, or until patience ends, then restores the best.

    Args:
        most: Passes at most.
        best: What keeps the weights.
        score: The validation score of the weights as they stand; larger is better.
        epoch: Runs one pass and returns its loss.

    Yields:
        The pass, from 1, its loss, and the validation score after it.
    """
    for number in range(1, most + 1):
        loss = epoch()
        reached = score()
        going_on = best.note(reached)
        yield number, loss, reached
        if not going_on:
            break
    best.restore()

"""How far the scores of a model can be believed."""

from __future__ import annotations

import numpy as np

from recserve.trainer.tables import Floats, Ints

FEWEST_OF_EACH = 30
LEAST_SLOPE = 0.05
LEAST_SCORE = 1e-7


def platt(labels: Ints, scores: Floats) -> tuple[float, float] | None:
    """What makes scores probabilities: sigmoid(slope * logit + intercept) (Platt, 1999).

    The slope is kept positive, so that the order stays.

    Args:
        labels: 0 or 1, `[n]`, of pairs that the model has not learned from.
        scores: Its probabilities, `[n]`.

    Returns:
        Slope and intercept; None where there are too few positives or negatives.
    """
    from sklearn.linear_model import LogisticRegression

    positives = int(labels.sum())
    if min(positives, len(labels) - positives) < FEWEST_OF_EACH:
        return None
    kept = np.clip(scores.astype(np.float64), LEAST_SCORE, 1 - LEAST_SCORE)
    logits = np.log(kept / (1 - kept))[:, None]
    fitted = LogisticRegression().fit(logits, labels)
    return max(float(fitted.coef_[0, 0]), LEAST_SLOPE), float(fitted.intercept_[0])

"""Metrics of scores as probabilities of a positive event."""

import numpy as np

from recserve.trainer.tables import Floats, Ints

THRESHOLD = 0.5


def metrics(labels: Ints, scores: Floats) -> dict[str, float]:
    """Accuracy, precision, recall and F1 at 0.5, ROC AUC and log loss.

    AUC is left out where all labels are the same.

    Args:
        labels: 0 or 1, `[n]`.
        scores: 0 to 1, `[n]`.
    """
    from sklearn import metrics as sk

    chosen = scores >= THRESHOLD
    result = {
        "accuracy": sk.accuracy_score(labels, chosen),
        "precision": sk.precision_score(labels, chosen, zero_division=0.0),
        "recall": sk.recall_score(labels, chosen, zero_division=0.0),
        "f1": sk.f1_score(labels, chosen, zero_division=0.0),
        "log_loss": sk.log_loss(labels, np.clip(scores, 1e-7, 1 - 1e-7), labels=[0, 1]),
    }
    if 0 < labels.sum() < len(labels):
        result["auc"] = sk.roc_auc_score(labels, scores)
    return {name: float(value) for name, value in result.items()}


def calibrated(feature: Floats, labels: Ints) -> Floats:
    """Probabilities from one feature by logistic regression on these very labels.

    Args:
        feature: float `[n]`.
        labels: 0 or 1, `[n]`, both present.
    """
    from sklearn.linear_model import LogisticRegression

    column = np.asarray(feature, dtype=np.float64)[:, None]
    probabilities = LogisticRegression().fit(column, labels).predict_proba(column)[:, 1]
    return np.asarray(probabilities)

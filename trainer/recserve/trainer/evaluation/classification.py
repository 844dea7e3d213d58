"""Metrics of scores as probabilities of a positive event."""

from __future__ import annotations

import numpy as np

from recserve.trainer.evaluation import bootstrap
from recserve.trainer.tables import Floats, Ints
from recserve.v1 import model_pb2

THRESHOLD = 0.5
LEAST_SCORE = 1e-7
MOST_AUC_RESAMPLES = 200


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
        "log_loss": sk.log_loss(labels, _clipped(scores), labels=[0, 1]),
    }
    if 0 < labels.sum() < len(labels):
        result["auc"] = sk.roc_auc_score(labels, scores)
    return {name: float(value) for name, value in result.items()}


def draws(labels: Ints, scores: Floats, users: Ints, seed: int) -> dict[str, Floats]:
    """The same metrics over resampled users, `[R]` each; with a user come all of the pairs.

    Args:
        labels: 0 or 1, `[n]`.
        scores: 0 to 1, `[n]`.
        users: int `[n]`, whom each pair is about.
        seed: Seed of the draws; the same users and seed give the same draws.
    """
    positive, chosen = labels == 1, scores >= THRESHOLD
    certainty = np.where(positive, _clipped(scores), 1.0 - _clipped(scores))
    columns = [positive, chosen, positive & chosen, positive == chosen, -np.log(certainty)]
    sums = bootstrap.sums_by_user(np.stack([*columns, np.ones(len(labels))], axis=1), users)
    totals = np.concatenate([times @ sums for times in bootstrap.resamples(len(sums), seed)])
    positives, chosen_ones, both, right, loss, pairs = totals.T
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "accuracy": right / pairs,
            "precision": np.nan_to_num(both / chosen_ones),
            "recall": np.nan_to_num(both / positives),
            "f1": np.nan_to_num(2.0 * both / (chosen_ones + positives)),
            "log_loss": loss / pairs,
        }
    if positive.any() and not positive.all():
        found["auc"] = _auc_draws(positive, scores, users, seed)
    return found


def compared(
    labels: Ints, scores: Floats, baseline: Floats, users: Ints, seed: int
) -> list[model_pb2.Metric]:
    """The metrics of scores beside those of a baseline on the same pairs, with intervals.

    Args:
        labels: 0 or 1, `[n]`.
        scores: 0 to 1, `[n]`.
        baseline: The scores of the baseline, `[n]`.
        users: int `[n]`, whom each pair is about.
        seed: Seed of the draws.
    """
    values, beside = metrics(labels, scores), metrics(labels, baseline)
    drawn, drawn_beside = (draws(labels, each, users, seed) for each in (scores, baseline))
    return [
        model_pb2.Metric(
            name=name,
            value=value,
            baseline=beside[name],
            interval=bootstrap.interval(drawn[name]),
            baseline_interval=bootstrap.interval(drawn_beside[name]),
            ratio_interval=bootstrap.ratio(drawn[name], drawn_beside[name]),
        )
        for name, value in values.items()
    ]


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


def _clipped(scores: Floats) -> Floats:
    return np.clip(scores.astype(np.float64), LEAST_SCORE, 1.0 - LEAST_SCORE)


def _auc_draws(positive: Ints, scores: Floats, users: Ints, seed: int) -> Floats:
    """The chance that a positive scores above a negative, ties counted half, in each draw."""
    _, group = np.unique(users, return_inverse=True)
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    found = []
    for times in bootstrap.resamples(int(group.max()) + 1, seed, MOST_AUC_RESAMPLES):
        weights = times[:, group[order]]
        above = np.add.reduceat(weights * positive[order], starts, axis=1)
        below = np.add.reduceat(weights * ~positive[order], starts, axis=1)
        beaten = np.cumsum(below, axis=1) - below / 2.0
        with np.errstate(invalid="ignore"):
            found.append((above * beaten).sum(axis=1) / (above.sum(axis=1) * below.sum(axis=1)))
    return np.concatenate(found)

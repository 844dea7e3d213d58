"""How far scores can be read as probabilities."""

from __future__ import annotations

import numpy as np

from recserve.trainer.tables import Floats, Ints
from recserve.v1 import model_pb2

BINS = 10


def measure(labels: Ints, scores: Floats) -> model_pb2.Calibration:
    """The expected calibration error, and what it is the mean of.

    The mean, over the pairs, of the distance between the mean score and the share of positives
    of their bin (Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning", 2015), with bins of as many pairs each (Nguyen and O'Connor, 2015), as
    most scores are small. Pairs of one score are in one bin.

    Args:
        labels: 0 or 1, `[n]`; n is at least 1.
        scores: 0 to 1, `[n]`.
    """
    edges = np.unique(np.quantile(scores, np.arange(1, BINS) / BINS))
    number = np.searchsorted(edges, scores, side="right")
    counts = np.bincount(number)
    means = np.bincount(number, scores) / np.maximum(counts, 1)
    shares = np.bincount(number, labels) / np.maximum(counts, 1)
    return model_pb2.Calibration(
        expected_error=float((counts * np.abs(means - shares)).sum() / len(scores)),
        bins=[
            model_pb2.CalibrationBin(pair_count=count, mean_score=mean, positive_share=share)
            for count, mean, share in zip(
                counts.tolist(), means.tolist(), shares.tolist(), strict=True
            )
            if count
        ],
    )

"""k-means (Lloyd 1982) over the directions of vectors."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Self

import numpy as np

from recserve.trainer.tables import Floats, Ints

FEWEST, MOST = 2, 64
PASSES = 20
# More points for each cluster move its centre hardly at all.
SAMPLE_PER_CLUSTER = 256
BATCH = 65_536
SHORTEST = 1e-6


@dataclass(frozen=True)
class Clustering:
    """The centres of clusters, to find out which a vector belongs to."""

    centres: Floats
    """float32 `[k, width]`."""

    @classmethod
    def around(cls, directions: Floats, labels: Ints) -> Self:
        """The means of points that are in clusters already.

        Args:
            directions: float32 `[n, width]`.
            labels: int `[n]`, 0, 1, 2 …; -1 for none.
        """
        count = int(labels.max(initial=-1)) + 1
        sums = np.zeros((count, directions.shape[1]))
        inside = labels >= 0
        np.add.at(sums, labels[inside], directions[inside])
        sizes = np.bincount(labels[inside], minlength=count)
        return cls((sums / np.maximum(sizes, 1)[:, None]).astype(np.float32))

    def of(self, directions: Floats) -> Ints:
        """The cluster of each direction, int32 `[n]`; -1 for one of length 0, or without centres.

        The nearest centre: the one with the largest c · d - |c|² / 2.
        """
        found = np.full(len(directions), -1, np.int32)
        if not len(self.centres):
            return found
        offsets = np.square(self.centres).sum(axis=1) / 2.0
        for start in range(0, len(directions), BATCH):
            part = directions[start : start + BATCH]
            nearest = (part @ self.centres.T - offsets).argmax(axis=1)
            found[start : start + BATCH] = np.where(part.any(axis=1), nearest, -1)
        return found


def directions(vectors: Floats, *, biased: bool) -> Floats:
    """Vectors at length 1, so that clusters go by the angle; near-zero ones become zero.

    Args:
        vectors: `[n, V]`.
        biased: Whether the last coordinate is a bias, which says how popular the item is and
            not what it is like; it is left out.
    """
    kept = (vectors[:, :-1] if biased else vectors).astype(np.float32)
    lengths = np.linalg.norm(kept, axis=1, keepdims=True)
    there = lengths > SHORTEST
    return np.where(there, kept / np.where(there, lengths, 1.0), 0.0).astype(np.float32)


def count_for(points: int) -> int:
    """How many clusters so many points are put in: √(n / 2), from 2 to 64.

    The rule of thumb of Mardia, Kent and Bibby (1979).
    """
    return int(np.clip(round((points / 2.0) ** 0.5), FEWEST, MOST))


def cluster(directions: Floats, *, seed: int, count: int | None = None) -> Clustering:
    """Finds clusters, the largest first.

    The centres are found on a seeded sample of 256 points for each.

    Args:
        directions: float32 `[n, width]`; rows of zeros are left out.
        seed: Of the sample and the first centres.
        count: Clusters at most. Default: by `count_for`.

    Returns:
        As many clusters as there are different directions, at most; none if all are alike.
    """
    points = directions[directions.any(axis=1)]
    nothing = Clustering(np.zeros((0, directions.shape[1]), np.float32))
    if not len(points) or (points == points[0]).all():
        return nothing
    wanted = min(count or count_for(len(points)), len(points))
    if len(points) > wanted * SAMPLE_PER_CLUSTER:
        rng = np.random.default_rng(seed)
        chosen = rng.choice(len(points), wanted * SAMPLE_PER_CLUSTER, replace=False)
        points = points[np.sort(chosen)]
    centres = _centres(points, wanted, seed)
    labels = Clustering(centres).of(directions)
    sizes = np.bincount(labels[labels >= 0], minlength=len(centres))
    order = np.argsort(-sizes, kind="stable")
    return Clustering(centres[order[sizes[order] > 0]])


def _centres(points: Floats, count: int, seed: int) -> Floats:
    # Late, for the start-up of commands.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    means = KMeans(count, n_init=1, max_iter=PASSES, random_state=seed)
    # In one thread: sums over several come in any order, and would not repeat to the last bit.
    with threadpool_limits(1), warnings.catch_warnings():
        # Said where there are fewer different points than clusters, which is no harm.
        warnings.simplefilter("ignore", ConvergenceWarning)
        means.fit(points)
    centres: Floats = means.cluster_centers_.astype(np.float32)
    return centres

"""Offers of loans: rows of ids, ten numbers and whether the offer was taken.

The numbers are of the pair of customer and offer, such as the instalment by the income, so only
the bank knows them when it asks.
"""

import numpy as np
from deployment import Deployment

ROWS, CUSTOMERS, OFFERS, NUMBERS = 4_000, 400, 40, 10
COLUMNS = tuple(f"x{n}" for n in range(NUMBERS))
WEIGHTS = np.array([1.5, -1.2, 0.8, 0.0, 0.5, 0.0, -0.7, 0.0, 0.3, 0.0])


def draw(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw numbers, of shape [count, 10], and whether each offer is taken, of shape [count]."""
    chance = np.random.default_rng(seed)
    numbers = chance.normal(size=(count, NUMBERS)).round(4)
    # Two numbers matter together, which no weighing of each by itself can say.
    logits = numbers @ WEIGHTS + numbers[:, 3] * numbers[:, 5] - 0.5
    return numbers, chance.random(count) < 1 / (1 + np.exp(-logits))


def write(deployment: Deployment) -> None:
    """Write `user_data.csv`."""
    chance = np.random.default_rng(3)
    numbers, taken = draw(ROWS, seed=5)
    customers = chance.integers(CUSTOMERS, size=ROWS)
    offers = chance.integers(OFFERS, size=ROWS)
    rows = [
        (f"customer-{customer}", f"offer-{offer}", *row.tolist(), int(label))
        for customer, offer, row, label in zip(customers, offers, numbers, taken, strict=True)
    ]
    deployment.write("user_data.csv", ("user_id", "item_id", *COLUMNS, "label"), rows)

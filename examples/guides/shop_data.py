"""A small shop: 160 items in eight departments, 200 customers who prefer two of them."""

import numpy as np
from deployment import Deployment

DEPARTMENTS = ("garden", "kitchen", "toys", "books", "sport", "music", "tools", "office")
ITEMS_OF_A_DEPARTMENT, CUSTOMERS, VISITS = 20, 200, 12
FIRST_DAY = 1_735_689_600
"""2025-01-01, in seconds since 1970."""
DAYS = 60

ITEMS = [f"{name}-{n:02}" for name in DEPARTMENTS for n in range(ITEMS_OF_A_DEPARTMENT)]


def write(deployment: Deployment) -> dict[str, str]:
    """Write the dataset; return the favourite department of each customer."""
    chance = np.random.default_rng(7)
    prices = dict(zip(ITEMS, chance.lognormal(3.2, 0.8, len(ITEMS)).round(2), strict=True))
    deployment.write(
        "items.csv",
        ("item_id", "department", "price"),
        [(item, item[:-3], price) for item, price in prices.items()],
    )
    favourites, rows = {}, []
    for number in range(CUSTOMERS):
        customer = f"customer-{number}"
        first, second = chance.choice(len(DEPARTMENTS), 2, replace=False)
        favourites[customer] = DEPARTMENTS[first]
        for second_of_visit in sorted(chance.integers(DAYS * 86_400, size=VISITS)):
            department = chance.choice((first, second, chance.integers(8)), p=(0.6, 0.25, 0.15))
            # The first items of a department are viewed most.
            place = min(int(chance.exponential(6)), ITEMS_OF_A_DEPARTMENT - 1)
            item = ITEMS[department * ITEMS_OF_A_DEPARTMENT + place]
            moment = FIRST_DAY + int(second_of_visit)
            rows.append((customer, item, "view", moment))
            if chance.random() < 0.3:
                rows.append((customer, item, "purchase", moment + 300))
    rows.sort(key=lambda row: row[3])
    deployment.write("interactions.csv", ("user_id", "item_id", "event_type", "timestamp"), rows)
    return favourites

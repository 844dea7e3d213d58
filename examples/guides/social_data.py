"""A small feed: posts on ten topics over a month, and readers who like two of them."""

import numpy as np
from deployment import Deployment

TOPICS = (
    *("cats", "chess", "cooking", "cycling", "films"),
    *("gardens", "history", "maps", "physics", "poetry"),
)
POSTS, READERS, FEED, VISITS = 400, 200, 8, 5
FIRST_DAY = 1_735_689_600
"""2025-01-01, in seconds since 1970."""
DAYS = 30
LAST_DAY = "2025-01-30"
"""Posts of this day are in no feed yet."""


def write(deployment: Deployment) -> tuple[dict[str, str], dict[str, str]]:
    """Write the dataset; return the topic of each post and the favourite topic of each reader."""
    chance = np.random.default_rng(11)
    created = np.sort(chance.integers(DAYS * 86_400, size=POSTS))
    topic = chance.integers(len(TOPICS), size=POSTS)
    names = [f"post-{n}" for n in range(POSTS)]
    deployment.write(
        "items.csv",
        ("item_id", "topic", "author", "created"),
        [
            (name, TOPICS[t], f"author-{t}-{chance.integers(3)}", FIRST_DAY + int(c))
            for name, t, c in zip(names, topic, created, strict=True)
        ],
    )
    favourites, rows = {}, []
    for number in range(READERS):
        reader = f"reader-{number}"
        taste = chance.dirichlet(np.full(len(TOPICS), 0.15))
        favourites[reader] = TOPICS[int(taste.argmax())]
        for moment in sorted(chance.integers(86_400, (DAYS - 1) * 86_400, size=VISITS)):
            known = np.flatnonzero(created < moment)[-60:]  # the latest posts are in the feed
            for place, post in enumerate(chance.choice(known, min(FEED, len(known)), False)):
                at = FIRST_DAY + int(moment) + place
                rows.append((reader, names[post], "shown", at))
                liking = taste[topic[post]]
                if chance.random() < liking:
                    kind = "share" if chance.random() < 0.2 else "like"
                    rows.append((reader, names[post], kind, at + 5))
                elif liking < 0.01 and chance.random() < 0.1:
                    rows.append((reader, names[post], "hide", at + 5))
    rows.sort(key=lambda row: row[3])
    deployment.write("interactions.csv", ("user_id", "item_id", "event_type", "timestamp"), rows)
    return {name: TOPICS[t] for name, t in zip(names, topic, strict=True)}, favourites

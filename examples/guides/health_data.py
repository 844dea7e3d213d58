"""A small health programme: sessions with texts and vectors, and what people did with them."""

import numpy as np
from deployment import Deployment

WORDS = {
    "sleep": "calm evening breathing rest night",
    "back": "stretch spine posture lower back",
    "heart": "brisk walking pulse endurance run",
    "balance": "standing steady ankle balance senior",
    "mood": "gratitude journal mindful mood stress",
    "food": "vegetables fibre meal salt cooking",
}
CONDITIONS = ("pregnancy", "hypertension", "knee_injury")
SESSIONS_OF_A_TOPIC, PEOPLE, WIDTH = 25, 250, 12
FIRST_DAY = 1_735_689_600
"""2025-01-01, in seconds since 1970."""


def write(deployment: Deployment) -> dict[str, str]:
    """Write the dataset; return the topic of each session."""
    chance = np.random.default_rng(19)
    topics = list(WORDS)
    centres = chance.normal(size=(len(topics), WIDTH))
    rows, topic_of = [], {}
    for number in range(len(topics) * SESSIONS_OF_A_TOPIC):
        topic = number % len(topics)
        session = f"session-{number}"
        topic_of[session] = topics[topic]
        summary = " ".join(chance.permutation(WORDS[topics[topic]].split())[:4])
        # As a model of texts or pictures would give it: near others on the same topic.
        vector = " ".join(f"{x:.3f}" for x in centres[topic] + chance.normal(0, 0.5, WIDTH))
        safe = [each for each in CONDITIONS if chance.random() < 0.6]
        rows.append((session, summary, vector, "|".join(safe), int(chance.random() < 0.8)))
    columns = ("item_id", "summary", "embedding", "safe_for", "reviewed")
    deployment.write("items.csv", columns, rows)
    sessions, events = list(topic_of), []
    for number in range(PEOPLE):
        person = f"person-{number:04}"
        first, second = chance.choice(len(topics), 2, replace=False)
        for moment in sorted(chance.integers(90 * 86_400, size=12)):
            topic = first if chance.random() < 0.7 else second
            session = sessions[topic + len(topics) * int(chance.integers(SESSIONS_OF_A_TOPIC))]
            kind = chance.choice(("completed", "opened", "stopped"), p=(0.5, 0.4, 0.1))
            events.append((person, session, kind, FIRST_DAY + int(moment)))
    events.sort(key=lambda row: row[3])
    deployment.write("interactions.csv", ("user_id", "item_id", "event_type", "timestamp"), events)
    return topic_of

"""An item is recommended by what it is about before anything has happened to it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integration.server_process import run, serving
from integration.topics import TOPICS, USERS, is_new, topic_of, write_topics
from recserve.client import Client

pytestmark = pytest.mark.integration

QUICK = (
    "--embedding-width",
    16,
    "--candidate-count",
    20,
    "--max-epochs",
    5,
    "--history-length",
    12,
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server with a version trained on the topics, and their events imported."""
    folder: Path = tmp_path_factory.mktemp("topics")
    write_topics(folder / "data")
    run("recserve-trainer", "fit", "data", "--store", "models", *QUICK, cwd=folder)
    run("recserve-server", "import", "data", cwd=folder)
    with serving(folder) as server, Client(server.address) as client:
        server.wait_until_warm()
        yield client


def test_new_items_are_offered_to_those_who_like_what_they_are_about(client: Client) -> None:
    """Of all new items, by chance one in five would be right; popularity knows none of them."""
    new = [f"{topic}-new-{number}" for topic in TOPICS for number in range(16, 24)]
    right = []
    for user in range(0, USERS, 3):
        taste = list(TOPICS)[user % len(TOPICS)]
        answer = client.recommend(f"user-{user}", num_results=8, candidate_item_ids=new)
        assert answer.fallback is None
        right += [topic_of(result.item_id) == taste for result in answer]
    assert sum(right) / len(right) > 0.6


def test_new_items_stand_among_the_answers_of_the_whole_catalogue(client: Client) -> None:
    """A user has six known items of the topic left, and eight new ones."""
    found = []
    for user in range(0, USERS, 3):
        taste = list(TOPICS)[user % len(TOPICS)]
        answer = client.recommend(f"user-{user}", num_results=14)
        found += [is_new(r.item_id) and topic_of(r.item_id) == taste for r in answer]
    assert sum(found) / len(found) > 0.25, "by chance it would be 0.07"


def test_the_moment_is_told_with_times_texts_and_vectors(client: Client) -> None:
    context = {"search": "telescope", "local_time": datetime.now(UTC), "photo": [0.5, -1.0]}
    plain = client.recommend("user-0", num_results=5)
    told = client.recommend("user-0", num_results=5, context=context)
    assert told.fallback is None
    assert [result.score for result in told] != [result.score for result in plain]
    client.feedback("user-0", "cooking-new-17", "view", context=context)


def test_new_items_are_found_by_a_filter_over_their_times(client: Client) -> None:
    late, early, all_items = (
        {result.item_id for result in client.recommend("user-0", num_results=1000, filter=text)}
        for text in ('released >= "2022-06-01"', 'released < "2022-06-01"', "")
    )
    assert late
    assert early
    assert late | early == all_items
    assert not late & early

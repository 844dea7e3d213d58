"""A social feed: impressions, what is fresh, variety, and readers without an account.

    python examples/guides/social.py

It writes a small dataset, trains, serves, and checks what it says; exit status 1 if anything
does not hold.
"""

import social_data
from deployment import CALL_SECONDS, Deployment, shows

from recserve.client import Client, Event


def main() -> None:
    """Train, serve, and show it."""
    feed = Deployment("social")
    topics, favourites = social_data.write(feed)
    feed.run(
        f"recserve-trainer fit dataset --store models --schema {feed.schema}"
        f" --max-epochs {feed.epochs}"
    )
    feed.run(f"recserve-server import dataset --schema {feed.schema}")
    readers = list(favourites)[:30]
    with feed.serve() as client:
        shows_what_is_fresh(client, readers, topics, favourites)
        varies(client, readers, topics)
        knows_a_session(client, topics)
        tells_shown_from_wanted(client)


def shows_what_is_fresh(
    client: Client, readers: list[str], topics: dict[str, str], favourites: dict[str, str]
) -> None:
    """Ask for today's posts: nobody has seen one yet, so they are ranked by what they are."""
    today = f'created >= "{social_data.LAST_DAY}"'
    first, rest = 0, 0.0
    for reader in readers:
        answer = client.recommend(reader, num_results=20, filter=today, timeout=CALL_SECONDS)
        wanted = [topics[post] == favourites[reader] for post in answer.item_ids]
        first += sum(wanted[:3])
        rest += 3 * sum(wanted) / len(wanted)
    print(f"of the first three, of the favourite topic: {first}; by chance {rest:.1f}")
    shows("posts without a single event are ranked by their topic", holds=first > 1.3 * rest)


def varies(client: Client, readers: list[str], topics: dict[str, str]) -> None:
    """Ask for variety: more topics in ten posts."""

    def topics_of_ten(diversity: float) -> float:
        answers = [
            client.recommend(reader, diversity=diversity, timeout=CALL_SECONDS)
            for reader in readers
        ]
        counts = [len({topics[post] for post in answer.item_ids}) for answer in answers]
        return sum(counts) / len(counts)

    plain, varied = topics_of_ten(0.0), topics_of_ten(0.7)
    print(f"topics in ten posts: {plain:.1f}; with diversity 0.7: {varied:.1f}")
    shows("diversity brings in more topics", holds=varied > plain)


def knows_a_session(client: Client, topics: dict[str, str]) -> None:
    """Ask without a user: what was opened in this session is all that is known."""
    opened = [post for post, topic in topics.items() if topic == "chess"][-12:-6]
    stranger = client.recommend("", recent_item_ids=opened, timeout=CALL_SECONDS)
    other = [post for post, topic in topics.items() if topic == "poetry"][-12:-6]
    another = client.recommend("", recent_item_ids=other, timeout=CALL_SECONDS)

    def chess(posts: tuple[str, ...]) -> int:
        return sum(topics[post] == "chess" for post in posts)

    print(
        f"chess after chess: {chess(stranger.item_ids)} of 10; "
        f"after poetry: {chess(another.item_ids)}"
    )
    shows("the model answers without an account", holds=stranger.fallback is None)
    shows(
        "a session decides what follows", holds=chess(stranger.item_ids) > chess(another.item_ids)
    )


def tells_shown_from_wanted(client: Client) -> None:
    """Report what was shown too: it says nothing by itself, and does not count as seen."""
    answer = client.recommend("reader-0", scenario="feed", timeout=CALL_SECONDS)
    shown = [Event("reader-0", post, "shown", recommendation=answer) for post in answer.item_ids]
    hidden = answer[0].item_id
    client.feedback_many([*shown, Event("reader-0", hidden, "hide", recommendation=answer)])
    after = client.recommend("reader-0", timeout=CALL_SECONDS).item_ids
    shows("what was only shown may come again", holds=bool(set(after) & set(answer.item_ids)))
    shows("what was hidden does not", holds=hidden not in after)


if __name__ == "__main__":
    main()

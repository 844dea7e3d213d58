"""Health: texts and vectors, conditions that always hold, erasure with a receipt, pseudonyms.

    python examples/guides/health.py

It writes a small dataset, serves, trains from the event log, and checks what it says; exit status 1
if anything does not hold.
"""

import csv

import health_data
from deployment import CALL_SECONDS, Deployment, shows

from recserve.client import Client, Fallback

SAFE = "safe_for:pregnancy AND reviewed = 1"
"""What must hold is asked for: a session of which nothing is known does not pass. With
`NOT unsafe_for:pregnancy` it would."""
ERASED = "person-0042"


def main() -> None:
    """Serve, train from the log, and show it."""
    programme = Deployment("health")
    topics = health_data.write(programme)
    programme.run(f"recserve-server import dataset --schema {programme.schema}")
    with programme.serve(trained=False) as client:
        holds_before_a_model(client)
        # From the event log, so that the server knows who was learned from.
        run = client.train(promotion="always", hyper_parameters={"max_epochs": programme.epochs})
        version = run.result(timeout=1_200).version
        programme.wait_for_the_model()
        holds_with_a_model(client)
        recommends_what_is_new(client, topics)
        before = events_of(programme, "before")
        erases(client, version)
        exports_pseudonyms(programme, before)


def holds_before_a_model(client: Client) -> None:
    """A condition holds for the simplest answer too."""
    answer = client.recommend("person-0001", filter=SAFE, timeout=CALL_SECONDS)
    shows(
        "popular sessions, all safe",
        holds=answer.fallback is Fallback.NO_MODEL and all_safe(client, answer.item_ids),
    )


def holds_with_a_model(client: Client) -> None:
    """A condition holds for known and unknown people, and for what is alike."""
    known = client.recommend("person-0001", filter=SAFE, timeout=CALL_SECONDS)
    unknown = client.recommend("nobody", filter=SAFE, timeout=CALL_SECONDS)
    alike = client.similar_items("session-0", filter=SAFE, timeout=CALL_SECONDS)
    shows("the model answers", holds=known.fallback is None and len(known) == 10)
    for answer in (known, unknown, alike):
        shows("every session is safe and reviewed", holds=all_safe(client, answer.item_ids))
    nothing = client.recommend("person-0001", filter=SAFE + " AND reviewed = 0")
    shows(
        "rather nothing than what is not safe, and it says why",
        holds=len(nothing) == 0 and nothing.shortfall is not None,
    )


def all_safe(client: Client, sessions: tuple[str, ...]) -> bool:
    """Look every session up in the catalogue."""
    found = [client.item(session).features for session in sessions]
    return bool(found) and all(
        "pregnancy" in features.get("safe_for", ()) and features["reviewed"] == 1
        for features in found
    )


def recommends_what_is_new(client: Client, topics: dict[str, str]) -> None:
    """A session is known by its text and its vector: alike are others on its topic."""
    alike = client.similar_items("session-7", num_results=10, timeout=CALL_SECONDS)
    same = sum(topics[session] == topics["session-7"] for session in alike.item_ids)
    print(f"alike sessions on the same topic: {same} of 10")
    shows("what is alike is on the same topic", holds=same >= 6)


def erases(client: Client, version: int) -> None:
    """Erase a person; the receipt names what learned from them, and not the person."""
    client.recommend(ERASED, timeout=CALL_SECONDS)
    receipt = client.delete_user(ERASED)
    print(
        f"receipt {receipt.receipt_id}: {receipt.deleted_event_count} events; learned from "
        f"them: versions {receipt.model_versions}; train anew: {receipt.retraining_mode}"
    )
    shows("the receipt counts the events", holds=receipt.deleted_event_count > 0)
    shows("it names the version that learned from them", holds=version in receipt.model_versions)
    shows("it does not name the person", holds=ERASED not in receipt.receipt_id)
    answer = client.recommend(ERASED, timeout=CALL_SECONDS)
    shows("the next answer is that for a stranger", holds=answer.fallback is Fallback.UNKNOWN_USER)


def exports_pseudonyms(programme: Deployment, before: list[str]) -> None:
    """Export for a data scientist: no own ids, and nothing of who was erased."""
    after = events_of(programme, "after")
    shows("no own id is in the export", holds=not any("person-" in user for user in after))
    shows("one person less", holds=len(set(before)) - len(set(after)) == 1)
    shows("the others' pseudonyms stay the same", holds=set(after) < set(before))


def events_of(programme: Deployment, name: str) -> list[str]:
    """Export the log, and list the users of its events."""
    programme.run(f"recserve-server export {name} --format csv")
    with (programme.folder / name / "interactions.csv").open(newline="") as file:
        return [row["user_id"] for row in csv.DictReader(file)]


if __name__ == "__main__":
    main()

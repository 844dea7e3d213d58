"""Clients that send feedback and repeat each call until it is acknowledged, as applications do."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from integration.server_process import PATIENCE_SECONDS
from recserve.client import Client, Event, RecserveError
from recserve.server.database import open_database

CLIENTS = 8
GROUP_SIZES = (1, 1, 1, 5)
"""Events of a call, in turn: a call of several is stored in full or not at all."""


class FeedbackLoad:
    """What is sent while the load lasts, and what of it was acknowledged.

    `_changed` guards `_acknowledged`, `_calls` and `_failures`.

    Args:
        address: Of the server, which may come and go.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._changed = threading.Condition()
        self._acknowledged: list[str] = []
        self._calls = 0
        self._failures: Counter[str] = Counter()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._send, args=(number,), daemon=True)
            for number in range(CLIENTS)
        ]

    @property
    def acknowledged(self) -> list[str]:
        """The ids of the events of all calls that were answered with OK."""
        with self._changed:
            return list(self._acknowledged)

    @property
    def failures(self) -> Counter[str]:
        """How often calls failed, their retries included, by gRPC code."""
        with self._changed:
            return self._failures.copy()

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def wait_for_calls(self, count: int) -> None:
        """Return after so many more calls were acknowledged."""
        with self._changed:
            goal = self._calls + count
            there = self._changed.wait_for(lambda: self._calls >= goal, PATIENCE_SECONDS)
        assert there, f"not {count} acknowledgements in {PATIENCE_SECONDS:.0f} s: {self.failures}"

    def wait_for_failure(self) -> None:
        """Return after one more call has failed, its retries included."""
        with self._changed:
            before = self._failures.total()
            failed = self._changed.wait_for(
                lambda: self._failures.total() > before, PATIENCE_SECONDS
            )
        assert failed, f"no call failed in {PATIENCE_SECONDS:.0f} s"

    def stop(self) -> None:
        """Let every client repeat its last call until it is acknowledged, and end."""
        self._stopping = True
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads), self.failures

    def _send(self, number: int) -> None:
        with Client(self._address) as client:
            call = 0
            while not self._stopping:
                size = GROUP_SIZES[call % len(GROUP_SIZES)]
                events = [
                    Event(f"u{number}", f"i{call}", "click", event_id=f"{number}-{call}-{place}")
                    for place in range(size)
                ]
                self._repeat_until_acknowledged(client, events)
                call += 1

    def _repeat_until_acknowledged(self, client: Client, events: list[Event]) -> None:
        while True:
            try:
                receipt = client.feedback_many(events, timeout=2)
            except RecserveError as error:
                with self._changed:
                    self._failures[error.code] += 1
                    self._changed.notify_all()
                continue
            assert receipt.accepted_count + receipt.duplicate_count == len(events)
            with self._changed:
                self._acknowledged += [event.event_id for event in events]
                self._calls += 1
                self._changed.notify_all()
            return


@contextmanager
def feedback_load(address: str) -> Iterator[FeedbackLoad]:
    """A load on a server while the `with` lasts; at its end every call was acknowledged."""
    load = FeedbackLoad(address)
    load.start()
    yield load
    load.stop()


def assert_stored_exactly_once(load: FeedbackLoad, database_url: str) -> None:
    """Every acknowledged event is in the log once, nothing else is, and no position is left out.

    The server is to be stopped. A load that has ended has nothing that was sent and not
    acknowledged, so that the log has to hold exactly what it was told of.
    """
    acknowledged = load.acknowledged
    assert len(set(acknowledged)) == len(acknowledged) > 0
    database = open_database(database_url)
    with database.reading() as connection:
        found = connection.exec_driver_sql("select event_id, position from events").fetchall()
        if not database.is_shared:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.close()
    stored = [event_id for event_id, _ in found]
    assert Counter(stored) == Counter(acknowledged)
    assert sorted(position for _, position in found) == list(range(1, len(found) + 1))

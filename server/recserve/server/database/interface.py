"""What a database of the event log and the catalogue does, whichever it is."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, Table


class Watch(Protocol):
    """Looks out for what other processes commit."""

    def close(self) -> None:
        """Stops looking. Calling it again does nothing."""


class Database(Protocol):
    """Holds the tables of `database.tables`. Every method may be called from any thread."""

    @property
    def is_shared(self) -> bool:
        """Whether several servers may use it at once."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Runs the body in a transaction that no other writer shares; commits at its end.

        Writers of every process take turns, so what the body reads stays true until it commits.
        A commit is durable when it returns.

        Raises:
            Overloaded: The disk is full, or another process writes for too long.
            Unavailable: The database fails, cannot be reached, or is closed.
        """

    def reading(self, *, once: bool = False) -> AbstractContextManager[Connection]:
        """Runs the body on one snapshot of the database; holds up no writer.

        Args:
            once: The body makes one query, so that there need not be a transaction around it.

        Raises:
            Unavailable: The database fails, cannot be reached, or is closed.
        """

    def insert(self, table: Table) -> Any:
        """Returns an insert that knows `on_conflict_do_update` and `on_conflict_do_nothing`."""

    def insert_rows(
        self,
        connection: Connection,
        table: Table,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
    ) -> None:
        """Adds rows, at least one, the fastest way there is.

        Args:
            connection: In a transaction.
            table: Where to.
            columns: Their columns.
            rows: Values as the database's driver takes them.
        """

    def now(self, connection: Connection) -> float:
        """Returns the time by one clock for all servers, in seconds since the Unix epoch."""

    def scrub(self, trace: str) -> None:
        """Leaves nothing of deleted rows in the files, as far as the database can.

        Args:
            trace: What was in each of them, and is nowhere else.

        Raises:
            Unavailable: Somebody still reads the database as it was before (READERS_LEFT), or
                it fails. Calling it again is safe.
        """

    def data_version(self) -> int:
        """Returns a number that differs after something was committed, by any process.

        Cheap, and to be compared only with what the same object returned before.
        """

    def watch(self, on_change: Callable[[], None]) -> Watch | None:
        """Calls back, in a thread of its own, soon after another process has committed.

        It may call too often, never too rarely while the database can be reached. None: this
        database has no way to tell; ask `data_version` from time to time.
        """

    def close(self) -> None:
        """Closes every connection. Calling it again does nothing."""

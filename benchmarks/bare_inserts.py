"""A bare loop of inserts: what the database itself takes for events that are as durable."""

import os
import secrets
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from recserve.server.database.tables import EVENTS

COLUMNS = [column.name for column in EVENTS.columns]


def rows(count: int, first: int) -> list[tuple[Any, ...]]:
    """Events as rows of the product's own table."""
    now = time.time()
    return [
        (
            first + number,
            f"{first + number:012}-{secrets.token_hex(8)}",
            f"user-{number % 97}",
            f"item-{number % 311}",
            "rating",
            4.0,
            now,
            "",
            "",
        )
        for number in range(count)
    ]


def per_second_in_sqlite(folder: Path, events: int, a_commit: int) -> float:
    """Events a second into a new file, with the write-ahead log and a sync a commit."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        connection = sqlite3.connect(Path(own) / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        for statement in _tables(sqlite.dialect()):
            connection.execute(statement)
        insert = f"INSERT INTO events VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  # our own names
        batches = [rows(a_commit, 1 + n * a_commit) for n in range(events // a_commit)]
        start = time.perf_counter()
        for batch in batches:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert, batch)
            connection.execute("COMMIT")
        seconds = time.perf_counter() - start
        connection.close()
    return events / seconds


def per_second_in_postgresql(url: str, events: int, a_commit: int) -> float:
    """Events a second into a new table."""
    import psycopg

    location, _, schema = url.partition("?schema=")
    own = f"{schema}_bare"
    with psycopg.connect(location, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{own}" CASCADE'.encode())
        connection.execute(f'CREATE SCHEMA "{own}"'.encode())
        connection.execute(f'SET search_path = "{own}"'.encode())
        connection.execute("SET synchronous_commit = on")
        for statement in _tables(postgresql.dialect()):
            connection.execute(statement.encode())
        insert = f"INSERT INTO events VALUES ({', '.join(['%s'] * len(COLUMNS))})".encode()  # noqa: S608  # our own names
        batches = [rows(a_commit, 1 + n * a_commit) for n in range(events // a_commit)]
        start = time.perf_counter()
        for batch in batches:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.executemany(insert, batch)
        seconds = time.perf_counter() - start
        connection.execute(f'DROP SCHEMA "{own}" CASCADE'.encode())
    return events / seconds


def sync_milliseconds(folder: Path, count: int) -> list[float]:
    """How long the disk takes to make a page durable (fdatasync), in milliseconds."""
    found = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(count):
            file.write(bytes(4096))
            file.flush()
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            found.append((time.perf_counter() - start) * 1000)
    return found


def _tables(dialect: Dialect) -> list[str]:
    statements = [CreateTable(EVENTS), *map(CreateIndex, EVENTS.indexes)]
    return [str(each.compile(dialect=dialect)) for each in statements]

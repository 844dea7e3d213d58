"""Databases of earlier releases."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select

from recserve.server.database import Database, open_database
from recserve.server.database.migrations import migrate
from recserve.server.database.tables import (
    COUNTERS,
    FORMAT,
    FORMAT_VERSION,
    METADATA,
    revision_of,
)
from recserve.server.event_log import SqlEventLog

from .conftest import MakeEvent


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def test_migrations_lead_to_the_tables_as_they_are(database: Database) -> None:
    with database.writing() as connection:
        METADATA.drop_all(connection)
        migrate(connection, 0)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert connection.execute(select(FORMAT)).all() == [(revision_of(FORMAT_VERSION),)]
        assert connection.execute(select(func.count()).select_from(COUNTERS)).scalar() == 4


def test_every_format_has_its_migration() -> None:
    from recserve.server.database import migrations

    files = sorted((Path(migrations.__file__).parent / "versions").glob("v*.py"))
    assert [re.match(r"v(\d+)_", each.name)[1] for each in files] == [  # type: ignore[index]
        revision_of(version) for version in range(1, FORMAT_VERSION + 1)
    ]


@pytest.mark.parametrize("found", [1, 2])
def test_a_file_of_an_earlier_release_keeps_what_is_in_it(
    tmp_path: Path, event: MakeEvent, found: int
) -> None:
    path = tmp_path / "events.db"
    database = open_database(f"sqlite:///{path}")
    with database.writing() as connection:
        METADATA.drop_all(connection)
        migrate(connection, 0, target=revision_of(found))
    database.close()
    with sqlite3.connect(path) as connection:  # as that release left it
        connection.execute("DROP TABLE alembic_version")
        connection.execute(f"PRAGMA user_version = {found}")
        connection.execute("INSERT INTO meta VALUES ('kept', 'yes')")
    connection.close()

    database = open_database(f"sqlite:///{path}")
    log = SqlEventLog(database)
    assert log.meta("kept") == "yes"
    assert log.append_groups([[event("a")]])[0].log_position == 1
    database.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT_VERSION,)
    connection.close()


def test_a_shared_database_of_an_earlier_release_is_brought_up_to_date(
    postgresql_url: str, event: MakeEvent
) -> None:
    database = open_database(postgresql_url)
    with database.writing() as connection:
        METADATA.drop_all(connection)
        migrate(connection, 0, target=revision_of(2))
    database.close()

    database = open_database(postgresql_url)
    assert SqlEventLog(database).append_groups([[event("a")]])[0].log_position == 1
    with database.reading() as connection:
        assert connection.execute(select(FORMAT.c.version_num)).scalar() == revision_of(
            FORMAT_VERSION
        )
    database.close()

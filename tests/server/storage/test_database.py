"""The database file: what is refused, and what happens when it fails."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from recserve.server.catalogue import ItemRecord, SqlCatalogue
from recserve.server.database import ServerLock, open_database
from recserve.server.database.sqlite import SqliteDatabase
from recserve.server.errors import EventLogInUse, EventLogRefused, Overloaded, Unavailable
from recserve.server.event_log import SqlEventLog

from .conftest import MakeEvent


def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    ("bad_url", "said"),
    [
        ("recserve.db", "not a URL"),
        ("mysql://user:hunter2@db/recserve", "SQLite or PostgreSQL"),
        ("postgresql://user:hunter2@db", "names no database"),
        ("postgresql://user:hunter2@db:port/recserve", "not a URL"),
        ("postgresql://user:hunter2@db/recserve?schema=a%20b", "a plain name"),
        ("postgresql://user:hunter2@db/recserve?schema=a&schema=b", "given once"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite://host/recserve.db", "must name a file"),
        ("sqlite:///recserve.db?mode=ro", "must name a file"),
    ],
)
def test_a_url_that_names_no_database_is_refused(bad_url: str, said: str) -> None:
    with pytest.raises(EventLogRefused, match=said) as refused:
        open_database(bad_url)

    assert "hunter2" not in refused.value.message


def test_a_folder_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(EventLogRefused, match=f"folder {tmp_path}/typo does not exist"):
        SqliteDatabase(url(tmp_path / "typo" / "events.db"))

    assert not (tmp_path / "typo").exists()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.write_text("user_id,item_id\n" * 100)

    with pytest.raises(EventLogRefused, match="not a database"):
        SqliteDatabase(url(path))

    assert path.read_text() == "user_id,item_id\n" * 100


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.db").mkdir()

    with pytest.raises(EventLogRefused, match="unable to open"):
        SqliteDatabase(url(tmp_path / "events.db"))


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE events (a, b)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(EventLogRefused, match="of another program"):
        SqliteDatabase(url(path))

    assert path.read_bytes() == before


def test_a_database_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    SqliteDatabase(url(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(EventLogRefused, match="newer release"):
        SqliteDatabase(url(path))


def test_opening_while_another_process_writes_is_busy_and_no_refusal(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    SqliteDatabase(url(path)).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Overloaded, match="another process is writing"):
        SqliteDatabase(url(path), busy_timeout_seconds=0.01)

    other.close()
    SqliteDatabase(url(path)).close()


def test_a_closed_log_says_so_and_may_be_closed_again(tmp_path: Path) -> None:
    log = SqlEventLog(SqliteDatabase(url(tmp_path / "events.db")))
    log.data_version()
    log.close()
    log.close()

    for use in (log.last_position, log.data_version, lambda: log.set_meta("a", "b")):
        with pytest.raises(Unavailable, match="closed"):
            use()


def test_what_was_stored_is_there_after_reopening(tmp_path: Path, event: MakeEvent) -> None:
    database = SqliteDatabase(url(tmp_path / "events.db"))
    SqlEventLog(database).append_groups([[event("a")]])
    SqlCatalogue(database).put_items([ItemRecord("tea")])
    database.close()

    database = SqliteDatabase(url(tmp_path / "events.db"))
    (again,) = SqlEventLog(database).append_groups([[event("a"), event("b")]])
    assert (again.duplicate_count, again.log_position) == (1, 2)
    assert SqlCatalogue(database).item_count() == 1
    database.close()


def test_commits_are_synced_to_the_disk(database: SqliteDatabase) -> None:
    with database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_full_disk_stores_nothing_by_halves_and_heals(
    database: SqliteDatabase, event: MakeEvent
) -> None:
    log = SqlEventLog(database)
    log.append_groups([[event("a")]])
    with database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    large = [event(f"large-{n}", user_id="u" * 200) for n in range(500)]

    with pytest.raises(Overloaded) as full:
        log.append_groups([[event("b")], large])

    assert full.value.reason == "EVENT_LOG_FULL"
    assert log.last_position() == 1
    # The limit was that of the connection, which a failure replaces: the cause is gone.
    (stored,) = log.append_groups([large])
    assert (stored.accepted_count, stored.log_position) == (500, 501)


def test_a_database_that_another_process_writes_to_is_busy_and_heals(
    database: SqliteDatabase, event: MakeEvent
) -> None:
    log = SqlEventLog(database)
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Overloaded) as busy:
        log.append_groups([[event("a")]])
    assert busy.value.reason == "EVENT_LOG_BUSY"
    assert log.last_position() == 0  # readers do not mind

    other.execute("ROLLBACK")
    other.close()
    assert log.append_groups([[event("a")]])[0].accepted_count == 1


def test_a_corrupt_database_is_unavailable(tmp_path: Path, event: MakeEvent) -> None:
    path = tmp_path / "events.db"
    database = SqliteDatabase(url(path))
    SqlEventLog(database).append_groups([[event(f"{n}") for n in range(2_000)]])
    database.close()
    content = path.read_bytes()
    schema = 40 * 4096  # these pages say which tables there are, and have the first of each
    path.write_bytes(content[:schema] + b"\xff" * (len(content) - schema))

    database = SqliteDatabase(url(path))
    with pytest.raises(Unavailable) as corrupt:
        SqlEventLog(database).append_groups([[event("new")]])
    assert corrupt.value.reason == "EVENT_LOG_UNAVAILABLE"
    with pytest.raises(Unavailable):
        SqlEventLog(database).after(0, 5_000)
    database.close()


def test_a_failure_inside_a_transaction_rolls_all_of_it_back(database: SqliteDatabase) -> None:
    def fail_half_way() -> None:
        with database.writing() as connection:
            connection.exec_driver_sql("INSERT INTO meta VALUES ('a', 'b')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert SqlEventLog(database).meta("a") is None


def test_the_lock_is_held_by_one_and_names_the_holder(tmp_path: Path) -> None:
    events = url(tmp_path / "events.db")
    with ServerLock(events):
        with pytest.raises(EventLogInUse, match=r"another server \(process \d+\) holds"):
            ServerLock(events).acquire()
        with ServerLock(url(tmp_path / "other.db")):
            pass

    with ServerLock(events):
        pass


def test_the_same_file_by_another_path_is_the_same_lock(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)

    with (
        ServerLock(url(tmp_path / "events.db")),
        pytest.raises(EventLogInUse),
    ):
        ServerLock(url(tmp_path / "link" / "events.db")).acquire()


OPEN_MANY = """
import sys
from recserve.server.database.sqlite import SqliteDatabase
from recserve.server.event_log import SqlEventLog

for name in range(20):
    sys.stdin.readline()
    database = SqliteDatabase(f"sqlite:///{sys.argv[1]}/{name}.db")
    SqlEventLog(database).settle_meta("key", "value")
    database.close()
    print("opened", flush=True)
"""


@pytest.mark.integration
def test_processes_that_make_the_database_at_once_do_not_disturb_each_other(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", OPEN_MANY, str(tmp_path)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for _ in range(20):
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "opened\n"
    for process in processes:
        process.communicate(timeout=30)
        assert process.returncode == 0

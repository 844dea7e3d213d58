"""What PostgreSQL has that a file has not: other servers, and a way to be gone."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from recserve.server.database import open_database
from recserve.server.database.postgresql import PostgresqlDatabase
from recserve.server.errors import EventLogRefused, Overloaded, Unavailable
from recserve.server.event_log import SqlEventLog

from .conftest import MakeEvent

WAIT_SECONDS = 30


@pytest.fixture
def database(postgresql_url: str) -> Iterator[PostgresqlDatabase]:
    database = PostgresqlDatabase(postgresql_url, busy_timeout_seconds=0.2)
    yield database
    database.close()


def plain(url: str) -> psycopg.Connection[tuple[object, ...]]:
    location, _, schema = url.partition("?schema=")
    return psycopg.connect(location, options=f"-c search_path={schema}", autocommit=True)


def test_a_commit_is_durable_whatever_the_servers_default(database: PostgresqlDatabase) -> None:
    with database.writing() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_no_query_is_compiled_since_that_takes_longer_than_the_query(
    database: PostgresqlDatabase,
) -> None:
    with database.reading(once=True) as connection:
        plan = connection.exec_driver_sql("EXPLAIN ANALYZE SELECT sum(value) FROM counters")
        assert not [line for (line,) in plan if "JIT" in line]


def test_options_in_the_url_are_set_beside_ours(postgresql_url: str) -> None:
    database = PostgresqlDatabase(f"{postgresql_url}&options=-cwork_mem%3D7MB")
    with database.writing() as connection:
        assert connection.exec_driver_sql("SHOW work_mem").scalar() == "7MB"
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()


def test_a_server_that_vanished_in_its_turn_is_noticed_soon(database: PostgresqlDatabase) -> None:
    with database.writing() as connection:
        shown = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
        keepalive = connection.exec_driver_sql("SHOW tcp_keepalives_idle").scalar()
    assert (shown, keepalive) == ("1min", "5")


def test_readers_see_one_moment_and_cannot_write(
    database: PostgresqlDatabase, event: MakeEvent
) -> None:
    log = SqlEventLog(database)
    with database.reading() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
        log.append_groups([[event("a")]])
        after = connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
    assert (before, after) == (0, 0)
    with pytest.raises(Unavailable), database.reading() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('a', 'b')")


def test_a_reader_that_is_at_work_when_the_database_closes_leaves_no_connection_behind(
    database: PostgresqlDatabase,
) -> None:
    with database.reading() as connection:
        driver = connection.connection.driver_connection
        database.close()
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    assert driver is not None
    assert driver.closed


def test_a_server_that_writes_for_too_long_makes_others_busy_and_no_longer(
    postgresql_url: str, database: PostgresqlDatabase, event: MakeEvent
) -> None:
    log = SqlEventLog(database)
    with plain(postgresql_url) as other, other.transaction():
        other.execute("SELECT value FROM counters FOR UPDATE")
        with pytest.raises(Overloaded) as busy:
            log.append_groups([[event("a")]])
        assert busy.value.reason == "EVENT_LOG_BUSY"
        assert log.last_position() == 0
    assert log.append_groups([[event("a")]])[0].accepted_count == 1


def test_servers_that_write_at_once_give_every_position_once_and_no_event_twice(
    postgresql_url: str, event: MakeEvent
) -> None:
    databases = [open_database(postgresql_url) for _ in range(4)]
    accepted: list[int] = []

    def append(database: PostgresqlDatabase) -> None:
        log = SqlEventLog(database)
        for number in range(25):
            (appended,) = log.append_groups([[event(f"{number}-{each}") for each in range(4)]])
            accepted.extend(each.position for each in appended.accepted)

    threads = [threading.Thread(target=append, args=(each,)) for each in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = SqlEventLog(databases[0]).after(0, 1_000)
    for database in databases:
        database.close()
    assert sorted(accepted) == list(range(1, 101)) == [each.position for each in stored]
    assert len({each.event.event_id for each in stored}) == 100


def test_a_restart_of_the_database_costs_no_call_of_afterwards(
    postgresql_url: str, database: PostgresqlDatabase, event: MakeEvent
) -> None:
    log = SqlEventLog(database)
    log.append_groups([[event("a")]])
    assert log.last_position() == 1
    pids = []
    for opened in (database.writing, database.reading):
        with opened() as connection:
            pids.append(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
    with plain(postgresql_url) as other:
        for pid in pids:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    assert log.append_groups([[event("b")]])[0].log_position == 2
    assert log.last_position() == 2


def test_a_connection_that_breaks_in_the_middle_stores_nothing(
    postgresql_url: str, database: PostgresqlDatabase, event: MakeEvent
) -> None:
    def break_half_way() -> None:
        with database.writing() as connection, plain(postgresql_url) as other:
            connection.exec_driver_sql("INSERT INTO meta VALUES ('a', 'b')")
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    with pytest.raises(Unavailable) as failed:
        break_half_way()
    assert failed.value.reason == "EVENT_LOG_UNAVAILABLE"
    assert "127.0.0.1" not in failed.value.message
    assert SqlEventLog(database).meta("a") is None


def test_other_servers_are_told_at_once_and_a_server_is_not_told_of_itself(
    postgresql_url: str, database: PostgresqlDatabase, event: MakeEvent
) -> None:
    other = open_database(postgresql_url)
    told, told_of_itself = threading.Semaphore(0), threading.Semaphore(0)
    watch, own_watch = database.watch(told.release), other.watch(told_of_itself.release)
    for heard in (told, told_of_itself):  # a new connection may have missed something
        assert heard.acquire(timeout=WAIT_SECONDS)

    SqlEventLog(other).append_groups([[event("a")]])
    assert told.acquire(timeout=WAIT_SECONDS)

    SqlEventLog(database).append_groups([[event("b")]])
    assert told_of_itself.acquire(timeout=WAIT_SECONDS)
    assert not told.acquire(blocking=False)
    assert not told_of_itself.acquire(blocking=False)
    assert watch is not None
    assert own_watch is not None
    watch.close()
    watch.close()
    own_watch.close()
    other.close()


def test_notifications_are_heard_again_after_the_connection_broke(
    postgresql_url: str, database: PostgresqlDatabase, event: MakeEvent
) -> None:
    told = threading.Semaphore(0)
    watch = database.watch(told.release)
    assert told.acquire(timeout=WAIT_SECONDS)
    with plain(postgresql_url) as other:
        schema = postgresql_url.partition("schema=")[2]
        (pid,) = other.execute(
            "SELECT pid FROM pg_stat_activity WHERE query = %s", (f'LISTEN "recserve.{schema}"',)
        ).fetchone() or (None,)
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    assert told.acquire(timeout=WAIT_SECONDS)  # it is connected again
    watch.close()


def test_a_database_of_a_newer_release_is_refused(postgresql_url: str) -> None:
    open_database(postgresql_url).close()
    with plain(postgresql_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(EventLogRefused, match="newer release"):
        open_database(postgresql_url)


def test_a_server_that_is_not_there_is_unavailable_and_no_password_is_told() -> None:
    with pytest.raises(Unavailable) as missing:
        open_database("postgresql://ann:hunter2@127.0.0.1:1/shop")
    assert "hunter2" not in missing.value.message
    assert "127.0.0.1" in missing.value.message


def test_servers_that_start_at_once_make_the_tables_once(postgresql_url: str) -> None:
    opened: list[object] = []
    threads = [
        threading.Thread(target=lambda: opened.append(open_database(postgresql_url)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for database in opened:
        database.close()  # type: ignore[attr-defined]

"""Old events go; what a user has seen, counts and ids of late repeats stay. On both databases."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from recserve.server.database import Database, open_database
from recserve.server.database.tables import COMPACTED_EVENTS, COMPACTED_IDS, EVENTS, METADATA
from recserve.server.erasure import SqlErasureLog, Trained
from recserve.server.errors import InvalidDataset, Unavailable
from recserve.server.event_log import SqlEventLog
from recserve.server.retention import EVENT_ID_DAYS, Compacted, Compaction, Retention
from recserve.server.retention import compaction as compaction_file
from recserve.server.schema import DeclaredSchema
from recserve.server.training.export import export_dataset

from .conftest import MakeEvent

DAY = 86_400.0
NOW = 1_000 * DAY
OLD = NOW - 40 * DAY
NEW = NOW - 2 * DAY
KEY = b"k" * 32


class Clock:
    """A clock that a test sets."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture
def log(database: Database) -> SqlEventLog:
    return SqlEventLog(database)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def compaction(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Compaction:
    monkeypatch.setattr(compaction_file, "ROWS_PER_COMMIT", 2)
    monkeypatch.setattr(compaction_file, "POSITIONS_PER_READ", 5)
    return Compaction(database, clock=clock)


def go_on(_seconds: float) -> bool:
    return False


def count(database: Database, table: object) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_old_events_go_and_seen_items_and_positions_stay(
    log: SqlEventLog, compaction: Compaction, event: MakeEvent
) -> None:
    log.append_groups([[event(f"o{n}", item_id=f"i{n}", time=OLD) for n in range(7)]])
    log.append_groups([[event("new", item_id="fresh", time=NEW)]])
    log.append_groups([[event("shown", item_id="ad", event_type="impression", time=OLD)]])
    reached: list[float] = []

    done = compaction.run(30, pause=go_on, on_progress=reached.append)

    assert done == Compacted(8, 0, is_complete=True)
    assert reached[-1] == 1.0
    assert reached == sorted(reached)
    history = log.history("ann", 10, ignored_types={"impression"})
    assert [each.event.event_id for each in history.events] == ["new"]
    assert history.item_ids == {*(f"i{n}" for n in range(7)), "fresh"}
    assert "ad" in log.history("ann", 10).item_ids
    assert [each.position for each in log.after(0, 10)] == [8]
    assert log.last_position() == 9
    (appended,) = log.append_groups([[event("next", time=NEW)]])
    assert appended.log_position == 10


def test_counts_stay_as_they_were(
    log: SqlEventLog, compaction: Compaction, event: MakeEvent, schema: DeclaredSchema
) -> None:
    log.append_groups(
        [
            [
                event("1", item_id="tea", time=OLD),
                event("2", item_id="tea", time=OLD),
                event("3", item_id="tea", event_type="purchase", time=OLD),
                event("4", item_id="cup", event_type="rating", value=4.0, time=OLD),
                event("5", item_id="jar", event_type="rating", value=2.0, time=OLD),
                event("6", item_id="jar", event_type="return", time=OLD),
                event("7", item_id="tea", time=NEW),
                event("8", "bob", "tea", time=OLD),
            ]
        ]
    )
    before = log.item_counts(schema)

    compaction.run(30, pause=go_on)

    assert log.item_counts(schema) == before
    assert before.weights == {"tea": 9.0, "cup": 2.0}


def test_a_pair_that_is_compacted_again_is_one_row(
    database: Database, log: SqlEventLog, compaction: Compaction, clock: Clock, event: MakeEvent
) -> None:
    log.append_groups([[event("1", time=NEW, value=1.0), event("2", time=OLD, value=2.0)]])
    compaction.run(30, pause=go_on)
    clock.now += 60 * DAY
    compaction.run(30, pause=go_on)

    with database.reading() as connection:
        rows = connection.execute(select(COMPACTED_EVENTS)).all()
    assert [tuple(row) for row in rows] == [("ann", "tea", "click", 2, 1.0, 1, OLD, NEW)]
    assert compaction.run(30, pause=go_on).event_count == 0


def test_a_compacted_event_that_is_sent_again_is_a_duplicate_for_a_while(
    database: Database, log: SqlEventLog, compaction: Compaction, clock: Clock, event: MakeEvent
) -> None:
    log.append_groups([[event("again", time=OLD), event("other", time=NEW)]])
    compaction.run(30, pause=go_on)

    (repeated,) = log.append_groups([[event("again", time=OLD)]])
    assert (repeated.accepted_count, repeated.duplicate_count) == (0, 1)
    assert repeated.log_position == 1

    clock.now += (EVENT_ID_DAYS - 1) * DAY
    compaction.run(365, pause=go_on)
    assert count(database, COMPACTED_IDS) == 1
    clock.now += 2 * DAY
    assert compaction.run(365, pause=go_on).forgotten_id_count == 1
    assert count(database, COMPACTED_IDS) == 0


def test_a_pass_that_is_cut_off_loses_nothing_and_the_next_goes_on(
    database: Database, log: SqlEventLog, compaction: Compaction, event: MakeEvent
) -> None:
    log.append_groups([[event(f"e{n}", item_id=f"i{n}", time=OLD) for n in range(6)]])

    def die(_seconds: float) -> bool:
        raise Unavailable("the database is away")

    with pytest.raises(Unavailable):
        compaction.run(30, pause=die)

    assert count(database, EVENTS) == 4
    assert count(database, COMPACTED_EVENTS) == count(database, COMPACTED_IDS) == 2
    assert len(log.history("ann", 10).item_ids) == 6
    erasures = SqlErasureLog(database, KEY)
    assert erasures.count() == 0  # nobody was told
    assert compaction.run(30, pause=lambda _: True) == Compacted(2, 0, is_complete=False)
    assert erasures.count() == 1
    assert compaction.run(30, pause=go_on) == Compacted(2, 0, is_complete=True)
    assert erasures.count() == 2
    assert compaction.run(30, pause=go_on).event_count == 0
    assert erasures.count() == 2  # nothing to tell


def test_a_batch_that_fails_midway_is_as_if_it_had_never_been(
    database: Database,
    log: SqlEventLog,
    compaction: Compaction,
    event: MakeEvent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log.append_groups([[event("1", time=OLD)]])

    def fail(*_arguments: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(database, "insert_rows", fail)
    with pytest.raises(RuntimeError, match="killed"):
        compaction.run(30, pause=go_on)

    assert (count(database, EVENTS), count(database, COMPACTED_EVENTS)) == (1, 0)


def test_events_erased_meanwhile_are_not_brought_back(
    database: Database, log: SqlEventLog, compaction: Compaction, event: MakeEvent
) -> None:
    log.append_groups([[event(f"e{n}", item_id=f"i{n}", time=OLD) for n in range(4)]])

    def erase(_seconds: float) -> bool:
        SqlErasureLog(database, KEY).erase("ann", [])
        return False

    assert compaction.run(30, pause=erase).event_count == 2
    for table in (EVENTS, COMPACTED_EVENTS, COMPACTED_IDS):
        assert count(database, table) == 0


def test_erasing_a_user_counts_and_names_what_was_compacted(
    database: Database, log: SqlEventLog, compaction: Compaction, event: MakeEvent
) -> None:
    log.append_groups(
        [[event("1", time=OLD), event("2", time=OLD + 10), event("3", time=NEW), event("4", "bob")]]
    )
    compaction.run(30, pause=go_on)
    trained = [
        Trained("v/1", "", 2, OLD, OLD),
        Trained("v/2", "", 2, OLD + 11, NEW - 1),  # between the user's events
        Trained("v/3", "v/1", 0, 0.0, 0.0),
    ]

    erased = SqlErasureLog(database, KEY).erase("ann", trained)

    assert (erased.event_count, erased.versions) == (3, ("v/1", "v/3"))
    assert log.history("ann", 10).item_ids == frozenset()
    assert log.history("bob", 10).item_ids == {"tea"}
    with database.reading() as connection:
        for table in METADATA.tables.values():
            assert "'ann'" not in repr(connection.execute(table.select()).all()), table.name


def test_no_byte_of_an_erased_user_is_left_after_a_compaction(
    tmp_path: Path, event: MakeEvent, clock: Clock
) -> None:
    gone = "someone-who-wants-to-be-forgotten"
    database = open_database(f"sqlite:///{tmp_path}/events.db")
    log, erasures = SqlEventLog(database), SqlErasureLog(database, KEY)
    for n in range(300):
        users = [gone, *(f"user-{each}" for each in range(9))]
        group = [event(f"{each}-{n}", each, f"i{n % 90}", time=OLD + n) for each in users]
        log.append_groups([group])
    compaction = Compaction(database, clock=clock)
    assert compaction.run(30, pause=go_on).event_count == 3_000

    assert erasures.erase(gone, []).event_count == 300
    erasures.scrub(gone)

    for path in tmp_path.iterdir():
        assert gone.encode() not in path.read_bytes(), path.name
    assert len(log.history("user-1", 10).item_ids) == 90
    database.close()


def test_an_export_says_how_many_events_are_not_in_it(
    database: Database,
    log: SqlEventLog,
    compaction: Compaction,
    event: MakeEvent,
    schema: DeclaredSchema,
    tmp_path: Path,
) -> None:
    log.append_groups([[event("1", time=OLD), event("2", time=OLD), event("3", time=NEW)]])
    compaction.run(30, pause=go_on)

    exported = export_dataset(database, tmp_path / "out", schema=schema)

    assert (exported.event_count, exported.compacted_event_count) == (1, 2)
    compaction.run(1, pause=go_on)
    with pytest.raises(InvalidDataset, match="compacted 3"):
        export_dataset(database, tmp_path / "none", schema=schema)


def test_a_running_server_compacts_by_itself_and_tells_the_others(
    database: Database, log: SqlEventLog, event: MakeEvent
) -> None:
    log.append_groups([[event("1", time=OLD)]])
    through = threading.Event()

    class Telling(Compaction):
        def run(self, *arguments: Any, **options: Any) -> Compacted:
            compacted = super().run(*arguments, **options)
            through.set()
            return compacted

    keeping = Retention(Telling(database, clock=Clock()), 30)
    keeping.start()
    assert through.wait(30)
    keeping.close()

    assert log.after(0, 10) == []
    assert SqlErasureLog(database, KEY).count() == 1

"""The event logs, catalogues and events that the storage suites run on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recserve.server.catalogue import Catalogue, InMemoryCatalogue, SqlCatalogue
from recserve.server.database import Database, open_database
from recserve.server.database.sqlite import SqliteDatabase
from recserve.server.event_log import EventLog, InMemoryEventLog, SqlEventLog
from recserve.server.events import Event
from recserve.server.schema import DeclaredSchema, schema_from_json

MakeEvent = Callable[..., Event]


KINDS = ("memory", "sqlite", "postgresql")


def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return open_database(f"sqlite:///{tmp_path}/events.db")
    return open_database(request.getfixturevalue("postgresql_url"))


@pytest.fixture(params=KINDS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    """An empty log of each kind: one suite holds for all."""
    event_log: EventLog
    if request.param == "memory":
        event_log = InMemoryEventLog()
    else:
        event_log = SqlEventLog(opened(request, tmp_path))
    yield event_log
    event_log.close()


@pytest.fixture(params=KINDS)
def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogue]:
    """An empty catalogue of each kind."""
    if request.param == "memory":
        yield InMemoryCatalogue()
        return
    database = opened(request, tmp_path)
    yield SqlCatalogue(database)
    database.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    database = SqliteDatabase(f"sqlite:///{tmp_path}/events.db", busy_timeout_seconds=0.05)
    yield database
    database.close()


@pytest.fixture
def event() -> MakeEvent:
    """Makes events; whatever is not given is the same in all."""

    def make(event_id: str, user_id: str = "ann", item_id: str = "tea", **fields: object) -> Event:
        defaults = {"event_type": "click", "value": None, "time": 1_000.0}
        return Event(event_id, user_id, item_id, **{**defaults, **fields})  # type: ignore[arg-type]

    return make


@pytest.fixture
def schema() -> DeclaredSchema:
    """A shop: clicks, purchases, ratings, returns and impressions."""
    return schema_from_json(
        """{"event_types": [
            {"name": "click"},
            {"name": "purchase", "weight": 5},
            {"name": "rating", "weight": 2, "positive_at_least": 4},
            {"name": "return", "polarity": "POLARITY_NEGATIVE"},
            {"name": "impression", "polarity": "POLARITY_IMPRESSION"}
        ]}"""
    )

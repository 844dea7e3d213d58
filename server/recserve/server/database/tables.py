"""The tables, in words that SQLite and PostgreSQL share."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

FORMAT_VERSION = 2
"""Raised when the tables change; a database of a higher one is refused."""

METADATA = MetaData()

_Position = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER is SQLite's row id

EVENTS = Table(
    "events",
    METADATA,
    Column("position", _Position, primary_key=True, autoincrement=False),
    Column("event_id", String, nullable=False, unique=True),
    Column("user_id", String, nullable=False),
    Column("item_id", String, nullable=False),
    Column("event_type", String, nullable=False),
    Column("value", Double),
    Column("event_time", Double, nullable=False),
    Column("recommendation_id", String, nullable=False, server_default=text("''")),
    Column("context", String, nullable=False, server_default=text("''")),
    Index("events_by_user", "user_id", "event_time"),
)

ITEMS = Table(
    "items",
    METADATA,
    Column("item_id", String, primary_key=True),
    Column("features", String, nullable=False),
    Column("available", Boolean, nullable=False),
)

USERS = Table(
    "users",
    METADATA,
    Column("user_id", String, primary_key=True),
    Column("features", String, nullable=False),
)

COUNTERS = Table(
    "counters",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""`last_position` and `catalogue_revision`.

Writers draw positions from the counter inside their transaction, so positions are in commit
order and without gaps, also where transactions run side by side (the counter's row is locked
until the commit), and a position is never given twice, whatever is erased.
"""

TRAINING_RUNS = Table(
    "training_runs",
    METADATA,
    Column("number", _Position, primary_key=True),
    Column("model", String, nullable=False),
    Column("request_id", String),
    Column("unended", Boolean),
    Column("run", String, nullable=False),
    UniqueConstraint("model", "unended"),
    UniqueConstraint("model", "request_id"),
)
"""`run` is a `TrainingRun` as protobuf JSON.

`unended` is true or null, never false: so one run of a model at most has not ended, in any
database, whoever writes.
"""

META = Table(
    "meta",
    METADATA,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

LAST_POSITION = "last_position"
CATALOGUE_REVISION = "catalogue_revision"

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
    text,
)

FORMAT_VERSION = 1
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

META = Table(
    "meta",
    METADATA,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

LAST_POSITION = "last_position"
CATALOGUE_REVISION = "catalogue_revision"

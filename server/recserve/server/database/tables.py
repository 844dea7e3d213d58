"""The tables, in words that SQLite and PostgreSQL share."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

FORMAT_VERSION = 5
"""Raised when the tables change, with a migration; a database of a higher one is refused."""

METADATA = MetaData()

_Position = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER is SQLite's row id
_Id = String().with_variant(String(collation="C"), "postgresql")
"""Ids are in the order of their bytes, whatever language a database speaks."""

EVENTS = Table(
    "events",
    METADATA,
    Column("position", _Position, primary_key=True, autoincrement=False),
    Column("event_id", _Id, nullable=False, unique=True),
    Column("user_id", _Id, nullable=False),
    Column("item_id", _Id, nullable=False),
    Column("event_type", String, nullable=False),
    Column("value", Double),
    Column("event_time", Double, nullable=False),
    Column("recommendation_id", String, nullable=False, server_default=text("''")),
    Column("context", String, nullable=False, server_default=text("''")),
    Index("events_by_user", "user_id", "event_time"),
)

COMPACTED_EVENTS = Table(
    "compacted_events",
    METADATA,
    Column("user_id", _Id, primary_key=True),
    Column("item_id", _Id, primary_key=True),
    Column("event_type", String, primary_key=True),
    Column("event_count", BigInteger, nullable=False),
    Column("value", Double),
    Column("first_position", BigInteger, nullable=False),
    Column("first_time", Double, nullable=False),
    Column("last_time", Double, nullable=False),
)
"""What is kept of events that became too old: how many there were of a user, an item and a type,
the value of the one compacted last, and within which positions and times they were."""

COMPACTED_IDS = Table(
    "compacted_event_ids",
    METADATA,
    Column("position", _Position, primary_key=True, autoincrement=False),
    Column("event_id", _Id, nullable=False, unique=True),
    Column("user_id", _Id, nullable=False),
    Column("compact_time", Double, nullable=False),
    Index("compacted_event_ids_by_user", "user_id"),
)
"""Their ids, for a while: an event that is sent again is still a duplicate."""

USER_JOINS = Table(
    "user_joins",
    METADATA,
    Column("number", _Position, primary_key=True, autoincrement=False),
    Column("visitor_id", _Id, nullable=False, unique=True),
    Column("user_id", _Id, nullable=False),
    Index("user_joins_by_user", "user_id"),
)
"""Visitors who are known to be a user. What comes under a visitor's id is stored as the user's;
`user_id` is never a visitor of this table. `number` is drawn from the counter `user_joins`."""

ITEMS = Table(
    "items",
    METADATA,
    Column("item_id", _Id, primary_key=True),
    Column("features", String, nullable=False),
    Column("available", Boolean, nullable=False),
    Column("update_time", Double),
    Column("deleted", Boolean, nullable=False, server_default=false()),
)
"""A deleted item leaves its row behind, without features and not available: versions that know
it must not recommend it (ADR 0029). `update_time` is in seconds since 1970."""


USERS = Table(
    "users",
    METADATA,
    Column("user_id", _Id, primary_key=True),
    Column("features", String, nullable=False),
    Column("update_time", Double),
)

COUNTERS = Table(
    "counters",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""`last_position`, `catalogue_revision`, `erasures` and `user_joins`, each of which only grows.

`erasures` tells servers that events were taken out of the log, by an erasure or a compaction.

Writers draw positions from the counter inside their transaction, so positions are in commit
order and without gaps, also where transactions run side by side (the counter's row is locked
until the commit), and a position is never given twice, whatever is erased.
"""

ANSWERS = Table(
    "answers",
    METADATA,
    Column("recommendation_id", _Id, primary_key=True),
    Column("answer_time", Double, nullable=False),
    Column("user_id", _Id, nullable=False),
    Column("model_version", BigInteger, nullable=False),
    Column("label", String, nullable=False),
    Column("fallback", String, nullable=False),
    Column("scenario", String, nullable=False),
    Column("compared_with", _Id, nullable=False),
    Column("item_ids", String, nullable=False),
    Column("numbers", LargeBinary, nullable=False),
    Index("answers_by_user", "user_id"),
    Index("answers_by_time", "answer_time"),
)
"""What was recommended: `item_ids` is a JSON list in the order of the answer, `numbers` the scores
and then the propensities of its items, little-endian float32; no propensities: they are all 1.
`fallback` is empty for none, `compared_with` for answers that were given.
"""

ERASURES = Table(
    "erasures",
    METADATA,
    Column("number", _Position, primary_key=True),
    Column("receipt_id", String, nullable=False),
    Column("erase_time", Double, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("model_versions", String, nullable=False),
    Index("erasures_by_receipt", "receipt_id"),
)
"""The audit log of erasures. It knows users by keyed hashes alone. `model_versions` is a JSON list
of resource names."""

TRAINING_RUNS = Table(
    "training_runs",
    METADATA,
    Column("number", _Position, primary_key=True),
    Column("model", String, nullable=False),
    Column("request_id", String),
    Column("unended", Boolean),
    Column("lease_until", Double),
    Column("run", String, nullable=False),
    UniqueConstraint("model", "unended"),
    UniqueConstraint("model", "request_id"),
)
"""`run` is a `TrainingRun` as protobuf JSON.

`unended` is true or null, never false: so one run of a model at most has not ended, in any
database, whoever writes. The server that runs it renews `lease_until` (`Database.now`) where
servers share the database; a run whose lease has passed has lost its server.
"""

META = Table(
    "meta",
    METADATA,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)

FORMAT = Table("alembic_version", METADATA, Column("version_num", String(32), primary_key=True))
"""The format, as a revision of Alembic. In a file of SQLite, `user_version` has it as a number."""


def revision_of(version: int) -> str:
    """The name of a format as a revision of Alembic."""
    return f"{version:04}"


LAST_POSITION = "last_position"
CATALOGUE_REVISION = "catalogue_revision"
ERASURE_COUNT = "erasures"
JOIN_COUNT = "user_joins"

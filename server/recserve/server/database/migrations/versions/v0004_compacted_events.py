"""What is kept of old events."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _id() -> sa.types.TypeEngine[str]:
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the tables that a compaction fills."""
    position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "compacted_events",
        sa.Column("user_id", _id(), primary_key=True),
        sa.Column("item_id", _id(), primary_key=True),
        sa.Column("event_type", sa.String, primary_key=True),
        sa.Column("event_count", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("first_position", sa.BigInteger, nullable=False),
        sa.Column("first_time", sa.Double, nullable=False),
        sa.Column("last_time", sa.Double, nullable=False),
    )
    op.create_table(
        "compacted_event_ids",
        sa.Column("position", position, primary_key=True, autoincrement=False),
        sa.Column("event_id", _id(), nullable=False, unique=True),
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("compact_time", sa.Double, nullable=False),
    )
    op.create_index("compacted_event_ids_by_user", "compacted_event_ids", ["user_id"])

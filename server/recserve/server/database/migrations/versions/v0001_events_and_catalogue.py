"""Events, items, users, counters and small values: the first format."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of the first release."""
    position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "events",
        sa.Column("position", position, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.String, nullable=False, unique=True),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("item_id", sa.String, nullable=False),
        sa.Column("event_type", sa.String, nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("event_time", sa.Double, nullable=False),
        sa.Column("recommendation_id", sa.String, nullable=False, server_default=sa.text("''")),
        sa.Column("context", sa.String, nullable=False, server_default=sa.text("''")),
    )
    op.create_index("events_by_user", "events", ["user_id", "event_time"])
    op.create_table(
        "items",
        sa.Column("item_id", sa.String, primary_key=True),
        sa.Column("features", sa.String, nullable=False),
        sa.Column("available", sa.Boolean, nullable=False),
    )
    op.create_table(
        "users",
        sa.Column("user_id", sa.String, primary_key=True),
        sa.Column("features", sa.String, nullable=False),
    )
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    names = ("last_position", "catalogue_revision")
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in names])
    op.create_table(
        "meta",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )

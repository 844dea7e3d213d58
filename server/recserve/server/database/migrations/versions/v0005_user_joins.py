"""Which visitors are which users."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table and its counter."""
    an_id = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "user_joins",
        sa.Column("number", position, primary_key=True, autoincrement=False),
        sa.Column("visitor_id", an_id, nullable=False, unique=True),
        sa.Column("user_id", an_id, nullable=False),
    )
    op.create_index("user_joins_by_user", "user_joins", ["user_id"])
    op.execute("INSERT INTO counters (name, value) VALUES ('user_joins', 0)")

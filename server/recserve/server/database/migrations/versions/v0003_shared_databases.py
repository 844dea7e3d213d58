"""What several servers on one database need, a catalogue that callers change, two more logs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns, the answer log, and the audit log of erasures."""
    op.add_column("training_runs", sa.Column("lease_until", sa.Double))
    op.add_column("items", sa.Column("update_time", sa.Double))
    op.add_column(
        "items", sa.Column("deleted", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("users", sa.Column("update_time", sa.Double))
    op.create_table(
        "answers",
        sa.Column("recommendation_id", sa.String, primary_key=True),
        sa.Column("answer_time", sa.Double, nullable=False),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("model_version", sa.BigInteger, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("fallback", sa.String, nullable=False),
        sa.Column("scenario", sa.String, nullable=False),
        sa.Column("compared_with", sa.String, nullable=False),
        sa.Column("item_ids", sa.String, nullable=False),
        sa.Column("numbers", sa.LargeBinary, nullable=False),
    )
    op.create_index("answers_by_user", "answers", ["user_id"])
    op.create_index("answers_by_time", "answers", ["answer_time"])
    op.create_table(
        "erasures",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("receipt_id", sa.String, nullable=False),
        sa.Column("erase_time", sa.Double, nullable=False),
        sa.Column("event_count", sa.BigInteger, nullable=False),
        sa.Column("model_versions", sa.String, nullable=False),
    )
    op.create_index("erasures_by_receipt", "erasures", ["receipt_id"])
    op.execute("INSERT INTO counters (name, value) VALUES ('erasures', 0)")

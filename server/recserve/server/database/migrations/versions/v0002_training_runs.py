"""The register of training runs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "training_runs",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
        ),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("request_id", sa.String),
        sa.Column("unended", sa.Boolean),
        sa.Column("run", sa.String, nullable=False),
        sa.UniqueConstraint("model", "unended"),
        sa.UniqueConstraint("model", "request_id"),
    )

"""Run by Alembic: migrates the connection that `migrate` hands over."""

from alembic import context

from recserve.server.database.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()

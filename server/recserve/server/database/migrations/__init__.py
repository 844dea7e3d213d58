"""The changes of the tables from release to release, written with Alembic.

A change of `database.tables` comes with a file in `versions`, whose revision is the new
`FORMAT_VERSION` in four digits. Servers and imports migrate when they open a database.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, delete, insert

from recserve.server.database.tables import FORMAT, revision_of


def migrate(connection: Connection, found: int, target: str = "head") -> None:
    """Bring the tables up to date, in the connection's transaction.

    Args:
        connection: In a transaction.
        found: The format that the tables have; 0: there are none.
        target: The revision to stop at.
    """
    FORMAT.create(connection, checkfirst=True)  # the first two formats had no such table
    connection.execute(delete(FORMAT))
    if found:
        connection.execute(insert(FORMAT).values(version_num=revision_of(found)))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, target)

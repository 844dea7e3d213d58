"""A PostgreSQL database for a benchmark, in a schema of its own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.server import NotAvailable

VARIABLE = "RECSERVE_TEST_POSTGRESQL"
USUAL = "postgresql://postgres@127.0.0.1:5432/test"


@contextmanager
def postgresql_url() -> Iterator[str]:
    """The URL of an event log that is not there yet; it is dropped afterwards.

    Raises:
        NotAvailable: no PostgreSQL is found.
    """
    import psycopg

    url = os.environ.get(VARIABLE, USUAL)
    schema = f"bench_{secrets.token_hex(4)}"
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.Error as error:
        reason = str(error).splitlines()[0]
        raise NotAvailable(f"PostgreSQL at {url} ({reason}); name one in {VARIABLE}") from error
    yield f"{url}?schema={schema}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'.encode())

"""Where the tests find what they need of the machine: PostgreSQL, strace, small disks."""

import os
import secrets
from collections.abc import Iterator
from functools import cache

import psycopg
import pytest

from integration.small_disk import why_no_mount
from integration.system_calls import strace

VARIABLE = "RECSERVE_TEST_POSTGRESQL"
USUAL = "postgresql://postgres@127.0.0.1:5432/test"


@cache
def found_postgresql() -> tuple[str, str]:
    """The URL of a database where the tests may make schemas, or why there is none."""
    url = os.environ.get(VARIABLE, USUAL)
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.Error as error:
        return "", f"no PostgreSQL at {url} ({str(error).splitlines()[0]}); name one in {VARIABLE}"
    return url, ""


def pytest_report_header() -> list[str]:
    url, missing = found_postgresql()
    no_mount = why_no_mount()
    return [
        f"postgresql: {url or f'TESTS ARE SKIPPED: {missing}'}",
        f"strace: {strace() or 'TESTS ARE SKIPPED: not installed (Debian and Ubuntu: strace)'}",
        f"small disks: {f'BY QUOTA ALONE: {no_mount}' if no_mount else 'mounted as tmpfs'}",
    ]


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """An event log's URL in a schema of its own, which is dropped afterwards."""
    url, missing = found_postgresql()
    if not url:
        pytest.skip(missing)
    schema = f"test_{secrets.token_hex(6)}"
    yield f"{url}{'&' if '?' in url else '?'}schema={schema}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: object) -> str:
    """The URL of an empty database of each kind: what holds for one holds for the other."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/events.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url

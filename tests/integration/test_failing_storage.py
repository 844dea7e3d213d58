"""Storage that fails under feedback: what was acknowledged is there once when it works again."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from integration.feedback_load import assert_stored_exactly_once, feedback_load
from integration.private_postgresql import PrivatePostgresql, Stop, initdb, private_postgresql
from integration.server_process import eventually, is_running, serving
from integration.small_disk import Disk, Quota, small_file_system, why_no_mount
from integration.write_ahead_log import WriteAheadLog
from recserve.client import Client

pytestmark = pytest.mark.integration

STOPS: list[Stop] = ["immediate", "fast"]
ROUNDS = 10 if os.environ.get("RECSERVE_VERIFY") else 1
TORN_BY = {"cut off": 0.6, "half written": 1.0}
"""The share of the frame's length that is there; only its first half is what it should be."""
DISKS = ["SQLite, quota"]
if not why_no_mount():  # else the report's first lines say so
    DISKS += ["SQLite, small file system", "PostgreSQL, small file system"]


@pytest.fixture
def cluster() -> Iterator[PrivatePostgresql]:
    programs = initdb()
    if programs is None:
        pytest.skip("no PostgreSQL of the test's own: initdb is not installed")
    with private_postgresql(programs.parent) as running:
        yield running


@pytest.mark.parametrize("where", DISKS)
def test_a_full_disk_is_told_of_and_loses_nothing(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        disk: Disk | None = None
        folder = tmp_path / "disk"
        folder.mkdir()
        url, expected = f"sqlite:///{folder}/recserve.db", "RESOURCE_EXHAUSTED"
        if where.startswith("PostgreSQL"):
            cluster: PrivatePostgresql = request.getfixturevalue("cluster")
            folder = cluster.folder / "disk"
            url = f"{cluster.address}?schema=full"
        if where.endswith("file system"):
            disk = stack.enter_context(small_file_system(folder))
        if where.startswith("PostgreSQL"):
            cluster.keep_tables_in(folder)
        server = stack.enter_context(serving(tmp_path, "--events", url))
        if disk is None:  # a file that grows too long is another error than a full disk
            disk = Quota(lambda: list(server.children().values()), folder)
            expected = "UNAVAILABLE"
        with feedback_load(server.address) as load:
            load.wait_for_calls(100)
            disk.fill()
            load.wait_for_failure()
            with Client(server.address) as client:
                assert client.recommend("u0").log_position > 0  # answers go on
            disk.empty()
            load.wait_for_calls(100)
        assert load.failures[expected] > 0
        assert load.failures.keys() <= {expected, "DEADLINE_EXCEEDED"}
        assert len(server.said("listening")) == 1
        assert server.stop() == 0
        assert_stored_exactly_once(load, url)


def test_a_postgresql_that_is_stopped_and_started_loses_nothing(
    cluster: PrivatePostgresql, tmp_path: Path
) -> None:
    url = f"{cluster.address}?schema=stopped"
    with serving(tmp_path, "--events", url) as server:
        with feedback_load(server.address) as load:
            for mode in STOPS * ROUNDS:
                load.wait_for_calls(100)
                cluster.stop(mode)
                load.wait_for_failure()
                cluster.start()
            load.wait_for_calls(100)
        assert load.failures["UNAVAILABLE"] > 0
        assert load.failures.keys() <= {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"}
        assert len(server.said("listening")) == 1
        assert server.stop() == 0
    assert_stored_exactly_once(load, url)


def test_a_torn_frame_after_the_last_commit_is_passed_over(tmp_path: Path) -> None:
    database = tmp_path / "recserve.db"
    with serving(tmp_path) as server:
        address = server.address
        with feedback_load(address) as load:
            for share in TORN_BY.values():
                load.wait_for_calls(50)
                writer = server.children()["front_end"]
                server.kill()
                eventually(lambda pid=writer: not is_running(pid), "the end of the front end")
                log = WriteAheadLog(Path(f"{database}-wal"))
                assert log.commits > 0
                whole = log.frame(1, b"\xff" * log.page_bytes)
                assert ruins(whole, log, database, tmp_path / f"copy-{share}")
                torn = whole[: len(whole) // 2].ljust(int(len(whole) * share), b"\0")
                log.append(torn)
                server.start("--listen", address)
            load.wait_for_calls(50)
        assert server.stop() == 0
    assert_stored_exactly_once(load, f"sqlite:///{database}")


def ruins(frame: bytes, log: WriteAheadLog, database: Path, folder: Path) -> bool:
    """Whether SQLite would take the frame for a commit, were it whole: else the test is none."""
    folder.mkdir()
    for path in (database, log.path):
        shutil.copy(path, folder)
    WriteAheadLog(folder / log.path.name).append(frame)
    with sqlite3.connect(folder / database.name) as connection:
        try:
            connection.execute("select count(*) from events")
        except sqlite3.DatabaseError as error:
            return error.sqlite_errorcode == sqlite3.SQLITE_NOTADB
    return False

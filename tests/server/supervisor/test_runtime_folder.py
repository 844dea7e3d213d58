"""A server has a private folder, and tidies up after servers that were killed."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from recserve.server.supervisor.runtime_folder import runtime_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def dead_pid() -> int:
    """The process id of one that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_folder_is_private_and_gone_at_the_end() -> None:
    with runtime_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "engine.sock").touch()
    assert not folder.exists()


def test_what_a_dead_server_left_is_removed(temporary: Path, dead_pid: int) -> None:
    left = temporary / f"recserve-{dead_pid}-abc"
    (left / "metrics").mkdir(parents=True)
    with runtime_folder():
        assert not left.exists()


@pytest.mark.parametrize(
    "name",
    [
        f"recserve-{os.getpid()}-abc",
        "recserve-1-abc",
        "recserve-metrics-abc",
        "recserve-",
        "recserve--5-x",
        "recserve-0-x",
        "recserve-99999999999999999999-x",
        "other-1-abc",
    ],
)
def test_nothing_else_is_removed(temporary: Path, name: str) -> None:
    (temporary / name).mkdir()
    with runtime_folder():
        assert (temporary / name).exists()


def test_another_users_folder_is_let_alone(
    temporary: Path, dead_pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = temporary / f"recserve-{dead_pid}-abc"
    left.mkdir()
    monkeypatch.setattr("os.getuid", lambda: left.stat().st_uid + 1)
    with runtime_folder():
        assert left.exists()


def test_a_link_of_such_a_name_leads_nowhere(temporary: Path, dead_pid: int) -> None:
    precious = temporary / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (temporary / f"recserve-{dead_pid}-abc").symlink_to(precious)
    with runtime_folder():
        assert (precious / "file").exists()

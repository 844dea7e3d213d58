"""A server has a private folder, and tidies up after servers that were killed."""

import stat
from pathlib import Path

import pytest

from recserve.server.supervisor.runtime_folder import runtime_folder


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def left_behind(temporary: Path) -> Path:
    """What a killed server leaves: the folder, and a lock that nobody holds."""
    folder = temporary / "recserve-run-abc"
    (folder / "metrics").mkdir(parents=True)
    (folder / "lock").touch()
    return folder


def test_the_folder_is_private_and_gone_at_the_end() -> None:
    with runtime_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "engine.sock").touch()
    assert not folder.exists()


def test_what_a_dead_server_left_is_removed(left_behind: Path) -> None:
    with runtime_folder():
        assert not left_behind.exists()


def test_the_folder_of_a_living_server_is_let_alone() -> None:
    with runtime_folder() as first, runtime_folder() as second:
        assert first != second
        assert first.exists()


@pytest.mark.parametrize("name", ["recserve-run-without-a-lock", "recserve-metrics-abc", "other"])
def test_nothing_else_is_removed(temporary: Path, name: str) -> None:
    (temporary / name).mkdir()
    with runtime_folder():
        assert (temporary / name).exists()


def test_another_users_folder_is_let_alone(
    left_behind: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getuid", lambda: left_behind.stat().st_uid + 1)
    with runtime_folder():
        assert left_behind.exists()


def test_a_link_of_such_a_name_leads_nowhere(temporary: Path) -> None:
    precious = temporary / "precious"
    precious.mkdir()
    (precious / "lock").touch()
    (temporary / "recserve-run-abc").symlink_to(precious)
    with runtime_folder():
        assert (precious / "lock").exists()

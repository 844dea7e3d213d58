"""A server has a private folder, and tidies up after servers that were killed."""

import fcntl
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recserve.server import runtime_folder as runtime_folder_module
from recserve.server.errors import ConfigurationError
from recserve.server.runtime_folder import runtime_folder


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="r-") as folder:  # `tmp_path` is too long for sockets
        monkeypatch.setattr("tempfile.tempdir", folder)
        yield Path(folder)


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


def test_a_folder_that_another_server_takes_for_abandoned_is_made_again(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock
    calls = []

    def another_was_faster(file: Any, operation: int) -> None:
        calls.append(operation)
        if len(calls) == 1:
            (left,) = temporary.glob("recserve-run-*")
            runtime_folder_module._remove_if_abandoned(left)
            assert not left.exists()
        flock(file, operation)

    monkeypatch.setattr("fcntl.flock", another_was_faster)
    with runtime_folder() as folder:
        assert (folder / "lock").exists()


def test_a_path_too_long_for_sockets_is_a_clear_error(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = temporary / ("t" * 90)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(ConfigurationError, match="set TMPDIR to a shorter one"), runtime_folder():
        pass
    assert list(long.iterdir()) == []


def test_no_room_for_the_folder_is_a_clear_error(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(temporary / "missing"))
    with pytest.raises(ConfigurationError, match="set TMPDIR to another place"), runtime_folder():
        pass

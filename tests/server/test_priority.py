"""Work at low priority lowers itself, and nothing that comes after it."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from recserve.server import priority
from recserve.server.priority import LEAST, at_low_priority, lower_priority


def niceness() -> int:
    """Of the calling thread."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.fixture(autouse=True)
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in place of the kernel's: the session of the tests is not ours to change."""
    file = tmp_path / "autogroup"
    file.write_text("0")
    monkeypatch.setattr(priority, "_OF_SESSION", file)
    return file


def test_only_the_work_itself_has_the_least_priority(session: Path) -> None:
    before = niceness()
    seen: list[tuple[int, str]] = []
    at_low_priority(lambda: seen.append((niceness(), session.read_text())))
    assert seen == [(LEAST if sys.platform == "linux" else before, str(LEAST))]
    assert (niceness(), session.read_text()) == (before, "0")
    started_later: list[int] = []
    thread = threading.Thread(target=lambda: started_later.append(niceness()))
    thread.start()
    thread.join()
    assert started_later == [before]


def test_what_goes_wrong_in_the_work_is_raised_and_the_priority_is_back(session: Path) -> None:
    def work() -> None:
        raise ImportError("no TensorFlow")

    with pytest.raises(ImportError, match="no TensorFlow"):
        at_low_priority(work)
    assert session.read_text() == "0"


def test_the_work_is_done_where_sessions_have_no_priority(session: Path, tmp_path: Path) -> None:
    session.unlink()
    session.mkdir()  # cannot be written
    done: list[bool] = []
    at_low_priority(lambda: done.append(True))
    assert done == [True]


def test_a_session_is_lowered_by_its_leader_alone(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lowered: list[int] = []
    monkeypatch.setattr(os, "nice", lowered.append)
    monkeypatch.setattr(os, "getsid", lambda _: os.getpid() + 1)
    lower_priority()
    assert (lowered, session.read_text()) == ([LEAST], "0")
    monkeypatch.setattr(os, "getsid", lambda _: os.getpid())
    lower_priority()
    assert session.read_text() == str(LEAST)


class BusyFile:
    """The kernel's file, when other processes change the priority of theirs just now."""

    def __init__(self, refusals: int) -> None:
        self.written: list[str] = []
        self._refusals = refusals

    def write_text(self, text: str) -> None:
        if text == "0" and self._refusals:
            self._refusals -= 1
            raise BlockingIOError
        self.written.append(text)


def test_the_session_gets_its_priority_back_even_if_the_kernel_has_it_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = BusyFile(refusals=3)
    monkeypatch.setattr(priority, "_OF_SESSION", file)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    at_low_priority(lambda: None)
    assert file.written == ["19", "0"]


def test_a_session_that_stays_low_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priority, "_OF_SESSION", BusyFile(refusals=10**6))
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with pytest.raises(BlockingIOError):
        at_low_priority(lambda: None)

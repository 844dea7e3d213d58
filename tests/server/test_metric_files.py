"""A full disk costs metrics, and not the process that counts."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recserve.server import metric_files

COUNT = """
from recserve.server import metrics
metrics.SHED.labels("x").inc()
print(metrics.MISSING)
"""


def count_in_a_process(folder: Path) -> tuple[int, str]:
    """Returns its process id and what is missing."""
    environment = {**os.environ, metric_files.FOLDER: str(folder)}
    words = [sys.executable, "-c", f"import os; print(os.getpid()){COUNT}"]
    done = subprocess.run(words, env=environment, check=True, capture_output=True, text=True)
    pid, missing = done.stdout.splitlines()
    return int(pid), missing


def test_the_room_is_taken_at_the_start_and_given_back_at_the_end(tmp_path: Path) -> None:
    pid, missing = count_in_a_process(tmp_path)
    assert missing == ""
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == [
        f"{kind}_{pid}.db" for kind in ("counter", "gauge_livesum", "histogram")
    ]
    for path in files:
        assert path.stat().st_blocks * 512 >= metric_files.RESERVED_BYTES
    metric_files.give_back(tmp_path, pid)
    assert all(0 < path.stat().st_size < 8192 for path in files)
    assert b"recserve_shed_total" in files[0].read_bytes()


def test_a_process_without_room_goes_without_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def full(descriptor: int, _offset: int, _length: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv(metric_files.FOLDER, str(tmp_path))
    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    assert f"no room for the metrics of this process in {tmp_path}" in metric_files.reserve()
    assert metric_files.FOLDER not in os.environ
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_shares_no_folder_reserves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(metric_files.FOLDER, raising=False)
    assert metric_files.reserve() == ""


def test_giving_back_what_is_not_there_or_empty_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "counter_7.db").touch()
    metric_files.give_back(tmp_path, 7)
    assert (tmp_path / "counter_7.db").exists()

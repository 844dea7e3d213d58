"""Processor time and memory of a server: of all its processes, those that ended included."""

import os
from collections.abc import Iterator
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def tree_seconds(pid: int) -> float:
    """Processor seconds of a process and its descendants so far, in user and kernel mode.

    What ended children used counts once their parent has waited for them. Resolution: one tick
    of the kernel, 10 ms on Linux, for each process.
    """
    return sum(map(_seconds, tree(pid)))


def tree_megabytes(pid: int) -> float:
    """Memory of a process and its descendants in MiB; shared pages are divided among them."""
    return sum(map(_kibibytes, tree(pid))) / 1024


def tree(pid: int) -> Iterator[int]:
    """Yield a process and its descendants."""
    yield pid
    try:
        for thread in (PROC / str(pid) / "task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        return


def stat_ticks(stat: str) -> int:
    """Ticks in a line of /proc/PID/stat: utime, stime, and those of children waited for."""
    fields = stat.rpartition(")")[2].split()  # the name before may hold spaces and brackets
    return sum(map(int, fields[11:15]))


def rollup_kibibytes(rollup: str) -> int:
    """The line `Pss` of /proc/PID/smaps_rollup."""
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def _seconds(pid: int) -> float:
    try:
        return stat_ticks((PROC / str(pid) / "stat").read_text()) / TICKS_PER_SECOND
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def _kibibytes(pid: int) -> int:
    try:
        return rollup_kibibytes((PROC / str(pid) / "smaps_rollup").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return 0

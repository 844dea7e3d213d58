"""Processor time is that of all processes of a server, those that ended included."""

import os
import subprocess
import sys
import textwrap

from benchmarks.processor_time import (
    TICKS_PER_SECOND,
    rollup_kibibytes,
    stat_ticks,
    tree,
    tree_megabytes,
    tree_seconds,
)

BUSY_SECONDS = 0.3
BUSY = f"import time\nwhile time.process_time() < {BUSY_SECONDS}: pass"
BUSY_THEN_WAITING = f"{BUSY}\nprint(flush=True)\ninput()"
FAMILY = f"""
import subprocess, sys, time
subprocess.run([sys.executable, "-c", {BUSY!r}])
child = subprocess.Popen([sys.executable, "-c", {BUSY_THEN_WAITING!r}],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print("busy", flush=True)
input()
child.communicate()
"""


def test_a_line_of_stat_is_read_behind_the_name():
    fields = ["S", "1", *["0"] * 9, "7", "5", "3", "2", "20", "0"]
    assert stat_ticks(f"42 (a) name (b)) {' '.join(fields)}") == 17


def test_shared_memory_is_divided():
    assert (
        rollup_kibibytes("55d-7ff ---p 00000000 00:00 0 [rollup]\nRss: 900 kB\nPss: 400 kB\n")
        == 400
    )


def test_ended_and_running_children_count():
    words = [sys.executable, "-c", textwrap.dedent(FAMILY)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert len(list(tree(process.pid))) == 2
        assert tree_seconds(process.pid) >= 2 * BUSY_SECONDS - 4 / TICKS_PER_SECOND
        assert tree_megabytes(process.pid) > 1
        process.communicate(b"\n")
    assert tree_seconds(process.pid) == 0


def test_our_own_tree_begins_with_us():
    assert next(tree(os.getpid())) == os.getpid()

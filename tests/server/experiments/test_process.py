"""A comparison in a process of its own."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recserve.server.answer_log import LoggedAnswer, SqlAnswerLog
from recserve.server.database import open_database
from recserve.server.experiments.comparer import PROGRAM, ProcessComparer
from recserve.server.experiments.order import ComparisonOrder
from recserve.server.schema import declare
from recserve.v1 import schema_pb2

ORDER = ComparisonOrder(schema=declare(schema_pb2.Schema()).to_json())

pytestmark = pytest.mark.integration


async def test_it_reads_what_is_in_the_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/events.db"
    database = open_database(url)
    answer = LoggedAnswer("r", 1.0, "ann", 3, "stable", "", "", ["a"], [0.5])
    SqlAnswerLog(database).append([answer])
    database.close()
    compared = await ProcessComparer(url).compare(ORDER)
    assert (compared.baseline, [each.version for each in compared.standings]) == (3, [3])


async def test_a_log_that_is_gone_is_told_and_the_next_comparison_is_taken(tmp_path: Path) -> None:
    comparer = ProcessComparer(f"sqlite:///{tmp_path}/events.db")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="gone"):
            await comparer.compare(ORDER)


def test_it_ends_with_who_asked() -> None:
    ours, theirs = socket.socketpair()
    words = [sys.executable, "-m", PROGRAM, str(theirs.fileno())]
    with subprocess.Popen(words, stdin=subprocess.PIPE, pass_fds=[theirs.fileno()]) as process:
        theirs.close()
        ours.close()
        assert process.wait(timeout=60) == 1

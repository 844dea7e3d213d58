"""What was acknowledged outlives kill -9."""

import os
import subprocess
import sys
import time

import pytest

from recserve.server.database import open_database
from recserve.server.event_log import SqlEventLog

ROUNDS = 100 if os.environ.get("RECSERVE_VERIFY") else 4

APPEND_FOREVER = """
import sys
from recserve.server.database import open_database
from recserve.server.database.lock import held
from recserve.server.event_log import LogWriter, SqlEventLog
from recserve.server.events import Event

url, name = sys.argv[1:]
with held(url):
    log = SqlEventLog(open_database(url))
    writer = LogWriter(log, lambda _: None)
    writer.start()
    number = 0
    while True:
        waiting = []
        for _ in range(20):
            ids = f"{name}-{number}", f"{name}-{number + 1}"
            number += 2
            group = [Event(each, "ann", "tea", "click", None, 1.0) for each in ids]
            waiting.append((number, writer.submit(group)))
        for last, future in waiting:
            print(last, future.result().log_position, flush=True)
"""


@pytest.mark.integration
def test_every_acknowledged_event_is_there_after_a_kill_and_no_group_is_there_by_halves(
    database_url: str,
) -> None:
    url = database_url
    acknowledged: dict[str, int] = {}
    for round_ in range(ROUNDS):
        name = f"round{round_}"
        acknowledged[name] = _append_until_killed(url, name, lines=50 + 37 * (round_ % 7))

    database = open_database(url)
    log = SqlEventLog(database)
    stored = log.after(0, 10_000_000)
    if not database.is_shared:
        with database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.close()

    assert [each.position for each in stored] == list(range(1, len(stored) + 1))
    for name, count in acknowledged.items():
        numbers = [
            int(each.event.event_id.removeprefix(f"{name}-"))
            for each in stored
            if each.event.event_id.startswith(f"{name}-")
        ]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= count > 0
        assert len(numbers) % 2 == 0


def _append_until_killed(url: str, name: str, lines: int) -> int:
    """Kills the writer in the middle of its work; returns the events it acknowledged."""
    command = [sys.executable, "-c", APPEND_FOREVER, url, name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline()
        time.sleep(0.001 * (lines % 5))  # somewhere else in its transaction each time
        process.kill()
        rest = process.stdout.read().splitlines()
    whole = [line for line in rest if len(line.split()) == 2]
    return int(whole[-1].split()[0]) if whole else 2 * lines

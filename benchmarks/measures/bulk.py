"""A million events into the event log, and out of it."""

import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.datasets import write_events
from benchmarks.postgresql import postgresql_url
from benchmarks.result import Result, Table, cell
from benchmarks.server import NotAvailable, command

EVENTS = 1_000_000
COLUMNS = ("", "import, events/s", "export, events/s")


def run(bench: Bench) -> Result:
    """The commands as a user runs them, their start included; once, for they take a minute."""
    result = Result("import and export")
    count = EVENTS // 100 if bench.quick else EVENTS
    file = write_events(bench.folder / "datasets" / f"bulk-{count}.csv", count)
    rows = []
    with ExitStack() as stack:
        urls = {"SQLite": f"sqlite:///{bench.folder / 'bulk.db'}"}
        try:
            urls["PostgreSQL"] = stack.enter_context(postgresql_url())
        except NotAvailable as reason:
            result.notes.append(f"PostgreSQL: not available here ({reason})")
        for name, url in urls.items():
            out = bench.folder / f"exported-{name}"
            rates = {
                "import": count / _seconds("import", file, "--events", url),
                "export": count / _seconds("export", "--events", url, out),
            }
            figures = [
                result.add(f"{name}, {what}", "events/s", [rate], lower_is_better=False)
                for what, rate in rates.items()
            ]
            rows.append((name, *map(cell, figures)))
    result.tables.append(Table(COLUMNS, rows))
    result.notes.append(f"{count:,} events, averaged over the whole command")
    return result


def _seconds(*words: str | Path) -> float:
    start = time.perf_counter()
    command("recserve-server", *words)
    return time.perf_counter() - start

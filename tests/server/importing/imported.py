"""Dataset files, and what an import made of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recserve.server.catalogue import SqlCatalogue
from recserve.server.database import open_database
from recserve.server.event_log import SqlEventLog
from recserve.server.events import Event
from recserve.server.importing import ImportReport

CANONICAL = """user_id,item_id,event_type,value,timestamp
ann,tea,click,,1000
bob,007,purchase,2.5,2001-09-09T01:46:40Z
ann,NA,click,,1000000000123
"""


def write(folder: Path, **files: str) -> Path:
    """Writes files; `items_csv` becomes `items.csv`."""
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return folder


def stored_events(url: str) -> list[Event]:
    with storage(url) as (log, _):
        return [each.event for each in log.after(0, 1_000_000)]


@contextmanager
def storage(url: str) -> Iterator[tuple[SqlEventLog, SqlCatalogue]]:
    database = open_database(url)
    yield SqlEventLog(database), SqlCatalogue(database)
    database.close()


def left_out(report: ImportReport) -> dict[str, int]:
    assert report.left_out.keys() == report.examples.keys()
    return report.left_out

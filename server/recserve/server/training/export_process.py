"""The main program of an export: `python -m recserve.server.training.export_process FD JSON`.

Threads: `main` writes the dataset; `control` listens to the supervisor, and ends the process with
it.
"""

import gc
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from recserve.server import logs
from recserve.server.control import ChildControl
from recserve.server.database import open_database
from recserve.server.errors import RecserveServerError
from recserve.server.event_log import SqlEventLog
from recserve.server.priority import lower_priority
from recserve.server.pseudonyms import pseudonyms_of
from recserve.server.schema import schema_from_json
from recserve.server.training.export import Exported, OnProgress, export_dataset

SECONDS_BETWEEN_REPORTS = 0.2


def main() -> int:
    """Write the dataset; tell the supervisor what is in it, or what went wrong."""
    lower_priority()
    gc.disable()  # rows hold no cycles, and looking for some takes 40 % of the time
    argument = json.loads(sys.argv[2])
    logs.configure(process="export", level=argument["log_level"], log_format=argument["log_format"])
    control = ChildControl(int(sys.argv[1]), lambda _message: None)
    control.start()
    try:
        exported = _export(argument, _reporter(control))
    except RecserveServerError as error:
        return _fail(control, argument, error.message)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        return _fail(control, argument, f"cannot write the export to {argument['folder']}: {why}")
    except Exception as error:
        logs.get("export").exception("export failed")
        return _fail(control, argument, f"{type(error).__name__}: {error}")
    found = {"log_position": exported.log_position, "event_count": exported.event_count}
    control.send(exported=found)
    return 0


def _export(argument: dict[str, Any], on_progress: OnProgress) -> Exported:
    database = open_database(argument["events"], must_exist=True)
    try:
        return export_dataset(
            database,
            Path(argument["folder"]),
            schema=schema_from_json(argument["schema"]),
            since=argument["since"],
            until=argument["until"],
            keep_event_types=argument["keep_event_types"],
            on_progress=on_progress,
            pseudonyms=pseudonyms_of(SqlEventLog(database)),
        )
    finally:
        database.close()


def _reporter(control: ChildControl) -> OnProgress:
    """Tells the supervisor how far the export is, a few times a second."""
    told = 0.0

    def report(done: int, most: int) -> None:
        nonlocal told
        if time.monotonic() - told >= SECONDS_BETWEEN_REPORTS or done == most:
            told = time.monotonic()
            control.send(progress={"stage": "export", "step": done, "max_steps": most})

    report(0, 0)
    return report


def _fail(control: ChildControl, argument: dict[str, Any], error: str) -> int:
    shutil.rmtree(argument["folder"], ignore_errors=True)
    control.send(error=error)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The data stages in a process of their own: `python -m benchmarks.data_stages FILE`.

Prints JSON: the seconds of reading and cleaning, and of splitting and checking, the peak of the
memory in MiB, and the rows kept.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.peak_memory import peak_mib

from recserve.trainer import dataset, schema_file
from recserve.trainer.checks import examine
from recserve.trainer.cleaning import clean
from recserve.trainer.split import split

SCHEMA = """
[[event_types]]
name = "view"
[[event_types]]
name = "cart"
[[event_types]]
name = "rating"
positive_at_least = 3.0
"""
HOLDOUT_SHARE = 0.2
SEED = 42


def main(file: Path) -> None:
    """Run the stages once."""
    schema = schema_file.parse(SCHEMA)
    began = time.perf_counter()
    cleaned = clean(dataset.read(dataset.locate(file, schema.source)), schema, time.time())
    cleaned_at = time.perf_counter()
    tables = cleaned.tables
    parts = split(tables.events, HOLDOUT_SHARE, clock=True, ordered=True, seed=SEED)
    examine(
        tables,
        parts.holdout,
        cleaned.report,
        schema,
        base=None,
        allowed=frozenset(),
        now=time.time(),
        seed=SEED,
    )
    found = {
        "clean_s": cleaned_at - began,
        "check_s": time.perf_counter() - cleaned_at,
        "peak_mib": peak_mib(),
        "rows_kept": cleaned.report.rows_kept,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

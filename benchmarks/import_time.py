"""How long importing the SDK takes, beside `import grpc`, which every gRPC client pays.

Each import runs in a fresh process, and they alternate, so that whatever else the machine does
weighs on all. `import recserve.client` by itself is lazy, so what a program really pays is
measured too: the import of `Client`. Run `python -m benchmarks.import_time`; it fails if either
is above the ceiling.
"""

import statistics
import subprocess
import sys
from functools import partial

from benchmarks.bench import Bench
from benchmarks.result import Result, Table, cell
from benchmarks.rounds import interleaved, ratios

ROUNDS = 15
CEILING = 1.5
"""Most that the SDK may cost, as a multiple of grpc alone."""

FLOOR = "import grpc"
MEASURED = ("import recserve.client", "from recserve.client import Client")
PROGRAM = """
import time
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""


def import_seconds(statement: str) -> float:
    """Run an import in a fresh process; the start of the interpreter does not count."""
    command = [sys.executable, "-c", PROGRAM.format(statement=statement)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def median_seconds(statements: tuple[str, ...]) -> dict[str, float]:
    """Measure each import once a round; the first round only fills the disk cache."""
    rounds = [[import_seconds(each) for each in statements] for _ in range(ROUNDS + 1)][1:]
    columns = zip(*rounds, strict=True)
    return dict(zip(statements, map(statistics.median, columns), strict=True))


def run(bench: Bench) -> Result:
    """Ratio = import / `import grpc`."""
    result = Result("import of the SDK in a fresh process")
    statements = (FLOOR, *MEASURED)
    found = interleaved({each: partial(import_seconds, each) for each in statements}, bench.rounds)
    rows = []
    for statement, seconds in found.items():
        time = result.add(f"{statement}", "ms", [value * 1000 for value in seconds])
        values = ratios(seconds, found[FLOOR])
        ratio = result.add(f"{statement} / {FLOOR}", "", values) if statement != FLOOR else None
        rows.append((f"`{statement}`", cell(time), cell(ratio)))
    result.tables.append(Table(("", "ms", f"/ {FLOOR}"), rows))
    return result


def main() -> int:
    """Print the medians and their ratios to the floor; 1 if one is above the ceiling."""
    seconds = median_seconds((FLOOR, *MEASURED))
    ratios = {statement: value / seconds[FLOOR] for statement, value in seconds.items()}
    print(f"median of {ROUNDS} fresh processes each; at most {CEILING}")
    for statement, ratio in ratios.items():
        print(f"{statement:<36}{seconds[statement] * 1000:7.1f} ms{ratio:7.2f}")
    return 0 if max(ratios.values()) <= CEILING else 1


if __name__ == "__main__":
    raise SystemExit(main())

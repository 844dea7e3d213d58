"""What reading, cleaning and checking cost as the events grow."""

from benchmarks.bench import Bench
from benchmarks.datasets import write_events
from benchmarks.result import Chart, Result, Table, cell
from benchmarks.server import outcome

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
MOST_ROUNDS_OF_LARGE = 1
LARGE = 1_000_000
COLUMNS = ("events", "read and clean s", "split and check s", "events / s", "peak memory MiB")


def run(bench: Bench) -> Result:
    """Each size in a process of its own; the largest in one round alone."""
    result = Result("the data stages over growing data")
    rows = []
    series: dict[str, list[tuple[int, float]]] = {}
    for size in SIZES[:1] if bench.quick else SIZES:
        file = write_events(bench.folder / "datasets" / f"events-{size}.csv", size)
        rounds = bench.rounds if size < LARGE else MOST_ROUNDS_OF_LARGE
        found = [outcome("benchmarks.data_stages", file) for _ in range(rounds)]
        file.unlink()
        name = f"{size:,} events"
        clean = result.add(f"{name}, read and clean", "s", [each["clean_s"] for each in found])
        check = result.add(f"{name}, split and check", "s", [each["check_s"] for each in found])
        peak = result.add(f"{name}, peak memory", "MiB", [each["peak_mib"] for each in found])
        rate = result.add(
            f"{name}, rate",
            "1/s",
            [size / (each["clean_s"] + each["check_s"]) for each in found],
            lower_is_better=False,
        )
        rows.append((f"{size:,}", *map(cell, (clean, check, rate, peak))))
        for line, value in (("seconds", clean.median + check.median), ("MiB", peak.median)):
            series.setdefault(line, []).append((size, value))
    result.tables.append(Table(COLUMNS, rows))
    result.charts.append(
        Chart("data", result.title, "events", "seconds, MiB", series, logarithmic=True)
    )
    return result

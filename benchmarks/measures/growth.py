"""What a larger catalogue costs, beside the least arithmetic that its size allows."""

from contextlib import ExitStack
from functools import partial

from benchmarks.bench import Bench
from benchmarks.generator import ClosedLoop
from benchmarks.real_call import checked
from benchmarks.result import Chart, Result, Table, cell
from benchmarks.rounds import Samples, interleaved, ratios, sample
from benchmarks.server import floor

SIZES = (1_000, 10_000, 100_000)
CALLS = 300
COLUMNS = ("items", "p50 ms", "p99 ms", "CPU µs", "floor p50 ms", "SavedModel p50 ms",
           "arithmetic p50 ms", "p50 / (floor + arithmetic)")  # fmt: skip


def run(bench: Bench) -> Result:
    """Ratio = p50 of the product / (p50 of the floor + p50 of the arithmetic)."""
    result = Result("one Recommend over growing catalogues, one in flight")
    sizes = SIZES[:1] if bench.quick else SIZES
    catalogues = {size: bench.synthetic(size) for size in sizes}  # before anything runs beside it
    load = ClosedLoop(1, bench.calls(CALLS))
    series: dict[str, list[tuple[int, float]]] = {}
    rows = []
    with ExitStack() as stack:
        measurements = {}
        for size, prepared in catalogues.items():
            server, transport = stack.enter_context(bench.fastest_product(prepared))
            stack.enter_context(checked([(server, prepared.call)]))
            model = stack.enter_context(bench.bare_model(prepared))
            measurements[f"{size} recserve"] = partial(sample, server, prepared.call, load)
            for what in ("recommend", "arithmetic"):
                call = partial(model.measure, what, 1, load.calls)
                measurements[f"{size} {what}"] = call
        empty = stack.enter_context(floor(transport))
        measurements["floor"] = partial(sample, empty, prepared.call, load)
        found = interleaved(measurements, bench.rounds)
    floor_p50 = result.add("floor, p50", "ms", Samples.of(found["floor"]).p50_ms)
    for size in sizes:
        samples = Samples.of(found[f"{size} recserve"])
        name = f"{size:,} items"
        p50 = result.add(f"{name}, p50", "ms", samples.p50_ms)
        p99 = result.add(f"{name}, p99", "ms", samples.p99_ms)
        cpu = result.add(f"{name}, CPU", "µs", samples.cpu_us)
        alone = {
            what: [each["p50_ms"] for each in found[f"{size} {what}"]]
            for what in ("recommend", "arithmetic")
        }
        model = result.add(f"{name}, SavedModel p50", "ms", alone["recommend"])
        least = result.add(f"{name}, arithmetic p50", "ms", alone["arithmetic"])
        floors = [sum(pair) for pair in zip(floor_p50.rounds, least.rounds, strict=True)]
        ratio = result.add(f"{name}, p50 / (floor + arithmetic)", "", ratios(p50.rounds, floors))
        rows.append((f"{size:,}", *map(cell, (p50, p99, cpu, floor_p50, model, least, ratio))))
        for line, value in (
            ("recserve", p50.median),
            ("empty handler + SavedModel", floor_p50.median + model.median),
            ("empty handler + arithmetic", floor_p50.median + least.median),
        ):
            series.setdefault(line, []).append((size, value))
    result.notes.append(f"transport: {transport}")
    result.tables.append(Table(COLUMNS, rows))
    result.charts.append(
        Chart("growth", result.title, "items", "p50, milliseconds", series, logarithmic=True)
    )
    return result

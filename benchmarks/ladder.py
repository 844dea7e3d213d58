"""Closed loops of growing concurrency on several servers, as one table and one chart."""

from collections.abc import Mapping
from functools import partial

from benchmarks.bench import Bench
from benchmarks.call import Call
from benchmarks.generator import ClosedLoop
from benchmarks.result import Chart, Result, Table, cell
from benchmarks.rounds import Samples, interleaved, ratios, sample
from benchmarks.server import Server

COLUMNS = ("", "in flight", "calls/s", "p50 ms", "p99 ms", "CPU µs per call", "rate / {base}")


def climb(
    bench: Bench,
    result: Result,
    chart: str,
    calls: Mapping[str, tuple[Server, Call]],
    steps: Mapping[int, int],
    base: str,
) -> None:
    """Measure and add to the result.

    Args:
        bench: The run.
        result: Takes figures, a table and a chart.
        chart: Name of the chart.
        calls: What is called, by the name that it gets.
        steps: Calls of one round at each concurrency.
        base: Whose rate the others' is a ratio of.
    """
    rows = []
    series: dict[str, list[tuple[int, float]]] = {name: [] for name in calls}
    for in_flight, count in steps.items():
        load = ClosedLoop(in_flight, bench.calls(count))
        loads = {name: partial(sample, *pair, load) for name, pair in calls.items()}
        found = interleaved(loads, bench.rounds)
        samples = {name: Samples.of(rounds) for name, rounds in found.items()}
        for name, each in samples.items():
            what = f"{name}, {in_flight} in flight"
            rate = result.add(f"{what}, rate", "calls/s", each.rate, lower_is_better=False)
            cells = [
                rate,
                result.add(f"{what}, p50", "ms", each.p50_ms),
                result.add(f"{what}, p99", "ms", each.p99_ms),
                result.add(f"{what}, CPU", "µs", each.cpu_us),
            ]
            ratio = None
            if name != base and base in samples:
                values = ratios(each.rate, samples[base].rate)
                ratio = result.add(f"{what}, rate / {base}", "", values, lower_is_better=False)
            rows.append((name, str(in_flight), *map(cell, (*cells, ratio))))
            series[name].append((in_flight, rate.median))
    columns = (*COLUMNS[:-1], COLUMNS[-1].format(base=base))
    result.tables.append(Table(columns, rows))
    result.charts.append(
        Chart(chart, result.title, "calls in flight", "calls/s", series, logarithmic=True)
    )

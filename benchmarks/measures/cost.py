"""Processor time of one Recommend, beside an empty handler and the bare model."""

from contextlib import ExitStack
from functools import partial

from benchmarks.bench import TRANSPORTS, Bench, where_available
from benchmarks.generator import ClosedLoop
from benchmarks.real_call import checked
from benchmarks.result import Chart, Result, Table, cell
from benchmarks.rounds import Samples, interleaved, ratios, sample
from benchmarks.server import Server, floor

IN_FLIGHT, CALLS = 64, 4000
FLOOR_CALLS = 16_000
"""More, because the kernel counts processor time in ticks of 10 ms."""

BATCH, BATCHES = 64, 40


def run(bench: Bench) -> Result:
    """Ratio = product / (floor of its transport + bare model)."""
    result = Result(f"processor time of one Recommend, {IN_FLIGHT} in flight")
    with ExitStack() as stack:
        starts = {
            f"recserve, {t}": bench.product(bench.movielens, "--transport", t) for t in TRANSPORTS
        }
        starts |= {f"empty handler, {t}": floor(t) for t in TRANSPORTS}
        servers = where_available(stack, result.notes, starts)
        model = stack.enter_context(bench.bare_model(bench.movielens))
        call = bench.movielens.call
        stack.enter_context(checked((server, call) for server in servers.values()))
        loads = {
            name: partial(sample, server, call, ClosedLoop(IN_FLIGHT, _calls(bench, server)))
            for name, server in servers.items()
        }
        batches = partial(model.measure, "recommend", BATCH, bench.calls(BATCHES))
        found = interleaved(loads | {"model": batches}, bench.rounds)
    model_us = [each["cpu_us"] for each in found.pop("model")]
    rows = []
    for name, rounds in found.items():
        samples = Samples.of(rounds)
        cpu = result.add(f"{name}, CPU", "µs", samples.cpu_us)
        rate = result.add(f"{name}, rate", "calls/s", samples.rate, lower_is_better=False)
        p99 = result.add(f"{name}, p99", "ms", samples.p99_ms)
        ratio = None
        if (base := found.get(name.replace("recserve", "empty handler"))) and base is not rounds:
            floors = [sum(pair) for pair in zip(Samples.of(base).cpu_us, model_us, strict=True)]
            ratio = result.add(f"{name}, CPU / (floor + model)", "", ratios(samples.cpu_us, floors))
        rows.append((name, *map(cell, (cpu, rate, p99, ratio))))
    cpu = result.add(f"bare model, batch {BATCH}, CPU of a user", "µs", model_us)
    rows.append((f"bare model, batch {BATCH}, for a user", cell(cpu), "-", "-", "-"))
    columns = ("", "CPU µs per call", "calls/s", "p99 ms", "CPU / (floor + model)")
    result.tables.append(Table(columns, rows))
    bars = [(f.name.removesuffix(", CPU"), f.median) for f in result.figures if f.unit == "µs"]
    bars = [(name.replace(", ", "\n", 1), value) for name, value in bars]
    result.charts.append(
        Chart("cost", result.title, "", "CPU µs per call", {"all processes of the server": bars})
    )
    return result


def _calls(bench: Bench, server: Server) -> int:
    return bench.calls(CALLS if server.metrics_page else FLOOR_CALLS)

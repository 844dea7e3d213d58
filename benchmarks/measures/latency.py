"""How long one Recommend takes by itself."""

from contextlib import ExitStack
from functools import partial

from benchmarks.bench import TRANSPORTS, Bench, where_available
from benchmarks.generator import ClosedLoop
from benchmarks.real_call import checked
from benchmarks.result import Chart, Result, Table, cell
from benchmarks.rounds import Samples, interleaved, ratios, sample
from benchmarks.server import floor

CALLS = 1000


def run(bench: Bench) -> Result:
    """Ratio = p50 of the product / (p50 of the floor of its transport + p50 of the model)."""
    result = Result("duration of one Recommend, one in flight")
    with ExitStack() as stack:
        starts = {
            f"recserve, {t}": bench.product(bench.movielens, "--transport", t) for t in TRANSPORTS
        }
        starts |= {f"empty handler, {t}": floor(t) for t in TRANSPORTS}
        servers = where_available(stack, result.notes, starts)
        model = stack.enter_context(bench.bare_model(bench.movielens))
        load, call = ClosedLoop(1, bench.calls(CALLS)), bench.movielens.call
        stack.enter_context(checked((server, call) for server in servers.values()))
        loads = {name: partial(sample, server, call, load) for name, server in servers.items()}
        alone = partial(model.measure, "recommend", 1, bench.calls(CALLS))
        found = interleaved(loads | {"model": alone}, bench.rounds)
    models = found.pop("model")
    model_ms = [each["p50_ms"] for each in models]
    rows = []
    for name, rounds in found.items():
        samples = Samples.of(rounds)
        p50 = result.add(f"{name}, p50", "ms", samples.p50_ms)
        p99 = result.add(f"{name}, p99", "ms", samples.p99_ms)
        ratio = None
        if (base := found.get(name.replace("recserve", "empty handler"))) and base is not rounds:
            floors = [sum(pair) for pair in zip(Samples.of(base).p50_ms, model_ms, strict=True)]
            ratio = result.add(f"{name}, p50 / (floor + model)", "", ratios(samples.p50_ms, floors))
        rows.append((name, *map(cell, (p50, p99, ratio))))
    p50 = result.add("bare model, batch 1, p50", "ms", model_ms)
    p99 = result.add("bare model, batch 1, p99", "ms", [each["p99_ms"] for each in models])
    rows.append(("bare model, batch 1", cell(p50), cell(p99), "-"))
    result.tables.append(Table(("", "p50 ms", "p99 ms", "p50 / (floor + model)"), rows))
    series = {
        share: [
            (figure.name.removesuffix(f", {share}").replace(", ", "\n", 1), figure.median)
            for figure in result.figures
            if figure.name.endswith(f", {share}")
        ]
        for share in ("p50", "p99")
    }
    result.charts.append(Chart("latency", result.title, "", "milliseconds", series))
    return result

"""How long calls take while the server trains on the same machine."""

import time
from contextlib import ExitStack

from benchmarks.answers import milliseconds
from benchmarks.bench import Bench
from benchmarks.generator import LoadFailed, open_loop
from benchmarks.real_call import checked
from benchmarks.result import Chart, Result, Table, cell
from benchmarks.rounds import capacity_of, ratios
from benchmarks.window import Window

from recserve.client import Client, RecserveError

LOAD_SHARE = 0.5
STEADY_SECONDS = 10.0
TRAINING_PATIENCE_SECONDS = 1200.0
EPOCHS = 3
SHARES = {"p50": 0.5, "p99": 0.99}


def run(bench: Bench) -> Result:
    """Ratio = while a training from the event log runs / in the seconds before it."""
    result = Result("Recommend at half of capacity while the server trains")
    with ExitStack() as stack:
        server, transport = stack.enter_context(bench.fastest_product(bench.movielens))
        call = bench.movielens.call
        stack.enter_context(checked([(server, call)]))
        capacity = capacity_of(server, call)
        client = stack.enter_context(Client(server.address))
        before = server.counters("Recommend")
        with open_loop(server.address, call, LOAD_SHARE * capacity) as load:
            pairs = [_before_and_during(client, bench) for _ in range(bench.rounds)]
            counted = server.counters("Recommend").since(before)
            answers = load.answers()
    steady, training = zip(*pairs, strict=True)
    shown = [
        result.add("capacity, 64 in flight", "calls/s", [capacity], lower_is_better=False),
        result.add("a training, export to version", "s", [each.seconds for each in training]),
    ]
    lines = {}
    for name, share in SHARES.items():
        alone, meanwhile = (
            [milliseconds(each.touched(answers), share) for each in windows]
            for windows in (steady, training)
        )
        shown += [
            result.add(f"{name} steady", "ms", alone),
            result.add(f"{name} while it trains", "ms", meanwhile),
            result.add(f"{name} while it trains / steady", "", ratios(meanwhile, alone)),
        ]
        lines[f"{name}, steady"] = list(enumerate(alone, 1))
        lines[f"{name}, while it trains"] = list(enumerate(meanwhile, 1))
    broken = sum(answer.status != 200 for answer in answers)
    shown += [
        result.add("failed calls", "", [counted.failed + broken]),
        result.add("answers that were fallbacks", "", [counted.fallbacks]),
    ]
    rows = [(figure.name, figure.unit or "-", cell(figure)) for figure in shown]
    result.tables.append(Table(("", "unit", "median"), rows))
    result.charts.append(Chart("training-load", result.title, "training", "milliseconds", lines))
    result.notes.append(
        f"transport: {transport}; the trainings see all events, {EPOCHS} epochs long"
    )
    return result


def _before_and_during(client: Client, bench: Bench) -> tuple[Window, Window]:
    """Some seconds of load alone, and then a training from its start to its end."""
    rest = time.time()
    time.sleep(STEADY_SECONDS / (5 if bench.quick else 1))
    begin = time.time()
    epochs = {"max_epochs": 1 if bench.quick else EPOCHS}
    try:
        run = client.train(promotion="never", hyper_parameters=epochs)
        run.result(timeout=TRAINING_PATIENCE_SECONDS)
    except RecserveError as error:
        raise LoadFailed(f"the training failed: {error}") from error
    return Window(rest, begin), Window(begin, time.time())

"""Calls while the stable label moves between two versions, again and again."""

import time
from contextlib import ExitStack
from dataclasses import replace
from shutil import copytree

from benchmarks import processor_time
from benchmarks.answers import Answer, milliseconds
from benchmarks.bench import Bench, Prepared, fit
from benchmarks.generator import open_loop
from benchmarks.places import MOVIELENS
from benchmarks.real_call import checked
from benchmarks.result import Chart, Result, Table, cell
from benchmarks.rounds import capacity_of
from benchmarks.server import Server
from benchmarks.window import Window

from recserve.client import Client, ModelVersionState

SWAPS, EARLY_SWAP = 20, 5
STEADY_SECONDS = 2.0
SPARE_SECONDS = 8.0
"""Before the memory is looked at, so that there is a spare engine each time."""
DRAIN_PATIENCE_SECONDS = 60.0


def run(bench: Bench) -> Result:
    """Ratio = p99 while a swap is under way / p99 between swaps."""
    swaps = 2 if bench.quick else SWAPS
    early = min(EARLY_SWAP, swaps // 2)
    result = Result(f"{swaps} swaps under load at half of capacity")
    with ExitStack() as stack:
        twice = _with_second_version(bench)
        server, transport = stack.enter_context(bench.fastest_product(twice))
        result.notes.append(f"transport: {transport}")
        stack.enter_context(checked([(server, twice.call)]))
        capacity = capacity_of(server, twice.call)
        client = stack.enter_context(Client(server.address))
        before = server.counters("Recommend")
        with open_loop(server.address, twice.call, capacity / 2) as steady_load:
            time.sleep(STEADY_SECONDS)
            windows, steady, memory = _swap_all(server, client, swaps, early)
            counted = server.counters("Recommend").since(before)
            answers = steady_load.answers()
    broken = sum(answer.status != 200 for answer in answers)
    ended = ", ".join(f"{code} {count:,}" for code, count in sorted(counted.handled.items()))
    result.notes.append(f"how calls ended, by the server's count: {ended}")
    if broken:
        result.notes.append(f"streams that broke: {broken}")
    failed = result.add("failed calls", "", [counted.failed + broken])
    fallbacks = result.add("answers that were fallbacks", "", [counted.fallbacks])
    between = _p99(result, "p99 between swaps", steady, answers)
    during = _p99(result, "p99 during swaps", windows, answers)
    ratio = result.add("p99 during / between", "", [during.median / between.median])
    duration = result.add("load to end of drain", "s", [window.seconds for window in windows])
    after_early = result.add(f"memory after swap {early}", "MiB", [memory[early]])
    after_last = result.add(f"memory after swap {swaps}", "MiB", [memory[swaps]])
    calls = result.add("calls", "", [len(answers)], lower_is_better=False)
    shown = (calls, failed, fallbacks, between, during, ratio, duration, after_early, after_last)
    result.tables.append(
        Table(("", "unit", "median"), [(f.name, f.unit or "-", cell(f)) for f in shown])
    )
    numbers = range(1, swaps + 1)
    lines = {
        "during the swap": list(zip(numbers, during.rounds, strict=True)),
        "before it": list(zip(numbers, between.rounds, strict=True)),
    }
    result.charts.append(Chart("swap", result.title, "swap", "p99, milliseconds", lines))
    return result


def _p99(result: Result, name: str, windows: list[Window], answers: list[Answer]):  # type: ignore[no-untyped-def]
    values = [milliseconds(window.touched(answers), 0.99) for window in windows]
    return result.add(name, "ms", values)


def _with_second_version(bench: Bench) -> Prepared:
    first = bench.movielens
    twice = replace(first, folder=bench.kept / "two-versions")
    if not twice.folder.exists():
        bench.say("training the second version")
        copytree(first.folder, twice.folder)
        fit(MOVIELENS, twice.folder / "models", 1)
    return twice


def _swap_all(
    server: Server, client: Client, swaps: int, early: int
) -> tuple[list[Window], list[Window], dict[int, float]]:
    """Windows of the swaps, of steady load before each, and the memory after two of them."""
    windows, steady, memory = [], [], {}
    for number in range(1, swaps + 1):
        to, back = (1, 2) if number % 2 else (2, 1)  # it starts with 2
        rest = time.time()
        time.sleep(STEADY_SECONDS)
        begin = time.time()
        client.set_model_label(to, "stable", timeout=120)
        _wait_until_unloaded(client, back)
        windows.append(Window(begin, time.time()))
        steady.append(Window(rest, begin))
        if number in (early, swaps):
            time.sleep(SPARE_SECONDS)
            memory[number] = processor_time.tree_megabytes(server.pid)
    return windows, steady, memory


def _wait_until_unloaded(client: Client, version: int) -> None:
    deadline = time.monotonic() + DRAIN_PATIENCE_SECONDS
    while client.model(version).state is not ModelVersionState.AVAILABLE:
        if time.monotonic() > deadline:
            raise SystemExit("the old engine did not end")
        time.sleep(0.05)  # another process ends it

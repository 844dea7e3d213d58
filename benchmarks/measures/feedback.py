"""Feedback that is durable before it is acknowledged."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from benchmarks.bare_inserts import (
    per_second_in_postgresql,
    per_second_in_sqlite,
    sync_milliseconds,
)
from benchmarks.bench import TRANSPORTS, Bench
from benchmarks.call import Call, recommender_call
from benchmarks.generator import ClosedLoop
from benchmarks.ladder import climb
from benchmarks.postgresql import postgresql_url
from benchmarks.real_call import checked
from benchmarks.result import Result, Table, cell
from benchmarks.rounds import Samples, interleaved, ratios, sample
from benchmarks.server import NotAvailable, Server, floor

from recserve.v1 import recommender_pb2

CALLS = {1: 600, 8: 2000, 64: 4000}
A_CALL = 100
"""Events of a call, and of a commit of the bare loop."""
BULK_CALLS = 300
BULK_IN_FLIGHT = 8
SYNCS = 200
COLUMNS = ("100 events a call", "bare inserts, events/s", "Feedback, events/s", "ratio", "p99 ms")


def run(bench: Bench) -> Result:
    """Single events beside an empty handler; many events a call beside bare inserts."""
    result = Result("Feedback calls of one event a second")
    _single(bench, result)
    _bulk(bench, result)
    syncs = sorted(sync_milliseconds(bench.folder, bench.calls(SYNCS)))
    half = result.add("fdatasync of the disk, p50", "ms", [syncs[len(syncs) // 2]])
    most = result.add("fdatasync of the disk, p99", "ms", [syncs[int(len(syncs) * 0.99)]])
    result.notes.append(
        f"The disk takes {cell(half)} ms to make a page durable, {cell(most)} ms at the 99th "
        "percentile (fdatasync after a write of 4 KiB)."
    )
    return result


def _single(bench: Bench, result: Result) -> None:
    """Ratio = rate of the product / rate of the empty handler on the same transport."""
    call = _call(1)
    for transport in TRANSPORTS:
        with ExitStack() as stack:
            try:
                start = bench.product(bench.movielens, "--transport", transport)
                server = stack.enter_context(start)
                empty = stack.enter_context(floor(transport))
            except NotAvailable as reason:
                result.notes.append(f"{transport}: not available here ({reason})")
                continue
            base = f"empty handler, {transport}"
            calls = {f"recserve, {transport}": (server, call), base: (empty, call)}
            stack.enter_context(checked(calls.values()))
            climb(bench, result, f"feedback-{transport}", calls, CALLS, base)


def _bulk(bench: Bench, result: Result) -> None:
    """Ratio = events a second through Feedback / events a second of bare inserts."""
    events = bench.calls(BULK_CALLS) * A_CALL
    rows = []
    with ExitStack() as stack:
        bare = partial(per_second_in_sqlite, bench.folder, events, A_CALL)
        server, _ = stack.enter_context(bench.fastest_product(bench.movielens))
        rows.append(_row(bench, result, "SQLite", server, bare))
    try:
        with postgresql_url() as url, bench.product(bench.movielens, "--events", url) as server:
            bare = partial(per_second_in_postgresql, url, events, A_CALL)
            rows.append(_row(bench, result, "PostgreSQL", server, bare))
    except NotAvailable as reason:
        result.notes.append(f"PostgreSQL: not available here ({reason})")
    result.tables.append(Table(COLUMNS, rows))


def _row(
    bench: Bench, result: Result, name: str, server: Server, bare: Callable[[], float]
) -> tuple[str, ...]:
    load = ClosedLoop(BULK_IN_FLIGHT, bench.calls(BULK_CALLS))
    call = _call(A_CALL)
    floors: list[float] = []
    samples = []
    for _ in range(bench.rounds):
        floors += interleaved({"bare": bare}, 1)["bare"]
        samples.append(sample(server, call, load))
    product = Samples.of(samples)
    rates = [rate * A_CALL for rate in product.rate]
    figures = (
        result.add(f"{name}, bare inserts", "events/s", floors, lower_is_better=False),
        result.add(f"{name}, 100 a call", "events/s", rates, lower_is_better=False),
        result.add(f"{name}, 100 a call / bare", "", ratios(rates, floors), lower_is_better=False),
        result.add(f"{name}, 100 a call, p99", "ms", product.p99_ms),
    )
    return (name, *map(cell, figures))


def _call(count: int) -> Call:
    """Feedback of so many events, without ids, so that each call stores others."""
    events = [
        recommender_pb2.Event(
            user_id=f"bench-{number % 50}", item_id="1", event_type="rating", value=4.0
        )
        for number in range(count)
    ]
    return recommender_call("Feedback", recommender_pb2.FeedbackRequest(events=events))

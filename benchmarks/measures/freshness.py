"""How soon what one server acknowledged is in the answers of another."""

import time
from itertools import count

from benchmarks.bench import Bench
from benchmarks.postgresql import postgresql_url
from benchmarks.result import Result, Table, cell
from benchmarks.server import NotAvailable

from recserve.client import Client

EVENTS = 300
COLUMNS = ("from the acknowledgement to the other server's answer", "p50 ms", "p99 ms")


def run(bench: Bench) -> Result:
    """Two servers on one PostgreSQL; nobody asks for a position, so that the news travels alone."""
    result = Result("freshness on another server")
    try:
        with (
            postgresql_url() as url,
            bench.product(bench.movielens, "--events", url) as one,
            bench.product(bench.movielens, "--events", url) as other,
            Client(one.address) as here,
            Client(other.address) as there,
        ):
            numbers = count()
            rounds = [
                sorted(_delay(here, there, next(numbers)) for _ in range(bench.calls(EVENTS)))
                for _ in range(bench.rounds)
            ]
    except NotAvailable as reason:
        result.notes.append(f"PostgreSQL: not available here ({reason})")
        return result
    half = result.add("p50", "ms", [each[len(each) // 2] for each in rounds])
    most = result.add("p99", "ms", [each[int(len(each) * 0.99)] for each in rounds])
    result.tables.append(Table(COLUMNS, [("two servers, PostgreSQL", cell(half), cell(most))]))
    return result


def _delay(here: Client, there: Client, number: int) -> float:
    """Milliseconds until an event is reflected, to within one call of the other server."""
    there.recommend("fresh", min_log_position=0)  # so that the user is in its memory
    position = here.feedback("fresh", f"item-{number}", "rating", value=4.0).log_position
    start = time.perf_counter()
    while there.recommend("fresh", min_log_position=0).log_position < position:
        pass
    return (time.perf_counter() - start) * 1000

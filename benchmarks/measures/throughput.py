"""Calls a second at growing concurrency."""

from contextlib import ExitStack

from benchmarks.bench import TRANSPORTS, Bench, where_available
from benchmarks.ladder import climb
from benchmarks.real_call import checked
from benchmarks.result import Result
from benchmarks.server import floor

CALLS = {1: 600, 8: 2000, 64: 4000}


def run(bench: Bench) -> Result:
    """Ratio = rate of the product / rate of the empty grpc.aio handler."""
    result = Result("Recommend calls a second")
    base = "empty handler, grpcio"
    with ExitStack() as stack:
        starts = {
            f"recserve, {t}": bench.product(bench.movielens, "--transport", t) for t in TRANSPORTS
        }
        servers = where_available(stack, result.notes, starts | {base: floor("grpcio")})
        calls = {name: (server, bench.movielens.call) for name, server in servers.items()}
        stack.enter_context(checked(calls.values()))
        climb(bench, result, "throughput", calls, CALLS, base)
    return result

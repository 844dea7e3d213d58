"""Feedback that is durable before it is acknowledged, beside an empty handler."""

from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.call import recommender_call
from benchmarks.ladder import climb
from benchmarks.real_call import checked
from benchmarks.result import Result
from benchmarks.server import floor

from recserve.v1 import recommender_pb2

CALLS = {1: 600, 8: 2000, 64: 4000}


def run(bench: Bench) -> Result:
    """Ratio = rate of the product / rate of the empty handler on the same transport."""
    result = Result("Feedback calls of one event a second")
    event = recommender_pb2.Event(  # without an event_id, so that each call stores another
        user_id="bench", item_id="1", event_type="rating", value=4.0
    )
    call = recommender_call("Feedback", recommender_pb2.FeedbackRequest(events=[event]))
    with ExitStack() as stack:
        server, transport = stack.enter_context(bench.fastest_product(bench.movielens))
        base = f"empty handler, {transport}"
        empty = stack.enter_context(floor(transport))
        calls = {f"recserve, {transport}": (server, call), base: (empty, call)}
        stack.enter_context(checked(calls.values()))
        climb(bench, result, "feedback", calls, CALLS, base)
    return result

"""Other servers at the same work: a hundred candidates of ten features each through an MLP."""

import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random

from benchmarks.bench import Bench, Prepared, fit, where_available
from benchmarks.call import Call, recommender_call
from benchmarks.datasets import write_pairs
from benchmarks.generator import LoadFailed
from benchmarks.ladder import climb
from benchmarks.peers.scorer import CANDIDATES, FEATURES
from benchmarks.peers.start import PEERS_BY_NAME, SCORES_BYTES, scores_of, serving
from benchmarks.real_call import checked
from benchmarks.result import Result
from benchmarks.server import Server, command

from recserve.v1 import recommender_pb2

CALLS = {1: 600, 8: 2000, 64: 4000}


def run(bench: Bench) -> Result:
    """Ratio = rate of a server / rate of recserve."""
    result = Result(f"scoring {CANDIDATES} candidates through 10 → 100 → 50 → 1")
    chance = Random(3)  # noqa: S311  # numbers to score, no secret
    numbers = [chance.gauss(0, 1) for _ in range(CANDIDATES * FEATURES)]
    features = struct.pack(f"<{len(numbers)}f", *numbers)
    with ExitStack() as stack:
        own, transport = stack.enter_context(bench.fastest_product(_pointwise(bench)))
        base = f"recserve, {transport}"
        calls = {base: (own, _recommend(features))}
        stack.enter_context(checked(calls.values()))
        starts = {
            name: serving(peer, peer.call(features), bench.folder / f"{name}.log")
            for name, peer in PEERS_BY_NAME.items()
        }
        for name, server in where_available(stack, result.notes, starts).items():
            calls[name] = (server, PEERS_BY_NAME[name].call(features))
            stack.enter_context(_scores_checked(*calls[name]))
        climb(bench, result, "peers", calls, CALLS, base)
    result.notes.append(
        "recserve runs a trained TensorFlow model, and answers over gRPC with a hundred ranked "
        "items; the others run NumPy, and answer over HTTP/1.1 with a hundred scores"
    )
    return result


def _pointwise(bench: Bench) -> Prepared:
    prepared = Prepared(bench.kept / "pairs")
    if not prepared.version.exists():
        bench.say("training pairs")
        prepared.folder.mkdir(parents=True, exist_ok=True)
        dataset = write_pairs(prepared.folder / "user_data.csv")
        command("recserve-trainer", "inspect", dataset, "--write")
        options = ("--family", "pointwise", "--hidden-layers", "100,50")
        fit(dataset, prepared.folder / "models", 1, *options)
    return prepared


def _recommend(features: bytes) -> Call:
    request = recommender_pb2.RecommendRequest(
        user_id="user-1",
        num_results=CANDIDATES,
        candidate_item_ids=[f"item-{number}" for number in range(CANDIDATES)],
        candidate_features=features,
    )
    return recommender_call("Recommend", request)


@contextmanager
def _scores_checked(server: Server, call: Call) -> Iterator[None]:
    yield
    if len(scores_of(server, call)) != SCORES_BYTES:
        raise LoadFailed(f"{call.path} no longer answers")

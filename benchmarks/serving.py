"""Recommend and Feedback of a real server beside an empty handler, in one run.

`python -m benchmarks.serving` trains a quick model on the bundled MovieLens sample, imports its
events, starts the real server, and alternates rounds of load between it and the floor.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.load import Sample, measure
from rich.console import Console
from rich.table import Table

from recserve.v1 import recommender_pb2

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
DATASET = ROOT / "examples" / "movielens"
RESULTS = ROOT / "benchmarks" / "results" / "serving.json"
ROUNDS = 5
CALLS = {1: 600, 8: 2000, 64: 4000}
USERS = 600


def main() -> None:
    """Measure, print a table, write JSON."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _floor() as floor,
        _server(Path(folder)) as product,
    ):
        rows = [
            row
            for method, request in (("Recommend", _recommend), ("Feedback", _feedback))
            for row in _compare(method, request, floor, product)
        ]
    _print(rows)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")


def _recommend(number: int) -> recommender_pb2.RecommendRequest:
    return recommender_pb2.RecommendRequest(user_id=str(1 + number % USERS), num_results=10)


def _feedback(number: int) -> recommender_pb2.FeedbackRequest:
    event = recommender_pb2.Event(
        event_id=str(uuid.uuid4()),
        user_id=f"bench-{number % USERS}",
        item_id=str(1 + number % 1000),
        event_type="rating",
        value=4.0,
    )
    return recommender_pb2.FeedbackRequest(events=[event])


def _compare(
    method: str, request: Callable[[int], Any], floor: str, product: str
) -> Iterator[dict[str, Any]]:
    for in_flight, calls in CALLS.items():
        samples: dict[str, list[Sample]] = {"floor": [], "product": []}
        for _ in range(ROUNDS):  # in turn, so that both see the same noise
            samples["floor"].append(measure(floor, method, request, in_flight, calls))
            samples["product"].append(measure(product, method, request, in_flight, calls))
        middle = {name: _median(rounds) for name, rounds in samples.items()}
        yield {
            "method": method,
            "in_flight": in_flight,
            **{name: asdict(sample) for name, sample in middle.items()},
            "rate_ratio": middle["product"].rate / middle["floor"].rate,
        }


def _median(rounds: list[Sample]) -> Sample:
    fields = zip(*(asdict(sample).values() for sample in rounds), strict=True)
    return Sample(*map(statistics.median, fields))


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(title=f"medians of {ROUNDS} interleaved rounds; load from the same machine")
    columns = ("method", "in flight", "floor calls/s", "calls/s", "ratio")
    for name in (*columns, "floor p50 ms", "p50 ms", "floor p99 ms", "p99 ms"):
        table.add_column(name, justify="left" if name == "method" else "right")
    for row in rows:
        floor, product = row["floor"], row["product"]
        times = [x[k] for k in ("median_ms", "p99_ms") for x in (floor, product)]
        table.add_row(
            row["method"],
            str(row["in_flight"]),
            f"{floor['rate']:.0f}",
            f"{product['rate']:.0f}",
            f"{row['rate_ratio']:.2f}",
            *(f"{ms:.2f}" for ms in times),
        )
    Console(width=120).print(table)


@contextmanager
def _floor() -> Iterator[str]:
    words = [sys.executable, "-m", "benchmarks.floor_server"]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate(timeout=30)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    store, events = folder / "models", f"sqlite:///{folder / 'recserve.db'}"
    _run("recserve-trainer", "fit", DATASET, "--store", store, "--max-epochs", 2)
    _run("recserve-server", "import", DATASET, "--events", events)
    words = [BIN / "recserve-server", "serve", "--store", store, "--events", events]
    words += ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log-format", "json"]
    log = folder / "server.log"
    with log.open("w") as errors:
        process = subprocess.Popen([str(word) for word in words], stderr=errors)
    try:
        address = _listening(log)
        _run(
            "recserve", "--server", address, "status", "--wait", 120, "--service", "recserve.model"
        )
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


def _listening(log: Path) -> str:
    for _ in range(600):
        for line in log.read_text().splitlines():
            if line.startswith("{") and (fields := json.loads(line))["event"] == "listening":
                return str(fields["address"])
        time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def _run(command: str, *arguments: object) -> None:
    subprocess.run([str(BIN / command), *map(str, arguments)], check=True)


if __name__ == "__main__":
    main()

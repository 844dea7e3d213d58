"""The whole loop on MovieLens: clean, train, serve, recommend, take feedback, train again, swap.

`make demo` runs this. It uses the three commands as a user would, and the Python SDK; what it
makes goes to `.demo/`, and no process outlives it.
"""

import csv
import json
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from recserve.client import Answer, Client, Event, RecserveError

ROOT = Path(__file__).resolve().parent.parent
DATASET = ROOT / "examples" / "movielens"
WORK = ROOT / ".demo"
STORE = WORK / "models"
EVENTS = f"sqlite:///{WORK / 'recserve.db'}"
SERVER_LOG = WORK / "server.log"
BIN = Path(sys.executable).parent
USER = "414"
CALLS = 300
SECONDS_BETWEEN_CALLS = 0.02
SECONDS_AFTER_SWAP = 3.0
PHASES = ("version 2 is trained", "version 2 is loaded", "version 2 answers")

console = Console()


def main() -> int:
    """Run the loop; exit status 1 if any part of it did not do its job."""
    started = time.monotonic()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    heading("1. Clean the data and train a model")
    run("recserve-trainer", "fit", str(DATASET), "--store", str(STORE))
    better = beats_popularity()
    heading("2. Load the behaviour into the event log")
    run("recserve-server", "import", str(DATASET), "--events", EVENTS)
    heading("3. Serve")
    with server() as (address, metrics), Client(address) as client:
        run("recserve", "--server", address, "status", "--wait", "120")
        run(
            "recserve",
            "--server",
            address,
            "status",
            "--wait",
            "120",
            "--service",
            "recserve.model",
        )
        changed = recommend_and_react(client)
        measure(client, metrics)
        swapped = train_and_swap(client, address)
    heading("Done")
    console.print(
        f"The loop took {time.monotonic() - started:.0f} s. The model is in {STORE}, the events "
        f"in {WORK / 'recserve.db'}, the server's log in {SERVER_LOG}."
    )
    return 0 if better and changed and swapped else 1


def beats_popularity() -> bool:
    """Tell whether the model ranks the holdout better than popularity does."""
    manifest = json.loads((STORE / "default" / "1" / "manifest.json").read_text())
    metrics = {metric["name"]: metric for metric in manifest["evaluation"]["metrics"]}
    better = True
    for name in ("ndcg@10", "recall@10"):
        value, baseline = metrics[name]["value"], metrics[name]["baseline"]
        better = better and value > baseline
        console.print(
            f"{name}: {value:.4f}, popularity {baseline:.4f}, {value / baseline:.2f} times as much"
        )
    return better


def recommend_and_react(client: Client) -> bool:
    """Recommend, send feedback, recommend again; tell whether the answer changed."""
    titles = read_titles()
    heading(f"4. Ten titles for user {USER}")
    before = client.recommend(USER, num_results=10)
    show(before, titles)
    liked = [before[0].item_id, before[3].item_id, before[6].item_id]
    heading("5. Feedback: the user watches and rates three of them")
    receipt = client.feedback_many(
        Event(user_id=USER, item_id=item, event_type="rating", value=5.0, recommendation=before)
        for item in liked
    )
    names = ", ".join(titles[item] for item in liked)
    console.print(f"{receipt.accepted_count} events are durable: {names}")
    heading("6. The next answer, which reflects them")
    after = client.recommend(USER, num_results=10)
    show(after, titles, known={result.item_id for result in before})
    heading("7. A new user: popular titles first, personal ones after two events")
    show(client.recommend("newcomer", num_results=5), titles)
    animation = [item for item, title in titles.items() if title.startswith(("Toy Story", "Shrek"))]
    client.feedback_many(
        Event(user_id="newcomer", item_id=item, event_type="rating", value=5.0)
        for item in animation[:2]
    )
    personal = client.recommend("newcomer", num_results=5)
    show(personal, titles)
    shown_again = {result.item_id for result in after} & set(liked)
    ranking_changed = [r.item_id for r in after] != [r.item_id for r in before]
    return ranking_changed and not shown_again and personal.fallback is None


def measure(client: Client, metrics: str) -> None:
    """Print what a caller waits for, and what the server's own metrics say."""
    heading("8. Latency")
    seconds = []
    for _ in range(CALLS):
        start = time.perf_counter()
        client.recommend(USER, num_results=10)
        seconds.append(time.perf_counter() - start)
    median, p99 = median_and_p99(seconds)
    console.print(
        f"{CALLS} calls, one at a time, through the SDK: median {median:.2f} ms, p99 {p99:.2f} ms"
    )
    table = Table(title=f"what the server measured ({metrics})", title_justify="left")
    for column in ("histogram", "of", "count", "mean ms"):
        table.add_column(column, justify="left" if column in ("histogram", "of") else "right")
    for name, of, count, mean in read_histograms(metrics):
        table.add_row(name, of, f"{count:.0f}", f"{mean * 1000:.2f}")
    console.print(table)


def median_and_p99(seconds: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return cuts[49] * 1000, cuts[98] * 1000


def train_and_swap(client: Client, address: str) -> bool:
    """Train version 2 from the log while a caller keeps asking; tell whether no call failed."""
    heading("9. Version 2 is trained from the log, over RPC, while a caller keeps asking")
    with caller(address) as calls:
        marks = [time.monotonic()]
        train = ("train", "--mode", "warm-start", "--promotion", "always")
        run("recserve", "--server", address, *train)
        marks.append(time.monotonic())
        while client.recommend(USER).model_version != 2:
            if time.monotonic() > marks[-1] + 120:
                raise SystemExit(f"version 2 does not serve:\n{SERVER_LOG.read_text()}")
            time.sleep(0.05)
        marks.append(time.monotonic())
        time.sleep(SECONDS_AFTER_SWAP)
        marks.append(time.monotonic())
    heading("10. The swap, as the caller saw it")
    failed = sum(call.error != "" for call in calls)
    versions = sorted({call.version for call in calls if not call.error})
    console.print(f"{len(calls)} calls, {failed} failed; answered by the versions {versions}")
    for error in sorted({call.error for call in calls if call.error}):
        console.print(f"  {error}")
    table = Table(title="latency around the swap", title_justify="left")
    for column in ("while", "calls", "median ms", "p99 ms"):
        table.add_column(column, justify="left" if column == "while" else "right")
    for name, start, end in zip(PHASES, marks[:-1], marks[1:], strict=True):
        seconds = [call.seconds for call in calls if start <= call.at < end]
        if len(seconds) > 1:
            median, p99 = median_and_p99(seconds)
            table.add_row(name, str(len(seconds)), f"{median:.2f}", f"{p99:.2f}")
    console.print(table)
    run("recserve", "--server", address, "models", "list")
    return failed == 0 and versions == [1, 2]


@dataclass(frozen=True)
class Call:
    """One call of the caller."""

    at: float
    seconds: float
    version: int = 0
    error: str = ""


@contextmanager
def caller(address: str) -> Iterator[list[Call]]:
    """A thread that asks again and again while the `with` lasts, and the calls it made."""
    calls: list[Call] = []
    stopping = threading.Event()

    def ask() -> None:
        with Client(address) as client:
            while not stopping.wait(SECONDS_BETWEEN_CALLS):
                calls.append(one_call(client))

    thread = threading.Thread(target=ask, name="caller")
    thread.start()
    try:
        yield calls
    finally:
        stopping.set()
        thread.join()


def one_call(client: Client) -> Call:
    """Ask once; an error is part of what happened."""
    start = time.monotonic()
    try:
        answer = client.recommend(USER, num_results=10)
    except RecserveError as error:
        return Call(start, time.monotonic() - start, error=str(error))
    return Call(start, time.monotonic() - start, version=answer.model_version)


def read_histograms(metrics: str) -> Iterator[tuple[str, str, float, float]]:
    """Name, labels, count and mean in seconds of the histograms of seconds on the page."""
    with urllib.request.urlopen(metrics, timeout=10) as page:  # noqa: S310  # our own address
        families = text_string_to_metric_families(page.read().decode())
    for family in families:
        values: dict[str, dict[str, float]] = {}
        for sample in family.samples:
            what = sample.labels.get("grpc_method") or sample.labels.get("stage")
            if what and sample.name.endswith(("_seconds_sum", "_seconds_count")):
                values.setdefault(what, {})[sample.name.rpartition("_")[2]] = sample.value
        for what, value in values.items():
            if value["count"]:
                yield family.name, what, value["count"], value["sum"] / value["count"]


@contextmanager
def server() -> Iterator[tuple[str, str]]:
    """Run `recserve-server serve` on free ports; give its address and its metrics page."""
    command = [str(BIN / "recserve-server"), "serve", "--store", str(STORE), "--events", EVENTS]
    command += ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log-format", "json"]
    with SERVER_LOG.open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
    try:
        yield wait_for_address(process)
    finally:
        process.terminate()
        status = process.wait(timeout=60)
        console.print(f"The server drained and stopped with status {status}.")


def wait_for_address(process: "subprocess.Popen[bytes]") -> tuple[str, str]:
    """Read the line `listening` off the server's log."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        for line in SERVER_LOG.read_text().splitlines():
            if line.startswith("{") and '"listening"' in line:
                fields = json.loads(line)
                console.print(f"gRPC on {fields['address']}, metrics on {fields['metrics']}")
                return fields["address"], fields["metrics"]
        time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{SERVER_LOG.read_text()}")


def show(answer: Answer, titles: dict[str, str], known: set[str] | None = None) -> None:
    """Print an answer; items that are not in `known` are marked as new."""
    how = f"popularity ({answer.fallback.value})" if answer.fallback else "the model"
    table = Table(title=f"by {how}, version {answer.model_version}", title_justify="left")
    table.add_column("#", justify="right")
    table.add_column("title")
    table.add_column("score", justify="right")
    table.add_column("")
    for place, result in enumerate(answer, 1):
        new = "new" if known is not None and result.item_id not in known else ""
        table.add_row(str(place), titles[result.item_id], f"{result.score:.3f}", new)
    console.print(table)


def read_titles() -> dict[str, str]:
    """The title of each item."""
    with (DATASET / "movies.csv").open(encoding="utf-8", newline="") as file:
        return {row["movieId"]: row["title"] for row in csv.DictReader(file)}


def run(command: str, *arguments: str) -> None:
    """Run one of the product's commands, showing it first; give up if it fails."""
    console.print(f"[bold cyan]$ {command} {' '.join(arguments)}[/]", highlight=False)
    status = subprocess.run([str(BIN / command), *arguments], check=False).returncode
    if status:
        raise SystemExit(f"{command} failed with status {status}")


def heading(text: str) -> None:
    """Print the heading of a part."""
    console.print()
    console.rule(f"[bold]{text}", align="left")


if __name__ == "__main__":
    raise SystemExit(main())

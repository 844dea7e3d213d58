"""What all benchmarks share in one run: settings, and what takes long to prepare."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.call import Call, recommender_call
from benchmarks.datasets import histories, middle_user, write_views
from benchmarks.places import MOVIELENS
from benchmarks.program import Program, program
from benchmarks.server import NotAvailable, Server, command, product

from recserve.v1 import recommender_pb2

TRANSPORTS = ("native", "grpcio")
EPOCHS = 2


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model store and an event log that servers start from, and a user who asks."""

    folder: Path
    """Holds `models`, and where there are events `recserve.db`."""
    user: str = ""
    history: tuple[str, ...] = ()
    """The user's items, oldest first."""

    @property
    def version(self) -> Path:
        """The folder of version 1."""
        return self.folder / "models" / "default" / "1"

    @property
    def call(self) -> Call:
        """Ten recommendations for the user."""
        request = recommender_pb2.RecommendRequest(user_id=self.user, num_results=10)
        return recommender_call("Recommend", request)


@dataclass
class Bench:
    """One run."""

    folder: Path
    """For everything that is written on the way."""
    kept: Path
    """For what was trained; what is there already is used again."""
    rounds: int = 5
    quick: bool = False
    """Few calls: only to see that it works."""
    say: Callable[[str], None] = field(default=print)
    _servers: int = 0

    def calls(self, count: int) -> int:
        """Calls of one round."""
        return max(64, count // 20) if self.quick else count

    @cached_property
    def movielens(self) -> Prepared:
        """A quick model of the bundled sample, and its events."""
        found = histories(MOVIELENS / "ratings.csv", "userId", "movieId", "timestamp")
        user = middle_user(found)
        epochs = 1 if self.quick else EPOCHS
        return self._prepare("movielens", MOVIELENS, user, found[user], epochs)

    def synthetic(self, item_count: int) -> Prepared:
        """A model of a written catalogue of so many items, and its events."""
        name = f"views-{item_count}"
        dataset = write_views(self.folder / "datasets" / name, item_count)
        found = histories(dataset / "interactions.csv", "user_id", "item_id", "timestamp")
        user = middle_user(found)
        return self._prepare(name, dataset, user, found[user], 1)

    @contextmanager
    def product(self, prepared: Prepared, *options: object) -> Iterator[Server]:
        """The real server on its own copy of what was prepared."""
        self._servers += 1
        own = self.folder / f"server-{self._servers}"
        shutil.copytree(prepared.folder, own)
        with product(own / "models", f"sqlite:///{own / 'recserve.db'}", *options) as server:
            yield server

    @contextmanager
    def fastest_product(self, prepared: Prepared) -> Iterator[tuple[Server, str]]:
        """The same on the first transport that is to be had, and which that is."""
        with ExitStack() as stack:
            for transport in TRANSPORTS:
                try:
                    start = self.product(prepared, "--transport", transport)
                    server = stack.enter_context(start)
                except NotAvailable:
                    continue
                yield server, transport
                return
            raise NotAvailable("recserve-server starts on no transport")

    @contextmanager
    def bare_model(self, prepared: Prepared) -> Iterator["BareModelProgram"]:
        """The SavedModel by itself."""
        history = prepared.folder / "history"
        history.write_text("\n".join(prepared.history))
        with program("benchmarks.bare_model", prepared.version, history) as process:
            if process.read_line() != "ready":
                raise NotAvailable(f"the bare model: {process.last_words()}")
            yield BareModelProgram(process)

    def _prepare(
        self, name: str, dataset: Path, user: str, history: list[str], epochs: int
    ) -> Prepared:
        folder = self.kept / name
        events = f"sqlite:///{folder / 'recserve.db'}"
        prepared = Prepared(folder, user, tuple(history))
        if not prepared.version.exists():
            self.say(f"training {name}")
            fit(dataset, folder / "models", epochs)
        command("recserve-server", "import", dataset, "--events", events)
        return prepared


class BareModelProgram:
    """Asks `benchmarks.bare_model`."""

    def __init__(self, process: Program) -> None:
        self._process = process

    def measure(self, what: str, batch: int, calls: int) -> dict[str, Any]:
        """`recommend` or `arithmetic`: p50_ms, p99_ms, cpu_us."""
        answer = self._process.ask(f"{what} {batch} {calls}")
        if not answer:
            raise NotAvailable(f"the bare model: {self._process.last_words()}")
        found: dict[str, Any] = json.loads(answer)
        return found


def fit(dataset: Path, store: Path, epochs: int, *options: object) -> None:
    """Train the next version of a store."""
    store.mkdir(parents=True, exist_ok=True)
    words = ("--store", store, "--max-epochs", epochs, *options)
    command("recserve-trainer", "fit", dataset, *words)


Started = TypeVar("Started")


def where_available(
    stack: ExitStack, notes: list[str], starts: Mapping[str, AbstractContextManager[Started]]
) -> dict[str, Started]:
    """Start each; one that is not to be had here becomes a note."""
    running = {}
    for name, start in starts.items():
        try:
            running[name] = stack.enter_context(start)
        except NotAvailable as reason:
            notes.append(f"{name}: not available here ({reason})")
    return running

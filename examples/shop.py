"""A shop that learns from its visitors, by itself: simulated users with known, drifting tastes.

    python examples/shop.py [--visits 2500] [--days 3]

Each day users visit, are recommended something, and click on what is to their taste; the server
trains by itself after so many clicks, and a new version becomes stable only through the gate. The
click rate of what is served rises above what the most popular items would have got. Then a
bad version is injected, which the gate keeps out, and a good one is judged before anybody sees
it: as the shadow of answers with exploration, by off-policy estimates, beside what is observed
once it is stable.

Exit status 1 if any of this did not turn out so.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from recserve.client import Answer, Client, Event, Item, ModelVersion, RecserveError

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".demo" / "shop"
BIN = Path(sys.executable).parent
SCHEMA = """
[[event_types]]
name = "click"

[[item_features]]
name = "genre"
type = "FEATURE_TYPE_CATEGORICAL"
"""
USERS, GENRES, ITEMS_OF_A_GENRE = 400, 8, 30
SHOWN = 10
DRIFT = 0.15
"""How much of a taste is new every day."""
POSITION_DECAY = 0.9
"""How much less probable it is that a user looks at the next position."""
SEARCHES = 0.5
"""Share of visits in which a user also finds something without a recommendation."""
EXPLORATION = 0.2
JUDGED_EXPLORATION = 0.6
JUDGED_POSITIONS = 1
CLICKS_FOR_TRAINING = 2_000
PATIENCE_SECONDS = 240.0

console = Console()


class Shop:
    """Items, and users whose tastes are known to the simulation alone.

    Args:
        seed: Of every random choice.
    """

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        self.items = [f"g{g}-{n}" for g in range(GENRES) for n in range(ITEMS_OF_A_GENRE)]
        self._genre = {item: int(item[1]) for item in self.items}
        appeal = self._chance.beta(2, 3, len(self.items))
        self._appeal = dict(zip(self.items, appeal, strict=True))
        self._taste = self._chance.dirichlet(np.full(GENRES, 0.25), USERS)
        self._clicks = dict.fromkeys(self.items, 0)
        self._seen: list[set[str]] = [set() for _ in range(USERS)]

    def catalogue(self) -> list[Item]:
        """The items, as the server is told of them."""
        return [Item(item, {"genre": f"genre-{self._genre[item]}"}) for item in self.items]

    def drift(self) -> None:
        """A day passes, and tastes change."""
        new = self._chance.dirichlet(np.full(GENRES, 0.25), USERS)
        self._taste = (1 - DRIFT) * self._taste + DRIFT * new

    def visitors(self, count: int) -> list[int]:
        """Who visits."""
        return self._chance.integers(USERS, size=count).tolist()

    def clicks(self, user: int, shown: list[str]) -> list[str]:
        """What a user clicks on."""
        chances = self.chances(user, shown)
        drawn = self._chance.random(len(shown))
        clicked = [i for i, c, d in zip(shown, chances, drawn, strict=True) if d < c]
        for item in clicked:
            self._clicks[item] += 1
        self._seen[user].update(clicked)
        return clicked

    def found_alone(self, user: int) -> list[str]:
        """What a user finds without a recommendation, by search or by chance: at most one item."""
        if self._chance.random() > SEARCHES:
            return []
        wanted = [self._taste[user, self._genre[item]] * self._appeal[item] for item in self.items]
        chances = np.array(wanted) / sum(wanted)
        item = str(self._chance.choice(self.items, p=chances))
        self._clicks[item] += 1
        self._seen[user].add(item)
        return [item]

    def chances(self, user: int, shown: list[str]) -> list[float]:
        """How probable a click is on each item of a list."""
        return [
            float(self._taste[user, self._genre[item]] * self._appeal[item] * POSITION_DECAY**place)
            for place, item in enumerate(shown)
        ]

    def most_popular(self, user: int) -> list[str]:
        """What the popularity policy would show: the most clicked items that the user has not."""
        ranked = sorted(self.items, key=lambda item: -self._clicks[item])
        return [item for item in ranked if item not in self._seen[user]][:SHOWN]


@dataclass
class Day:
    """What a day's visits came to, a visit each."""

    clicks: float
    """Observed, of what the server showed."""
    popularity: float
    """Expected, of what is most popular."""
    versions: dict[int, int]
    """Answers by the version that gave them."""


def main() -> int:
    """Run the shop."""
    options = _options()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    (WORK / "schema.toml").write_text(SCHEMA)
    shop = Shop(options.seed)
    rose = learns_by_itself(shop, options)
    kept_out, agreed = judges(shop, options)
    return 0 if rose and kept_out and agreed else 1


def learns_by_itself(shop: Shop, options: argparse.Namespace) -> bool:
    """Days of visits, with training by itself; whether the click rate rose above popularity's."""
    heading("Days at the shop: the server trains by itself, and the gate decides")
    days = []
    with server("--train-every-events", CLICKS_FOR_TRAINING) as address, Client(address) as client:
        client.upsert_items(shop.catalogue())
        for _ in range(options.days + 1):
            days.append(a_day(shop, client, options.visits, EXPLORATION))
            wait_for_training(client)
            shop.drift()
        for run in client.training_runs():
            made = run.model_version.version if run.model_version else "no version"
            console.print(f"training {run.number}: {run.state.value}, {made}; why: {run.trigger}")
    table = Table("day", "clicks a visit", "popularity would have", "answers by version")
    for number, day in enumerate(days):
        versions = ", ".join(f"{v or 'none'}: {n}" for v, n in sorted(day.versions.items()))
        table.add_row(str(number), f"{day.clicks:.3f}", f"{day.popularity:.3f}", versions)
    console.print(table)
    last = days[-1]
    return last.clicks > 1.3 * last.popularity and 0 not in last.versions


def judges(shop: Shop, options: argparse.Namespace) -> tuple[bool, bool]:
    """A bad version and a good one; whether one was kept out, and the other judged rightly."""
    heading("A version that is worse is kept out")
    with server("--config", _config()) as address, Client(address) as client:
        warm(client)
        crippled = {"max_epochs": 1, "learning_rate": 1e-6, "embedding_width": 4}
        bad = finished(client.train(hyper_parameters={**crippled, "history_length": 1}))
        stable = client.model("stable").version
        console.print(f"version {bad.version} is kept out: {bad.unpromoted_reason}")
        kept_out = stable != bad.version and bool(bad.unpromoted_reason)

        heading("A version is judged before anybody sees it")
        new = finished(client.train(promotion="never"))
        client.set_model_label(new.version, "shadow", timeout=PATIENCE_SECONDS)
        for _ in range(options.judged_days):
            a_day(shop, client, options.visits, JUDGED_EXPLORATION)
        compared = wait_for_answers(client, new.version)
        estimates = compared.off_policy
        client.set_model_label(new.version, "stable", timeout=PATIENCE_SECONDS)
        a_day(shop, client, options.visits, exploration=0.0)
        observed = wait_for_answers(client, new.version, shown=True).value
        table = Table("clicks at the first position, a visit", "", "95 % interval", "amounts to")
        for each in estimates:
            interval = f"{each.value.low:.3f} to {each.value.high:.3f}"
            count = f"{each.effective_answer_count:.0f} answers"
            table.add_row(f"estimated, {each.method}", f"{each.value.value:.3f}", interval, count)
        interval = f"{observed.low:.3f} to {observed.high:.3f}"
        table.add_row("observed", f"{observed.value:.3f}", interval)
        console.print(table)
        agreed = [
            max(each.value.low, observed.low) <= min(each.value.high, observed.high)
            for each in estimates
        ]
        return kept_out, bool(agreed) and all(agreed)


def a_day(shop: Shop, client: Client, visits: int, exploration: float) -> Day:
    """Users visit, see what is recommended to them, and click."""
    clicked, expected = 0, 0.0
    versions: dict[int, int] = {}
    with ThreadPoolExecutor(4) as pool:

        def ask(user: int) -> tuple[int, Answer]:
            wanted = {"num_results": SHOWN, "exploration": exploration, "timeout": 10.0}
            return user, client.recommend(f"user-{user}", **wanted)

        visitors = shop.visitors(visits)
        for start in range(0, visits, 100):
            events = []
            for user, answer in pool.map(ask, visitors[start : start + 100]):
                shown = [result.item_id for result in answer]
                popular = shop.most_popular(user)
                expected += sum(shop.chances(user, popular))
                clicks = shop.clicks(user, shown)
                clicked += len(clicks)
                version = answer.model_version
                versions[version] = versions.get(version, 0) + 1
                events += [
                    Event(f"user-{user}", item, "click", recommendation=answer) for item in clicks
                ]
                alone = shop.found_alone(user)
                events += [Event(f"user-{user}", item, "click") for item in alone]
            if events:
                client.feedback_many(events)
    return Day(clicked / visits, expected / visits, versions)


def wait_for_training(client: Client) -> None:
    """Wait for the run that the day's clicks have brought about, and for what it made."""

    def settled() -> bool:
        runs = client.training_runs()
        position = client.log_position
        learned = max((run.log_position for run in runs), default=0)
        at_work = any(run.end_time is None for run in runs)
        return not at_work and position - learned < CLICKS_FOR_TRAINING

    eventually(settled, "the training")
    if any(version.labels for version in client.models()):
        warm(client)


def wait_for_answers(client: Client, version: int, *, shown: bool = False):
    """How a version stands, once the answers, which are logged a moment later, are there."""

    def found():
        compared = client.compare_versions(positions=JUDGED_POSITIONS, timeout=60)
        standing = {each.version: each for each in compared.versions}.get(version)
        if standing is None or (shown and not standing.answer_count):
            return None
        return standing

    time.sleep(2.0)  # the last answers of the day
    return eventually(found, "the answer log")


def finished(run) -> ModelVersion:
    """Wait for a training, and return its version as the server shows it."""
    return run.result(timeout=PATIENCE_SECONDS)


def warm(client: Client) -> None:
    """Wait until the stable version answers."""
    eventually(lambda: client.recommend("nobody-else").model_version, "the model")


def eventually(holds, what: str):
    """Wait for something that the server brings about."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if value := holds():
                return value
        except RecserveError as error:
            console.print(f"{what}: {error}")
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {PATIENCE_SECONDS:.0f} s: {what}; see {WORK}")
        time.sleep(0.3)


@contextmanager
def server(*options: object) -> Iterator[str]:
    """Run `recserve-server serve` on free ports; give its address."""
    log = WORK / f"server-{time.monotonic_ns()}.log"
    words = [BIN / "recserve-server", "serve", "--listen", "127.0.0.1:0"]
    words += ["--metrics", "127.0.0.1:0", "--log-format", "json", "--schema", "schema.toml"]
    with log.open("w") as errors:
        process = subprocess.Popen(list(map(str, (*words, *options))), cwd=WORK, stderr=errors)
    try:
        yield eventually(lambda: _address(log, process), "the server")
    finally:
        process.terminate()
        process.wait(timeout=60)


def _address(log: Path, process: "subprocess.Popen[bytes]") -> str:
    if process.poll() is not None:
        raise SystemExit(f"the server did not start:\n{log.read_text()}")
    for line in log.read_text().splitlines():
        if line.startswith("{") and '"listening"' in line:
            return str(json.loads(line)["address"])
    return ""


def _config() -> Path:
    path = WORK / "server.toml"
    path.write_text("shadow_share = 1.0\n")
    return path


def heading(text: str) -> None:
    """Print a heading."""
    console.rule(text, align="left")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--visits", type=int, default=2_500, help="Visits of a day.")
    parser.add_argument("--days", type=int, default=3, help="Days with a model.")
    parser.add_argument("--judged-days", type=int, default=2, help="Days with a shadow.")
    parser.add_argument("--seed", type=int, default=1, help="Of the simulation.")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

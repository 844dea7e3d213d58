"""Version after version goes live while callers keep asking: nobody notices, nothing grows."""

import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from google.protobuf import json_format

from integration.server_process import ServerProcess, eventually, serving
from recserve.client import Client, ModelVersion, ModelVersionState
from recserve.v1 import model_pb2

pytestmark = pytest.mark.integration
CALLERS = 16
# Swaps; the one after which memory is looked at first; how much it may have grown after the last.
SWAPS, EARLY, MOST_GROWTH = (100, 5, 1.05) if os.environ.get("RECSERVE_VERIFY") else (3, 2, 1.1)


class Callers:
    """Threads that ask again and again, and what they were answered."""

    def __init__(self, address: str) -> None:
        self.failures: list[Exception] = []
        self.versions: Counter[int] = Counter()
        self._address = address
        self._done = threading.Event()
        self._lock = threading.Lock()  # guards `failures` and `versions`

    @contextmanager
    def asking(self) -> Iterator[None]:
        """They ask while the `with` lasts."""
        threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._done.set()
            for thread in threads:
                thread.join()

    def _ask(self, number: int) -> None:
        with Client(self._address) as client:
            while not self._done.is_set():
                try:
                    answer = client.recommend(f"user-{number}", num_results=10, timeout=10)
                    assert len(answer) == 10
                    assert answer.fallback is None
                except Exception as error:  # whatever it is, the test shows it
                    with self._lock:
                        self.failures.append(error)
                    continue
                with self._lock:
                    self.versions[answer.model_version] += 1


def memory_bytes(server: ServerProcess) -> int:
    """The memory of all processes of a server; pages that they share count once in all."""
    pids = [server.process.pid, *server.children().values()]
    return sum(_proportional_bytes(pid) for pid in pids)


def _proportional_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def publish(store: Path, number: int) -> None:
    """Version 1 again, under another number, in one step like a trainer does it."""
    model = store / "default"
    staging = model / f".staging-{number}"
    shutil.copytree(model / "1", staging)
    path = staging / "manifest.json"
    manifest = json_format.Parse(path.read_text(), model_pb2.ModelVersion())
    manifest.version = number
    path.write_text(json_format.MessageToJson(manifest, preserving_proto_field_name=True))
    staging.rename(model / str(number))


def test_no_call_fails_and_no_memory_stays_over_many_swaps_and_a_roll_back(
    handmade_store, tmp_path
):
    memory: dict[int, int] = {}
    with serving(tmp_path) as server, Client(server.address) as client:
        server.wait_until_warm()
        for user in range(CALLERS):
            client.feedback(f"user-{user}", f"i{10 * user}", "click")
        callers = Callers(server.address)
        with callers.asking():
            for swap in range(1, SWAPS + 1):
                publish(handmade_store, swap + 1)
                eventually(
                    lambda swap=swap: len(server.said("version unloaded")) == swap,
                    f"the end of version {swap}",
                )
                memory[swap] = memory_bytes(server)
            assert client.set_model_label(1, "stable").labels == ("stable",)
            assert client.recommend("user-1").model_version == 1
        assert callers.failures == []
        assert sorted(callers.versions) == list(range(1, SWAPS + 2))
        assert memory[SWAPS] <= MOST_GROWTH * memory[EARLY], memory
        client.delete_model_version(2)
        assert 2 not in [version.version for version in client.models()]
        assert set(server.children()) == {"front_end", "engine"}


def test_a_shadow_answers_nobody_and_a_canary_its_share_of_the_users(handmade_store, tmp_path):
    users = [f"user-{number}" for number in range(40)]
    shares = ("--canary-share", 0.5, "--shadow-share", 1)
    publish(handmade_store, 2)
    with serving(tmp_path, *shares) as server, Client(server.address) as client:
        server.wait_until_warm()
        for user in users:
            client.feedback(user, "i10", "click")
        client.set_model_label(1, "shadow")
        assert answering(client, users) == dict.fromkeys(users, 2)
        compared = 'recserve_shadow_total{model_version="1",outcome="compared"}'
        alike = 'recserve_shadow_overlap_sum{model_version="1"}'
        eventually(lambda: server.metrics().get(compared) == len(users), "the comparisons")
        assert server.metrics()[alike] == len(users), "both versions are the same"
        client.set_model_label(1, "canary")
        first = answering(client, users)
        assert set(first.values()) == {1, 2}
        assert answering(client, users) == first, "a user stays where it is"
        client.set_model_label(2, "canary")  # the stable one: this ends the canary
        assert answering(client, users) == dict.fromkeys(users, 2)


def answering(client: Client, users: list[str]) -> dict[str, int]:
    """The version that answers each user."""
    return {user: client.recommend(user).model_version for user in users}


FAULTS = ["corrupt", "truncated", "foreign", "too new", "a link"]


def test_versions_that_must_not_be_served_are_refused_and_told(handmade_store, tmp_path):
    with serving(tmp_path) as server, Client(server.address) as client:
        server.wait_until_warm()
        for number, fault in enumerate(FAULTS, 2):
            staging = handmade_store / "default" / f".staging-{number}"
            shutil.copytree(handmade_store / "default" / "1", staging)
            _spoil(staging, number, fault)
            staging.rename(handmade_store / "default" / str(number))
            refused = eventually(lambda n=number: _refusal(server, n), f"a refusal of {fault}")
            assert refused["level"] == "error"
            assert refused["error"]
            listed = eventually(lambda n=number: _failed(client, n), f"{fault} in the list")
            assert listed.error == refused["error"]
            metric = f'recserve_model_version_info{{label="",state="failed",version="{number}"}}'
            assert server.metrics()[metric] == 1.0
            assert client.recommend("somebody").model_version == 1
        assert client.model("stable").version == 1


def _refusal(server: ServerProcess, number: int) -> dict[str, object] | None:
    said = [line for line in server.said("version refused") if line["version"] == number]
    return said[0] if said else None


def _failed(client: Client, number: int) -> ModelVersion | None:
    version = client.model(number)
    return version if version.state is ModelVersionState.FAILED else None


def _spoil(folder: Path, number: int, fault: str) -> None:
    path = folder / "manifest.json"
    manifest = json_format.Parse(path.read_text(), model_pb2.ModelVersion())
    manifest.version = number
    match fault:
        case "corrupt":
            graph = folder / "saved_model" / "saved_model.pb"
            graph.write_bytes(graph.read_bytes()[::-1])
        case "truncated":
            os.truncate(folder / "items.npz", 100)
        case "foreign":
            manifest.model = "another"
        case "too new":
            manifest.layout.format_version = 99
        case "a link":
            (folder / "items.npz").unlink()
            (folder / "items.npz").symlink_to("/etc/hostname")
    path.write_text(json_format.MessageToJson(manifest, preserving_proto_field_name=True))

"""A real server for the snippets of the documents, with a small world behind it."""

import random
import signal
import socket
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

SCHEMA = """
[[event_types]]
name = "view"
weight = 0.2

[[event_types]]
name = "click"

[[event_types]]
name = "purchase"
weight = 5.0
"""
USERS, ITEMS, EVENTS = 60, 40, 2400
START_SECONDS = 1_700_000_000
WARM_UP_TIMEOUT_SECONDS = 120


def command(name: str, *arguments: object, cwd: Path) -> None:
    """Run one of the project's commands to its end."""
    words = [str(Path(sys.executable).with_name(name)), *map(str, arguments)]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"


def write_dataset(folder: Path) -> None:
    """Write events of users who like the items whose number is near their own."""
    choice = random.Random(42)  # noqa: S311 - a fixture, no secret
    rows = ["user_id,item_id,event_type,timestamp"]
    for index in range(EVENTS):
        user = choice.randrange(USERS)
        item = (user + choice.randrange(12)) % ITEMS
        event_type = choice.choice(["view", "click", "click", "purchase"])
        rows.append(f"user-{user},item-{item},{event_type},{START_SECONDS + 60 * index}")
    folder.mkdir()
    (folder / "interactions.csv").write_text("\n".join(rows) + "\n")
    (folder / "schema.toml").write_text(SCHEMA)


def free_address() -> str:
    """Find a port of the loopback interface that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def wait_until_warm(address: str) -> None:
    """Return when the server's model answers; the health service streams every change."""
    request = health_pb2.HealthCheckRequest(service="recserve.model")
    with grpc.insecure_channel(address) as channel:
        changes = health_pb2_grpc.HealthStub(channel).Watch(
            request, timeout=WARM_UP_TIMEOUT_SECONDS, wait_for_ready=True
        )
        for change in changes:
            if change.status == health_pb2.HealthCheckResponse.SERVING:
                changes.cancel()
                return
    pytest.fail("the server ended before its model was warm")


@pytest.fixture(scope="session")
def served_address(tmp_path_factory):
    """The address of a server with one trained version and the same events in its log."""
    folder = tmp_path_factory.mktemp("served")
    write_dataset(folder / "data")
    events = f"sqlite:///{folder / 'recserve.db'}"
    command("recserve-server", "import", "data", "--events", events, cwd=folder)
    command("recserve-trainer", "fit", "data", "--store", "models", cwd=folder)
    address = free_address()
    serve = ("serve", "--store", "models", "--events", events)
    serve += ("--listen", address, "--metrics", free_address())
    words = [str(Path(sys.executable).with_name("recserve-server")), *serve]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(words, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until_warm(address)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)

"""The server that the README has its reader start, for the snippets of the documents."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

DATASET = Path(__file__).resolve().parents[2] / "examples" / "movielens"
WARM_UP_TIMEOUT_SECONDS = 120


def command(name: str, *arguments: object, cwd: Path) -> None:
    """Run one of the project's commands to its end."""
    words = [str(Path(sys.executable).with_name(name)), *map(str, arguments)]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"


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
    """The address of a server of the bundled sample; its model was trained in a hurry."""
    folder = tmp_path_factory.mktemp("served")
    events = f"sqlite:///{folder / 'recserve.db'}"
    command("recserve-server", "import", DATASET, "--events", events, cwd=folder)
    hurry = ("--max-epochs", 1)
    command("recserve-trainer", "fit", DATASET, "--store", "models", *hurry, cwd=folder)
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

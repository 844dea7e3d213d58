"""The peers: how each is started, what it is sent, and what it has to answer."""

import json
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.call import Call
from benchmarks.peers.environment import environment, group, pythons, remove
from benchmarks.peers.scorer import CANDIDATES, FEATURES
from benchmarks.places import PEERS
from benchmarks.server import NotAvailable, Server

PATIENCE_SECONDS = 60.0
SCORES_BYTES = 4 * CANDIDATES


@dataclass(frozen=True, slots=True)
class Peer:
    """Another server that does the same work."""

    name: str
    script: str
    call: Callable[[bytes], Call]
    """From float32 features `[100, 10]` as bytes."""
    ports: Callable[[int, int], tuple[str, ...]]
    """Arguments of the script, from two free ports; HTTP is on the first."""


def triton_call(features: bytes) -> Call:
    """Triton's binary tensor format: JSON that describes the tensors, then their bytes."""
    head = json.dumps(
        {
            "inputs": [
                {
                    "name": "features",
                    "shape": [1, CANDIDATES, FEATURES],
                    "datatype": "FP32",
                    "parameters": {"binary_data_size": len(features)},
                }
            ],
            "outputs": [{"name": "scores", "parameters": {"binary_data": True}}],
        }
    ).encode()
    headers = (f"Inference-Header-Content-Length: {len(head)}",)
    return Call("/v2/models/scorer/infer", head + features, is_grpc=False, headers=headers)


def mosec_call(features: bytes) -> Call:
    """The bytes of the features."""
    return Call("/inference", features, is_grpc=False)


PEERS_BY_NAME = {
    "triton": Peer(
        "triton", "triton_server.py", triton_call, lambda http, grpc: (str(http), str(grpc))
    ),
    "mosec": Peer(
        "mosec",
        "mosec_server.py",
        mosec_call,
        lambda http, _: ("--address", "127.0.0.1", "--port", str(http)),
    ),
}


@contextmanager
def serving(peer: Peer, call: Call, log: Path) -> Iterator[Server]:
    """A peer that answers.

    Raises:
        NotAvailable: it cannot be installed, or does not answer.
    """
    reasons = []
    for base in pythons():
        with ExitStack() as stack:
            try:
                server = stack.enter_context(_started(peer, base, call, log))
            except NotAvailable as reason:
                reasons.append(f"with {base}: {reason}")
                continue
            yield server
            return
    raise NotAvailable("; ".join(reasons))


def scores_of(server: Server, call: Call) -> bytes:
    """The scores in one call's answer; empty where there is none, or an error."""
    headers = dict(header.split(": ", 1) for header in call.headers)
    url = f"http://{server.address}{call.path}"
    request = urllib.request.Request(url, call.message, headers)  # our own server
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return bytes(response.read())[-SCORES_BYTES:]
    except OSError:  # an HTTP error is one
        return b""


@contextmanager
def _started(peer: Peer, base: str, call: Call, log: Path) -> Iterator[Server]:
    python = environment(peer.name, base)
    http, grpc = free_port(), free_port()
    words = [str(python), peer.script, *peer.ports(http, grpc)]
    with group(words, PEERS, log) as process:
        server = Server(f"127.0.0.1:{http}", process.pid)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(scores_of(server, call)) != SCORES_BYTES:
            if process.poll() is not None or time.monotonic() > deadline:
                remove(peer.name)
                raise NotAvailable(f"it does not answer ({_reason(log)})")
            time.sleep(0.1)  # another program's start
        yield server


def _reason(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if "Error" in line]
    return lines[-1].strip()[-300:] if lines else "no error in its log"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port

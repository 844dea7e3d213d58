"""The load: h2load (of nghttp2), so that no client of ours is in the figures.

Where h2load is not installed, `benchmarks.python_generator` calls instead; it takes several times
the processor time, on the cores that the server needs.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers import Answer, parse_log
from benchmarks.call import Call
from benchmarks.places import ROOT

NO_H2LOAD = (
    "h2load is not installed (Debian and Ubuntu: apt install nghttp2-client; Fedora: nghttp2; "
    "Homebrew: nghttp2). A generator in Python made the load, and its own costs are in the figures."
)
STREAMS_PER_CONNECTION = 8
OPEN_LOOP_CONNECTIONS = 16
"""h2load has at most 100 calls in flight on a connection to grpcio: few would close the loop."""
WITHOUT_END = 10_000_000


class LoadFailed(Exception):
    """Calls were not answered."""


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """So many calls, with so many in flight at any time."""

    in_flight: int
    calls: int

    def connections(self, call: Call) -> int:
        """One for each eight in flight; HTTP/1.1 needs one for each."""
        return max(1, self.in_flight // STREAMS_PER_CONNECTION) if call.is_grpc else self.in_flight


def has_h2load() -> bool:
    """Whether h2load is installed."""
    return shutil.which("h2load") is not None


def generate(
    address: str, call: Call, load: ClosedLoop, *, same_size: bool = False
) -> list[Answer]:
    """Make the calls.

    Args:
        address: Of the server.
        call: What is called.
        load: How often.
        same_size: All answers are known to have one size. An error of gRPC has the status 200 and
            no body, so then a body that does not divide among the calls gives errors away.

    Raises:
        LoadFailed: not all were answered with the status 200.
    """
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "log"
        words = _words(address, call, _body(call, Path(name)), log, load)
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode or (has_h2load() and parse_failures(done.stdout)):
            raise LoadFailed(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
        if has_h2load() and same_size and not divides(parse_body_bytes(done.stdout), load.calls):
            raise LoadFailed(f"{call.path} at {address}: some answers are empty\n{done.stdout}")
        answers = parse_log(log.read_text())
    if len(answers) != load.calls or any(answer.status != 200 for answer in answers):
        raise LoadFailed(f"{call.path} at {address}: not every call was answered")
    return answers


def parse_failures(summary: str) -> int:
    """Calls that h2load's summary counts as anything but a success with a status of 2xx."""
    requests = re.search(r"^requests: (\d+) total, .* (\d+) succeeded", summary, re.M)
    good = re.search(r"^status codes: (\d+) 2xx", summary, re.M)
    if requests is None or good is None:
        raise LoadFailed(f"h2load printed no summary:\n{summary}")
    return int(requests[1]) - min(int(requests[2]), int(good[1]))


def parse_body_bytes(summary: str) -> int:
    """Bytes of all bodies that h2load's summary counts."""
    found = re.search(r"^traffic: .* headers .*, \S+ \((\d+)\) data", summary, re.M)
    if found is None:
        raise LoadFailed(f"h2load printed no summary:\n{summary}")
    return int(found[1])


def divides(body_bytes: int, calls: int) -> bool:
    """Whether bodies can be those of so many answers of one size."""
    return body_bytes > 0 and body_bytes % calls == 0


class OpenLoop:
    """Calls at a steady rate, whether answers come or not, while the `with` lasts."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def answers(self) -> list[Answer]:
        """What has been answered so far."""
        return parse_log(self._log.read_text())


@contextmanager
def open_loop(
    address: str, call: Call, rate: float, deadline_seconds: float = 30.0
) -> Iterator[OpenLoop]:
    """Send at a rate with h2load; it does not see which answers are errors of gRPC."""
    if not has_h2load():
        with watched_open_loop(address, call, rate, deadline_seconds) as load:
            yield load
        return
    with tempfile.TemporaryDirectory() as name:
        log, body = Path(name) / "log", _body(call, Path(name))
        words = ["h2load", "-n", WITHOUT_END, "-c", OPEN_LOOP_CONNECTIONS, "-m", 10_000]
        words += ["--rps", max(1, round(rate / OPEN_LOOP_CONNECTIONS))]
        words += ["-H", f"grpc-timeout: {round(deadline_seconds * 1000)}m"]
        with _running([*map(str, words), *_rest(address, call, body, log)]):
            yield OpenLoop(log)


@contextmanager
def watched_open_loop(
    address: str, call: Call, rate: float, deadline_seconds: float
) -> Iterator[OpenLoop]:
    """Send at a rate with our generator, whose log has the status that gRPC gave."""
    with tempfile.TemporaryDirectory() as name:
        log, message = Path(name) / "log", Path(name) / "message"
        message.write_bytes(call.message)
        options = ["--rate", str(rate), "--deadline", str(deadline_seconds)]
        with _running([*_python_words(address, call, message, log), *options]):
            yield OpenLoop(log)


@contextmanager
def _running(words: list[str]) -> Iterator[None]:
    log = Path(words[words.index("--log-file") + 1])
    log.touch()
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
            if process.poll() is not None:
                raise LoadFailed(f"the generator ended with status {process.returncode}")
        finally:
            process.terminate()


def _body(call: Call, folder: Path) -> Path:
    body = folder / "body"
    body.write_bytes(call.body if has_h2load() else call.message)
    return body


def _words(address: str, call: Call, body: Path, log: Path, load: ClosedLoop) -> list[str]:
    if has_h2load():
        connections = load.connections(call)
        counts = ["-n", load.calls, "-c", connections, "-m", load.in_flight // connections]
        return ["h2load", *map(str, counts), *_rest(address, call, body, log)]
    if not call.is_grpc:
        raise LoadFailed(NO_H2LOAD)
    counts = ["--calls", load.calls, "--in-flight", load.in_flight]
    return [*_python_words(address, call, body, log), *map(str, counts)]


def _rest(address: str, call: Call, body: Path, log: Path) -> list[str]:
    headers = ("content-type: application/grpc", "te: trailers") if call.is_grpc else call.headers
    words = [word for header in headers for word in ("-H", header)]
    words += [] if call.is_grpc else ["--h1"]
    return [*words, "-d", str(body), "--log-file", str(log), f"http://{address}{call.path}"]


def _python_words(address: str, call: Call, message: Path, log: Path) -> list[str]:
    words = [sys.executable, "-m", "benchmarks.python_generator", address, call.path]
    return [*words, str(message), "--log-file", str(log)]

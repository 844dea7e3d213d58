"""Two servers behind one name: each takes its share, and one may go in the midst of it."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from recserve.client import Client

pytestmark = pytest.mark.integration

TESTS = Path(__file__).parent.parent
CALLERS = 4
CALLS = 60


@contextmanager
def two_servers() -> Iterator[list[tuple[subprocess.Popen[str], str]]]:
    """Two servers, and where each listens."""
    words = [sys.executable, "-m", "integration.backend"]
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        processes = []
        for _ in range(2):
            process = subprocess.Popen(words, cwd=TESTS, stdin=pipe, stdout=pipe, text=True)
            stack.enter_context(process)
            stack.callback(process.kill)
            processes.append(process)
        yield [(process, process.stdout.readline().strip()) for process in processes]


def end_in_good_order(process: subprocess.Popen[str]) -> None:
    process.stdin.close()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()


@pytest.mark.parametrize("end", [end_in_good_order, kill])
def test_no_call_fails_when_one_of_two_servers_ends_under_load(
    end: Callable[[subprocess.Popen[str]], None],
) -> None:
    """With the defaults of the SDK: round robin, retries within the deadline."""
    with two_servers() as ((leaving, first), (_, second)):
        failures: list[Exception] = []
        answered = [0] * CALLERS
        under_way, gone = threading.Event(), threading.Event()

        def call_again_and_again(number: int) -> None:
            try:
                while answered[number] < CALLS or not gone.is_set():
                    assert len(asking.recommend(f"user-{number}", include_seen=True)) == 10
                    telling.feedback(f"user-{number}", "i1", "click")
                    answered[number] += 1
                    if answered[number] == CALLS // 3:
                        under_way.set()
            except Exception as error:
                failures.append(error)
                under_way.set()

        # Two clients, because these servers have a log each: one that asks and tells would have
        # each answer wait for what it has told the other server.
        name = f"ipv4:{first},{second}"
        with Client(name) as asking, Client(name) as telling:
            callers = [
                threading.Thread(target=call_again_and_again, args=(number,))
                for number in range(CALLERS)
            ]
            for caller in callers:
                caller.start()
            assert under_way.wait(60)
            end(leaving)
            leaving.wait(60)
            gone.set()
            for caller in callers:
                caller.join(120)
        assert failures == []
        assert min(answered) >= CALLS


def test_each_of_two_servers_takes_its_share() -> None:
    with two_servers() as ((one, first), (two, second)):
        with Client(f"ipv4:{first},{second}") as client:
            for number in range(200):
                client.feedback(f"user-{number}", "i1", "click")
        stored = [position_of(address) for address in (first, second)]
        assert sum(stored) == 200
        assert min(stored) > 50
        assert one.poll() is two.poll() is None


def position_of(address: str) -> int:
    """How many events a server alone has stored."""
    with Client(address) as client:
        return client.feedback("last", "i1", "click").log_position - 1

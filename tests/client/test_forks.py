"""Processes that fork while a client and its feedback sender are in use."""

import subprocess
import sys
from collections import Counter

import pytest

from client.fake_server import FakeServer

CHILDREN = 4
EVENTS = 50

BUSY_PARENT = f"""
import os, sys, threading
from recserve.client import Client, RetryPolicy, Settings

client = Client(sys.argv[1], Settings(retry=RetryPolicy(max_attempts=1)))
sender = client.feedback_sender(max_age=0.001, batch_size=3)
children = []

def add(who, count):
    for number in range(count):
        sender.feedback("u", "i", "click", event_id=f"{{who}}-{{number}}")

busy = threading.Thread(target=add, args=("parent", {EVENTS * CHILDREN}))
busy.start()
for child in range({CHILDREN}):
    add(f"before-{{child}}", 2)
    pid = os.fork()
    if not pid:
        assert sender.counts.sent == 0
        add(f"child-{{child}}", {EVENTS})
        if child % 2:
            client.feedback("u", "i", "click", event_id=f"alone-{{child}}")
            client.close()
            assert (sender.counts.sent, sender.counts.failed) == ({EVENTS}, 0)
        sys.exit()  # sends what is left
    children.append(pid)
busy.join()
client.close()
assert (sender.counts.sent, sender.counts.failed) == ({(EVENTS + 2) * CHILDREN}, 0)
assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * {CHILDREN}
"""

WORKERS = """
import multiprocessing, sys
from recserve.client import Client

client = Client(sys.argv[2])
sender = client.feedback_sender(max_age=3600)

def work(number):
    sender.feedback("u", "i", "click", event_id=f"worker-{number}")

if __name__ == "__main__":
    sender.feedback("u", "i", "click", event_id="parent")
    start = multiprocessing.get_context(sys.argv[1])
    workers = [start.Process(target=work, args=(number,)) for number in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert [each.exitcode for each in workers] == [0, 0]
"""


def run(program: str, *arguments: str) -> None:
    words = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def sent(server: FakeServer) -> Counter[str]:
    """How often each event was in a request."""
    requests = server.script.requests["Feedback"]
    return Counter(event.event_id for request in requests for event in request.events)


def test_each_event_is_sent_by_the_process_that_added_it_and_by_no_other(
    server: FakeServer,
) -> None:
    run(BUSY_PARENT, server.address)
    expected = {f"parent-{number}" for number in range(EVENTS * CHILDREN)}
    for child in range(CHILDREN):
        expected |= {f"before-{child}-{number}" for number in range(2)}
        expected |= {f"child-{child}-{number}" for number in range(EVENTS)}
        expected |= {f"alone-{child}"} if child % 2 else set()
    assert sent(server) == Counter(dict.fromkeys(expected, 1))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_what_a_worker_of_multiprocessing_holds_is_sent_when_it_ends(
    server: FakeServer, method: str, tmp_path: object
) -> None:
    program = f"{tmp_path}/workers.py"
    with open(program, "w") as file:  # noqa: PTH123  # spawn imports it again
        file.write(WORKERS)
    words = [sys.executable, program, method, server.address]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert sent(server) == {"parent": 1, "worker-0": 1, "worker-1": 1}


def test_a_fork_does_not_wait_long_for_a_server_that_hangs() -> None:
    run("""
import os, threading
from recserve.client import FeedbackReceipt, FeedbackSender

has_batch, is_open = threading.Event(), threading.Event()

def send(events, timeout):
    has_batch.set()
    is_open.wait()
    return FeedbackReceipt(len(events), 0, 0)

sender = FeedbackSender(send, max_age=0)
sender.feedback("u", "i", "click")
has_batch.wait()
pid = os.fork()
is_open.set()
if not pid:
    sender.feedback("u", "i", "click")
sender.flush()
assert sender.counts.sent == 1
if pid:
    assert os.waitpid(pid, 0)[1] == 0
""")


def test_a_closed_client_and_sender_stay_closed_in_a_child(server: FakeServer) -> None:
    run(
        """
import os, sys
from recserve.client import Client, ClientClosed

client = Client(sys.argv[1])
sender = client.feedback_sender()
sender.feedback("u", "i", "click")
client.close()
pid = os.fork()
for use in (lambda: client.recommend("u"), lambda: sender.feedback("u", "i", "click")):
    try:
        use()
    except ClientClosed:
        continue
    sys.exit("it is open")
if pid:
    assert os.waitpid(pid, 0)[1] == 0
""",
        server.address,
    )

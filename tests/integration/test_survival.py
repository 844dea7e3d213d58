"""Processes killed at bad moments, and what must hold afterwards."""

import os
import threading
from pathlib import Path

import pytest

from integration.server_process import eventually, is_running, kill_child, serving
from recserve.client import Client, Fallback

pytestmark = pytest.mark.integration


def test_a_killed_engine_is_bridged_by_fallback_and_comes_back(handmade_store, tmp_path):
    with serving(tmp_path, "--spare-engine") as server, Client(server.address) as client:
        server.wait_until_warm()
        client.feedback("u", "i5", "click")
        assert client.recommend("u").fallback is None
        [ready] = eventually(lambda: server.said("spare engine ready"), "a spare engine")
        children = server.children()
        assert set(children) == {"front_end", "engine", "spare"}
        assert children["spare"] == ready["pid"]
        kill_child(children["engine"])
        bridged = eventually(
            lambda: (answer := client.recommend("u")).fallback and answer, "a fallback"
        )
        assert bridged.fallback is Fallback.ENGINE_UNAVAILABLE
        assert len(bridged) == 10
        assert "i5" not in [result.item_id for result in bridged]
        server.wait_until_warm()
        assert client.recommend("u").fallback is None
        assert server.children()["engine"] == children["spare"]
        assert priorities(children["spare"]) == priorities(server.process.pid)
        libraries = Path(f"/proc/{children['spare']}/maps").read_text()
        assert "pyarrow" not in libraries, "only Keras would bring it"


def priorities(pid):
    """Policy and niceness of the threads of a process."""
    threads = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    policies = {os.sched_getscheduler(thread) for thread in threads}
    return policies, {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}


def test_no_call_fails_while_the_engine_is_killed_under_load(handmade_store, tmp_path, rounds):
    with serving(tmp_path) as server, Client(server.address) as client:
        server.wait_until_warm()
        client.feedback("u", "i5", "click")
        failures: list[Exception] = []
        done = threading.Event()

        def keep_asking():
            while not done.is_set():
                try:
                    assert len(client.recommend("u", timeout=5)) == 10
                except Exception as error:  # whatever it is, the test shows it
                    failures.append(error)

        callers = [threading.Thread(target=keep_asking) for _ in range(4)]
        for caller in callers:
            caller.start()
        for _ in range(min(rounds, 3)):
            kill_child(eventually(lambda: server.children().get("engine"), "an engine"))
            server.wait_until_warm()
        done.set()
        for caller in callers:
            caller.join()
        assert failures == []


def test_a_killed_supervisor_leaves_no_orphan(handmade_store, tmp_path):
    with serving(tmp_path) as server:
        server.wait_until_warm()
        assert_killing_leaves_no_orphan(server)


def test_a_supervisor_killed_while_the_engine_loads_leaves_no_orphan(handmade_store, tmp_path):
    with serving(tmp_path) as server:
        assert not server.said("engine ready")
        assert_killing_leaves_no_orphan(server)


def assert_killing_leaves_no_orphan(server):
    children = server.children()
    assert set(children) == {"front_end", "engine"}
    server.kill()
    for name, pid in children.items():
        eventually(lambda pid=pid: not is_running(pid), f"the end of the {name}")


def test_a_killed_front_end_comes_back_on_its_port_with_every_event(tmp_path):
    with serving(tmp_path) as server, Client(server.address) as client:
        client.feedback("u", "a", "click")
        address = server.address
        kill_child(server.children()["front_end"])
        eventually(lambda: len(server.said("listening")) == 2, "listening again")
        assert server.address == address
        client.feedback("u", "b", "click", timeout=20)
        client.feedback("v", "c", "click")
        answer = client.recommend("u")
        assert [result.item_id for result in answer] == ["c"]
        assert answer.log_position == 3

"""The line between the supervisor and a child carries messages, and is the child's life."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from recserve.server.control import ChildControl, ParentControl

CHILD = """
import sys, threading
from recserve.server.control import ChildControl
control = ChildControl(int(sys.argv[1]), lambda message: control.send(echo=message))
control.start()
control.send(state="up")
threading.Event().wait()
"""


@contextmanager
def child() -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        arguments = [sys.executable, "-c", CHILD, str(theirs.fileno())]
        process = subprocess.Popen(arguments, pass_fds=[theirs.fileno()])
        theirs.close()
        ours.settimeout(20)
        try:
            assert ours.makefile("rb").readline() == b'{"state": "up"}\n'
            yield process, ours
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("last_words", [b"", b'{"versions": [{"num'], ids=["whole", "half a line"])
def test_a_child_ends_when_the_other_end_of_its_line_is_gone(last_words: bytes) -> None:
    with child() as (process, line):
        line.sendall(last_words)
        line.close()
        assert process.wait(20) == 1


async def test_messages_cross_in_both_directions() -> None:
    parent, theirs = await ParentControl.pair()
    heard: list[object] = []
    arrived = threading.Event()

    def on_message(message: object) -> None:
        heard.append(message)
        if len(heard) == 2:
            arrived.set()

    control = ChildControl(theirs.detach(), on_message)
    reader = threading.Thread(target=_read_without_exit, args=(control,), daemon=True)
    reader.start()
    parent.send(versions=[{"number": 1, "error": "ü\n"}])
    parent.send(drain=1.5)
    assert await asyncio.to_thread(arrived.wait, 10)
    assert heard == [{"versions": [{"number": 1, "error": "ü\n"}]}, {"drain": 1.5}]
    control.send(listening=50051)
    assert await parent.receive() == {"listening": 50051}
    parent.close()
    await asyncio.to_thread(reader.join)
    parent.send(too="late")  # nobody is there; no error


def _read_without_exit(control: ChildControl) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "_exit", lambda _status: None)
        control._read()
    control._socket.close()


async def test_a_child_that_has_gone_is_none() -> None:
    parent, theirs = await ParentControl.pair()
    theirs.close()
    assert await parent.receive() is None
    parent.close()


async def test_half_a_line_of_a_child_that_was_killed_is_none() -> None:
    parent, theirs = await ParentControl.pair()
    with theirs:
        theirs.sendall(b'{"failed": "the disk is f')
    assert await parent.receive() is None
    parent.close()

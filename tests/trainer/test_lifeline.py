"""The line to the supervisor."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from recserve.trainer.lifeline import Lifeline

Pair = tuple[Lifeline, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A lifeline that is not held yet, and its other end."""
    before = signal.getsignal(signal.SIGTERM)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Lifeline(ours), theirs
    signal.signal(signal.SIGTERM, before)


def test_messages_are_lines(pair: Pair) -> None:
    lifeline, other = pair
    lifeline.send(published=3)
    lifeline.send(error='two\nlines and "quotes"')

    with other.makefile("rb") as lines:
        assert json.loads(next(lines)) == {"published": 3}
        assert json.loads(next(lines)) == {"error": 'two\nlines and "quotes"'}


def test_it_is_checked_without_taking_what_was_sent(pair: Pair) -> None:
    lifeline, other = pair
    lifeline.check()
    other.sendall(b"x")
    lifeline.check()
    lifeline.check()
    other.close()
    lifeline.check()  # something is left to read, then comes the end


def test_a_line_whose_other_end_is_gone_ends_whoever_uses_it(pair: Pair) -> None:
    lifeline, other = pair
    other.close()

    with pytest.raises(SystemExit):
        lifeline.check()
    with pytest.raises(SystemExit):
        lifeline.send(progress={})


def test_the_end_of_the_line_comes_to_the_main_thread(pair: Pair) -> None:
    lifeline, other = pair
    lifeline.hold()

    def outlive_it() -> None:
        other.close()
        signal.pause()

    with pytest.raises(SystemExit):
        outlive_it()

    lifeline.let_go()  # else the process that runs these tests would end


def test_a_line_that_was_let_go_ends_nothing(pair: Pair) -> None:
    lifeline, other = pair
    lifeline.hold()
    lifeline.let_go()
    other.close()

    lifeline._reader.join()


def test_a_process_that_does_not_end_by_itself_is_ended() -> None:
    script = """
import signal, socket, sys
from recserve.trainer import lifeline
lifeline.PATIENCE_SECONDS = 0.01
line = lifeline.Lifeline(socket.socket(fileno=int(sys.argv[1])))
line.hold()
line.send(progress={})
while True:
    try:
        signal.pause()
    except SystemExit:
        pass
"""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        program = [sys.executable, "-c", script, str(theirs.fileno())]
        process = subprocess.Popen(program, pass_fds=[theirs.fileno()])
        theirs.close()
        assert ours.recv(100) == b'{"progress": {}}\n'

    assert process.wait(60) == 1

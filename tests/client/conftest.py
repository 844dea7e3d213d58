import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import click
import pytest
from click.testing import CliRunner

from client.both_clients import BlockingAsyncClient
from client.fake_clock import FakeClock
from client.fake_server import FakeServer, Script
from recserve.client import Client
from recserve.client.command import main

MakeClient = Callable[..., Any]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server


@pytest.fixture
def script(server: FakeServer) -> Script:
    return server.script


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=[Client, BlockingAsyncClient], ids=["Client", "AsyncClient"])
def make_client(
    request: pytest.FixtureRequest, server: FakeServer, clock: FakeClock
) -> Iterator[MakeClient]:
    """Makes clients of either kind, for the fake server if no other address is given."""
    with ExitStack() as stack:

        def make(address: str = "", settings: Any = None) -> Any:
            client = request.param(address or server.address, settings, clock=clock.clock())
            return stack.enter_context(client)

        yield make


@pytest.fixture
def client(make_client: MakeClient) -> Any:
    return make_client()


class Terminal:
    """A standard stream that says it is a terminal."""

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def isatty(self):
        return True


@pytest.fixture
def on_a_terminal(server):
    """Runs a command with stdin and stderr that say they are terminals."""

    def run(*arguments, typed=""):
        @click.command()
        def command():
            sys.stdin, sys.stderr = Terminal(sys.stdin), Terminal(sys.stderr)
            main.main(["--server", server.address, *arguments], standalone_mode=False)

        return CliRunner(env={"COLUMNS": "100"}).invoke(command, input=typed)

    return run

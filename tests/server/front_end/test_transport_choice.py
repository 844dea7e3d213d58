"""Which transport serves, for every wish, with and without TLS and the package."""

import sys
from typing import Any

import pytest

from recserve.server.errors import ConfigurationError
from recserve.server.front_end.transports.choice import choose, native_lacks

MISSING = "the package pygrpc-native is not installed"


@pytest.mark.parametrize(
    ("wanted", "tls", "lacks", "transport", "reason"),
    [
        ("auto", False, None, "native", "pygrpc-native is installed, and no TLS is asked for"),
        ("auto", True, None, "grpcio", "TLS is on, which native does not have"),
        ("auto", False, MISSING, "grpcio", MISSING),
        ("auto", True, MISSING, "grpcio", "TLS is on, which native does not have"),
        ("grpcio", False, None, "grpcio", "the setting transport asks for it"),
        ("grpcio", True, None, "grpcio", "the setting transport asks for it"),
        ("grpcio", False, MISSING, "grpcio", "the setting transport asks for it"),
        ("native", False, None, "native", "the setting transport asks for it"),
    ],
)
def test_the_choice(wanted: Any, tls: bool, lacks: str | None, transport: str, reason: str) -> None:
    choice = choose(wanted, tls=tls, native_lacks=lacks)
    assert (choice.transport, choice.reason) == (transport, reason)


@pytest.mark.parametrize(
    ("tls", "lacks", "advice"),
    [
        (True, None, "no TLS: say --transport grpcio"),
        (True, MISSING, "no TLS: say --transport grpcio"),
        (False, MISSING, r"not installed\. pip install 'recserve\[fast\]'"),
    ],
)
def test_native_that_cannot_be_had_is_an_error_that_says_what_to_do(
    tls: bool, lacks: str | None, advice: str
) -> None:
    with pytest.raises(ConfigurationError, match=advice):
        choose("native", tls=tls, native_lacks=lacks)


def test_nothing_is_lacking_here() -> None:
    assert native_lacks() is None


def test_a_package_that_is_not_there_is_what_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygrpc_native", None)
    assert native_lacks() == MISSING

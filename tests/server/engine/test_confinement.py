"""What an engine can no longer do once it is confined. Each in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from recserve.server.engine import confinement

CONFINED = """
import os, resource, socket, stat, subprocess, sys
from recserve.server.engine.confinement import confine
assert confine(may_start_programs={programs})
def refused(attempt):
    try:
        attempt()
    except PermissionError:
        return True
    return False
"""


def confined(program: str, *, programs: bool = False) -> str:
    text = CONFINED.format(programs=programs) + program
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_has_no_network_and_still_its_unix_sockets() -> None:
    program = """
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):
    assert refused(lambda: socket.socket(family, socket.SOCK_DGRAM)), family
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert libc.syscall(425, 1, 0) == -1 and ctypes.get_errno() == 1  # io_uring makes sockets too
socket.socket(socket.AF_UNIX).close()
a, b = socket.socketpair()
a.send(b"x")
print(b.recv(1).decode())
"""
    assert confined(program) == "x"


def test_a_thread_that_is_started_later_has_none_either() -> None:
    program = """
import threading
found = []
def attempt():
    found.append(refused(lambda: socket.socket(socket.AF_INET)))
thread = threading.Thread(target=attempt)
thread.start()
thread.join()
print(found)
"""
    assert confined(program) == "[True]"


def test_it_starts_no_program_unless_a_gpu_s_compiler_may_be_needed() -> None:
    program = "print(refused(lambda: subprocess.run(['/bin/true'])))"
    assert confined(program) == "True"
    assert confined(program, programs=True) == "False"


def test_it_leaves_no_memory_behind_and_gains_no_privileges(tmp_path: Path) -> None:
    program = f"""
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert "NoNewPrivs:\\t1" in open("/proc/self/status").read()
open({str(tmp_path / "made")!r}, "w").close()
print(oct(stat.S_IMODE(os.stat({str(tmp_path / "made")!r}).st_mode)))
"""
    assert confined(program) == "0o600"


def test_credentials_are_not_among_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "RECSERVE_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    kept = confinement.environment()
    assert "secret" not in kept.values()
    assert kept["TF_CPP_MIN_LOG_LEVEL"] == "2"
    assert "PATH" in kept

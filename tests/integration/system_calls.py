"""The system calls that a server makes, as strace writes them down."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TRACED = "write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync"
_CALL = re.compile(r"^\d+ +(\w+)\(\d+<(.*?)>(?:[,)]| <unf)(.*)$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@cache
def strace() -> str:
    """Where strace is; empty if it is not installed."""
    return shutil.which("strace") or ""


def traced_to(output: Path) -> list[object]:
    """The words before a command that has its system calls written to a file.

    Contents are in hexadecimal digits and not cut off. The traced process is a child of ours, as
    if there were no strace (-D).
    """
    words = [strace(), "-D", "-f", "--seccomp-bpf", "-yy", "-xx", "-s", 70_000]
    return [*words, "-e", f"trace={TRACED}", "-o", output]


@dataclass(frozen=True, slots=True)
class SystemCall:
    """One system call.

    Attributes:
        name: Such as `fdatasync`.
        place: The path of the file, or what strace says of the socket.
        content: What was to be written.
        begin: Number of the line where it begins.
        end: Number of the line where it has returned.
        succeeded: Whether it says so.
    """

    name: str
    place: str
    content: bytes
    begin: int
    end: int
    succeeded: bool


def system_calls(output: Path) -> Iterator[SystemCall]:
    """What was written down, in the order in which the calls returned."""
    begun: dict[str, tuple[int, re.Match[str]]] = {}
    for number, line in enumerate(output.read_text().splitlines()):
        thread = line.partition(" ")[0]
        call = _CALL.match(line)
        if call and line.endswith("<unfinished ...>"):
            begun[thread] = number, call
        elif call:
            yield _system_call(call, number, number, line)
        elif " resumed>" in line and thread in begun:
            start, call = begun.pop(thread)
            yield _system_call(call, start, number, line)


def _system_call(call: re.Match[str], begin: int, end: int, last_line: str) -> SystemCall:
    name, place, rest = call.groups()
    if place.startswith("\\x"):
        place = _bytes(place).decode()
    content = b"".join(map(_bytes, _TEXT.findall(rest)))
    return SystemCall(name, place, content, begin, end, ") = -1 " not in last_line)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))

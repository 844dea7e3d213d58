"""What an engine gives up before it loads anything: it only computes, for one Unix socket.

It loads files that were made elsewhere. If one should ever make TensorFlow do what it must not,
there is no network, no new program and no credential for it. The files that the server's user may
read and write remain: that is for the operator to bound.
"""

import ctypes
import os
import platform
import resource
import struct
from pathlib import Path

KEPT = {
    "HOME",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PATH",
    "PROMETHEUS_MULTIPROC_DIR",
    "TMPDIR",
    "TZ",
    "USER",
    "VIRTUAL_ENV",
}
KEPT_PREFIXES = (
    "LC_",
    "PYTHON",
    "TF_",
    "XLA_",
    "CUDA_",
    "NVIDIA_",
    "OMP_",
    "KMP_",
    "MKL_",
    "ONEDNN_",
    "DNNL_",
    "OPENBLAS_",
    "MALLOC_",
    "TCMALLOC_",
    "COVERAGE_",
)
"""Variables that the arithmetic and the interpreter read; all others stay with the server."""
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
_AF_UNIX = 1
_X32 = 0x40000000
# Of each machine: its number, and those of socket, execve, execveat and io_uring_setup.
_CALLS = {"x86_64": (0xC000003E, 41, 59, 322, 425), "aarch64": (0xC00000B7, 198, 221, 281, 425)}


def environment() -> dict[str, str]:
    """The variables that an engine is started with: no tokens, no passwords, no keys."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.startswith(KEPT_PREFIXES)
    }


def confine(*, may_start_programs: bool) -> bool:
    """Give up what is not needed, for good; to be called before there are threads.

    Args:
        may_start_programs: For a GPU, whose compiler is a program.

    Returns:
        Whether the kernel keeps it from the network too. Elsewhere than on Linux on x86-64 and
        ARM, or where a container forbids it, that cannot be had.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold requests
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    numbers = _CALLS.get(platform.machine())
    if numbers is None:
        return False
    program = _filter(numbers, may_start_programs=may_start_programs)
    buffer = ctypes.create_string_buffer(program)
    count = len(program) // 8
    described = struct.pack("@HxxxxxxP", count, ctypes.addressof(buffer))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, described, 0, 0) == 0)


def has_nvidia() -> bool:
    """Whether there is a GPU's driver."""
    return Path("/dev/nvidiactl").exists()


def _filter(numbers: tuple[int, ...], *, may_start_programs: bool) -> bytes:
    """A program of the kernel's filter: sockets only of Unix, and no other way to make them.

    Each instruction is code, jump if true, jump if false, value (linux/filter.h); the offsets are
    those of `struct seccomp_data`: the call's number, the machine, and the first argument.
    """
    machine, socket, *others = numbers
    refused = others if not may_start_programs else others[-1:]
    rules = [(_JUMP_ABOVE, _X32), *((_JUMP_EQUAL, number) for number in refused)]
    body: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, 0),
    ]
    for code, number in rules:
        body += [(code, 0, 1, number), (_RETURN, 0, 0, _REFUSE)]
    body += [
        (_JUMP_EQUAL, 1, 0, socket),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, 16),
        (_JUMP_EQUAL, 0, 1, _AF_UNIX),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in body)

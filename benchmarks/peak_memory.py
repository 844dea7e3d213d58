"""How much memory this program has had."""

import re
from pathlib import Path


def peak_mib() -> float:
    """The most memory that this program had resident; `ru_maxrss` would count its parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024

"""How long `import recserve.client` takes, beside `import grpc`, which every gRPC client pays.

Each import runs in a fresh process, and the two alternate, so that whatever else the machine
does weighs on both. Run `python -m benchmarks.import_time`; it fails above the ceiling.
"""

import statistics
import subprocess
import sys

ROUNDS = 15
CEILING = 1.5
"""Most that the client may cost, as a multiple of grpc alone."""

PROGRAM = """
import time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


def import_seconds(module: str) -> float:
    """Import a module in a fresh process; the start of the interpreter does not count."""
    command = [sys.executable, "-c", PROGRAM.format(module=module)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> int:
    """Print both medians and their ratio; 1 if the ratio is above the ceiling."""
    modules = ("grpc", "recserve.client")
    for module in modules:
        import_seconds(module)  # once for the disk cache and the byte code
    rounds = [[import_seconds(module) for module in modules] for _ in range(ROUNDS)]
    grpc, client = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = client / grpc
    print(f"import grpc             {grpc * 1000:7.1f} ms (median of {ROUNDS})")
    print(f"import recserve.client  {client * 1000:7.1f} ms")
    print(f"ratio                   {ratio:7.2f}    (at most {CEILING})")
    return 0 if ratio <= CEILING else 1


if __name__ == "__main__":
    raise SystemExit(main())

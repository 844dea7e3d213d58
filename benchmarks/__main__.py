"""Every benchmark, or those that are named: `make bench`, `python -m benchmarks cost latency`."""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from benchmarks import import_time, markdown, plots
from benchmarks.bench import Bench
from benchmarks.comparison import change_table, changes
from benchmarks.generator import NO_H2LOAD, LoadFailed, has_h2load
from benchmarks.measures import (
    bulk,
    cost,
    data,
    feedback,
    freshness,
    growth,
    latency,
    overload,
    peers,
    swap,
    throughput,
    training,
    training_load,
)
from benchmarks.places import DOCUMENT, RESULTS
from benchmarks.result import Result, as_json, figures_from_json
from benchmarks.server import NotAvailable

BENCHMARKS: dict[str, Callable[[Bench], Result]] = {
    "cost": cost.run,
    "latency": latency.run,
    "throughput": throughput.run,
    "growth": growth.run,
    "data": data.run,
    "training": training.run,
    "feedback": feedback.run,
    "freshness": freshness.run,
    "bulk": bulk.run,
    "training-load": training_load.run,
    "swap": swap.run,
    "overload": overload.run,
    "peers": peers.run,
    "import-time": import_time.run,
}
PACKAGES = ("grpcio", "pygrpc-native", "protobuf", "tensorflow", "numpy")


def main(words: Sequence[str] | None = None) -> int:
    """Run, print, save, compare; 1 if a benchmark failed or a figure got worse."""
    options = _options(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every `with` ends its server
    saved = json.loads(options.compare.read_text()) if options.compare else None
    results: dict[str, Result] = {}
    failed = []
    with tempfile.TemporaryDirectory(prefix="recserve-bench-") as folder:
        kept = options.keep or Path(folder) / "kept"
        bench = Bench(Path(folder), kept, options.rounds, options.quick, _say)
        for name in options.names or BENCHMARKS:
            _say(name)
            try:
                results[name] = BENCHMARKS[name](bench)
            except (LoadFailed, NotAvailable) as error:
                failed.append(name)
                _say(f"{name} failed: {error}")
                continue
            if not has_h2load():
                results[name].notes.append(NO_H2LOAD)
            _save(results, options)  # after each, so that an interrupted run keeps what it has
            print(markdown.section(name, results[name]), flush=True)
    worse = _compare(saved, results) if saved else 0
    if options.write_document:
        _write_document(results)
    _say(f"saved in {options.output}")
    return 1 if failed or worse else 0


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)}; default: all"
    )
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds [5]")
    parser.add_argument("--quick", action="store_true", help="few calls: does it work at all?")
    parser.add_argument(
        "--compare", type=Path, metavar="PATH", help="results.json of an earlier run"
    )
    parser.add_argument(
        "--output", type=Path, default=RESULTS, metavar="FOLDER", help=f"[{RESULTS}]"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep what is trained there, and use it again"
    )
    parser.add_argument(
        "--write-document", action="store_true", help="put the tables into docs/benchmarks.md"
    )
    options = parser.parse_args(words)
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}"
        )
    if options.rounds < 1:
        parser.error("--rounds is at least 1")
    return options


def machine() -> dict[str, str]:
    """Where it was measured."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    installed = {name: version(name) for name in PACKAGES if _is_installed(name)}
    return {
        "cpu": models[0] if models else platform.processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "python": platform.python_version(),
        **installed,
    }


def _is_installed(name: str) -> bool:
    module = {"grpcio": "grpc", "protobuf": "google.protobuf"}.get(name, name.replace("-", "_"))
    return find_spec(module) is not None


def _save(results: dict[str, Result], options: argparse.Namespace) -> None:
    folder: Path = options.output
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "machine": machine(),
        "rounds": options.rounds,
        "quick": options.quick,
        "benchmarks": {name: as_json(result) for name, result in results.items()},
    }
    (folder / "results.json").write_text(json.dumps(content, indent=1) + "\n")
    sections = [markdown.section(name, result) for name, result in results.items()]
    head = f"# Benchmarks\n\n{_where(options)}\n"
    (folder / "results.md").write_text("\n".join([head, *sections]))
    if find_spec("matplotlib") is None:
        _say("no plots: matplotlib is not installed")
        return
    for result in results.values():
        for chart in result.charts:
            plots.draw(chart, folder)


def _where(options: argparse.Namespace) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in machine().items())
    quick = " A quick run: its figures mean nothing." if options.quick else ""
    return (
        f"Medians of {options.rounds} interleaved rounds, the lowest and highest in brackets. "
        f"Load from the same machine: {facts}.{quick}"
    )


def _compare(saved: dict[str, dict[str, dict[str, object]]], results: dict[str, Result]) -> int:
    """Print the ratios; return how many figures got worse."""
    before = {name: figures_from_json(each) for name, each in saved["benchmarks"].items()}
    found = list(changes(before, {name: each.figures for name, each in results.items()}))
    print(f"## Beside the saved run\n\n{markdown.table(change_table(found))}\n")
    worse = sum(change.verdict == "worse" for change in found)
    _say(f"{worse} of {len(found)} figures got worse beyond the noise")
    return worse


def _write_document(results: dict[str, Result]) -> None:
    text = DOCUMENT.read_text("utf-8")
    for name, result in results.items():
        text = markdown.filled(text, name, markdown.body(result))
    DOCUMENT.write_text(text, "utf-8")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())

"""Generate the code beside the protos, or check that it is up to date.

The generator is the lowest grpcio-tools supported: newer runtimes accept its code, older
ones refuse what a newer one generates.
"""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
PLUGIN = Path(sys.executable).parent / "protoc-gen-mypy_grpc"


def generate(target: Path) -> None:
    """Write the generated code of every proto under `target`."""
    sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    services = [name for name in sources if "\nservice " in (PROTOS / name).read_text()]
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}"]
    messages = [f"--python_out={target}", f"--pyi_out={target}"]
    stubs = [
        f"--grpc_python_out={target}",
        f"--plugin=protoc-gen-mypy_grpc={PLUGIN}",
        f"--mypy_grpc_out=quiet:{target}",
    ]
    subprocess.run([*protoc, *messages, *sources], check=True)
    subprocess.run([*protoc, *stubs, *services], check=True)


def differences(fresh: Path) -> list[str]:
    """Name the generated files that differ from, or are missing in, the tree."""
    made = {path.relative_to(fresh) for path in fresh.rglob("*.py*")}
    there = {path.relative_to(PROTOS) for path in PROTOS.rglob("*_pb2*.py*")}
    there = {path for path in there if "__pycache__" not in path.parts}
    return sorted(
        str(name)
        for name in made | there
        if name not in made
        or name not in there
        or not filecmp.cmp(fresh / name, PROTOS / name, shallow=False)
    )


def main() -> int:
    """Generate in place, or with --check compare with what is committed."""
    if "--check" not in sys.argv[1:]:
        generate(PROTOS)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        stale = differences(Path(folder))
    for name in stale:
        print(f"not up to date: protos/{name} (run `make protos`)", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())

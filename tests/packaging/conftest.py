"""Built distributions and clean environments, each made once in a run."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., str]
CleanEnvironment = Callable[..., Path]


@dataclass(frozen=True)
class Distributions:
    """What `uv build` makes: an sdist, and a wheel made from it."""

    wheel: Path
    sdist: Path


@pytest.fixture(scope="session")
def run() -> Run:
    """A function that runs a command to its end; a failure shows what the command said."""

    def run(*command: object, cwd: Path = ROOT) -> str:
        done = subprocess.run(
            [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def uv() -> str:
    """The uv of this environment, or else the one on the path."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        pytest.fail("no uv beside this Python or on the PATH: run the tests with `make test`")
    return found


@pytest.fixture(scope="session")
def distributions(uv: str, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """The sdist of this tree, and the wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(uv, "build", "--quiet", "--out-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    return Distributions(wheel, sdist)


@pytest.fixture(scope="session")
def locked(uv: str, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The versions of uv.lock, as a constraints file, so that no test depends on the day."""
    constraints = tmp_path_factory.mktemp("lock") / "constraints.txt"
    exported = ("--frozen", "--quiet", "--all-extras", "--no-emit-project", "--no-hashes")
    run(uv, "export", *exported, "--output-file", constraints)
    return constraints


@pytest.fixture(scope="session")
def clean_environment(
    uv: str, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> CleanEnvironment:
    """A function that makes an environment of the given requirements and nothing else.

    Its further arguments go to `uv pip install`. It returns the environment's Python.
    """

    def make(*requirements: object, options: tuple[object, ...] = ()) -> Path:
        folder = tmp_path_factory.mktemp("environment")
        python = folder / "bin" / "python"
        run(uv, "venv", "--quiet", "--python", sys.executable, folder)
        run(uv, "pip", "install", "--quiet", "--python", python, *options, *requirements)
        return python

    return make

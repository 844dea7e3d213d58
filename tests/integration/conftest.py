"""What the tests with real processes share."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.server_process import ServerProcess, serving

TESTS = Path(__file__).parent.parent
ITEM_COUNT = 200


@pytest.fixture(scope="session")
def rounds() -> int:
    """How often a check with chance in it is repeated: more with `make verify`."""
    return 25 if os.environ.get("RECSERVE_VERIFY") else 3


@pytest.fixture(scope="session")
def handmade_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 of the model `default`, made from docs/artefact.md alone."""
    model = tmp_path_factory.mktemp("handmade") / "models" / "default"
    words = [sys.executable, "-m", "integration.handmade_artefact", str(model), "1"]
    subprocess.run([*words, str(ITEM_COUNT)], cwd=TESTS, check=True, capture_output=True)
    return model / "1"


@pytest.fixture
def handmade_store(handmade_version: Path, tmp_path: Path) -> Path:
    """A store of its own with that version, `tmp_path/models`."""
    shutil.copytree(handmade_version, tmp_path / "models" / "default" / "1")
    return tmp_path / "models"


@pytest.fixture(scope="module")
def warm_server(
    handmade_version: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A warm server for the tests of one module."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(handmade_version, folder / "models" / "default" / "1")
    with serving(folder) as server:
        server.wait_until_warm()
        yield server

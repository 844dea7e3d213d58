"""What the wheel and the sdist hold."""

import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOTS = ("protos", "client", "server", "trainer")

pytestmark = pytest.mark.integration


def source_files() -> dict[str, str]:
    """Every file of the four roots: its path in the tree by its path when installed."""
    paths = [path for root in ROOTS for path in (ROOT / root).rglob("*") if path.is_file()]
    kept = [path.relative_to(ROOT) for path in paths if "__pycache__" not in path.parts]
    return {"/".join(path.parts[1:]): path.as_posix() for path in kept}


@pytest.fixture(scope="module")
def wheel_files(distributions) -> set[str]:
    with zipfile.ZipFile(distributions.wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist_files(distributions) -> set[str]:
    with tarfile.open(distributions.sdist) as archive:
        return {member.name.split("/", 1)[1] for member in archive if member.isfile()}


def test_the_wheel_holds_the_four_portions_and_nothing_else(wheel_files):
    modules = {name for name in wheel_files if ".dist-info/" not in name}
    assert set(source_files()) == modules


def test_the_wheel_is_a_namespace_package(wheel_files):
    assert "recserve/__init__.py" not in wheel_files


@pytest.mark.parametrize("portion", ["v1", "client", "server", "trainer"])
def test_each_portion_says_that_it_is_typed(wheel_files, portion):
    assert f"recserve/{portion}/py.typed" in wheel_files


def test_the_wheel_holds_the_protos_and_the_code_generated_from_them(wheel_files):
    protos = {name for name in wheel_files if name.endswith(".proto")}
    generated = {
        name.replace(".proto", suffix) for name in protos for suffix in ("_pb2.py", "_pb2.pyi")
    }
    assert len(protos) == len(list((ROOT / "protos").rglob("*.proto"))) > 0
    assert generated <= wheel_files


def test_the_wheel_carries_its_licence(wheel_files):
    licences = {name.split("/", 1)[1] for name in wheel_files if "/licenses/" in name}
    assert {"licenses/LICENSE", "licenses/NOTICE"} == licences


def test_the_sdist_holds_all_that_a_wheel_is_built_from(sdist_files):
    assert {*source_files().values(), "pyproject.toml", "README.md", "LICENSE"} <= sdist_files


def test_the_sdist_holds_no_tests_and_no_data(sdist_files):
    folders = {name.split("/", 1)[0] for name in sdist_files if "/" in name}
    assert set(ROOTS) == folders

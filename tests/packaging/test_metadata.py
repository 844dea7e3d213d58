"""What the installed distribution says of itself, and whether it is true."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("recserve", "recserve-server", "recserve-trainer")


def test_it_is_installable_on_the_supported_pythons():
    assert set(metadata.metadata("recserve")["Requires-Python"].split(",")) == {">=3.11", "<3.14"}


def test_it_offers_the_extras():
    extras = set(metadata.metadata("recserve").get_all("Provides-Extra") or [])
    assert extras == {
        "server",
        "trainer",
        "pandas",
        "postgresql",
        "s3",
        "plot",
        "gpu",
        "fast",
        "baselines",
        "tune",
        "otel",
        "all",
    }


def test_a_bare_install_asks_for_no_heavy_package():
    bare = [text for text in metadata.requires("recserve") or [] if "extra ==" not in text]
    heavy = ("tensorflow", "keras", "numpy", "pandas", "pyarrow", "scikit-learn")
    assert bare
    assert not [text for text in bare if text.startswith(heavy)]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_resolves(name):
    (command,) = metadata.entry_points(group="console_scripts", name=name)
    assert callable(command.load())


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_loads_tensorflow_before_it_has_work_to_do(name, run):
    (command,) = metadata.entry_points(group="console_scripts", name=name)
    asked = f"import sys, {command.module}; print('tensorflow' in sys.modules)"
    assert run(sys.executable, "-c", asked).strip() == "False"


@pytest.mark.parametrize("root", ["protos", "client", "server", "trainer"])
def test_no_root_claims_the_namespace(root):
    assert not (ROOT / root / "recserve" / "__init__.py").exists()


def test_the_import_contracts_hold(run):
    assert "0 broken" in run(Path(sys.executable).with_name("lint-imports"), "--no-cache")


def test_the_image_is_built_by_the_uv_that_builds_the_environment():
    (made,) = [
        line for line in (ROOT / "Makefile").read_text().splitlines() if "UV_VERSION :=" in line
    ]
    assert f"ARG UV_VERSION={made.split(':=')[1].strip()}\n" in (ROOT / "Dockerfile").read_text()

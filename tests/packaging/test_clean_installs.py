"""What a user gets: the wheel in an environment that holds nothing else of ours."""

import sys

import pytest

pytestmark = pytest.mark.integration

HEAVY = ("tensorflow", "keras", "numpy", "pandas", "sqlalchemy", "pydantic")


@pytest.fixture(scope="module", params=["locked", "lowest"])
def bare(request, clean_environment, distributions, locked):
    """A bare install: at the versions of the lock, and at the lowest that are declared."""
    newest = ("--constraint", locked)
    options = newest if request.param == "locked" else ("--resolution", "lowest-direct")
    return clean_environment(distributions.wheel, options=options)


def test_the_bare_install_imports_the_client(bare, run, tmp_path):
    run(bare, "-W", "error", "-c", "import recserve.client", cwd=tmp_path)


def test_the_bare_install_brings_no_heavy_package(bare, run, tmp_path):
    asked = f"from importlib.util import find_spec; print([n for n in {HEAVY} if find_spec(n)])"
    assert run(bare, "-c", asked, cwd=tmp_path).strip() == "[]"


def test_the_bare_install_accepts_the_generated_code(bare, run, tmp_path):
    services = ("catalog", "model", "recommender", "training")
    imports = ", ".join(f"recserve.v1.{name}_pb2_grpc" for name in services)
    run(bare, "-W", "error", "-c", f"import {imports}", cwd=tmp_path)


def test_the_bare_install_has_the_command_of_the_client(bare, run, tmp_path):
    assert "recommend" in run(bare.with_name("recserve"), "--help", cwd=tmp_path)


def test_a_file_of_the_users_own_named_like_ours_is_not_shadowed(bare, run, tmp_path):
    (tmp_path / "recserve").mkdir()
    (tmp_path / "recserve" / "mine.py").write_text("")
    run(bare, "-c", "import recserve.mine, recserve.client", cwd=tmp_path)


def test_importing_the_client_leaves_heavy_packages_alone(run, tmp_path):
    """Here they are installed, so importing one would succeed and cost seconds."""
    asked = f"import sys, recserve.client; print([n for n in {HEAVY} if n in sys.modules])"
    assert run(sys.executable, "-c", asked, cwd=tmp_path).strip() == "[]"

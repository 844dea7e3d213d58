"""What is released is what the repository says: repeatable, described, listed."""

import hashlib
import json
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000
CLIENT_LIMIT_BYTES = 30 * MEGABYTE
TRANSPORT = ("grpc", "google")
"""What grpcio and protobuf install; the bound is for what comes beside them."""

pytestmark = pytest.mark.integration


def test_the_version_stands_in_one_place():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert metadata.version("recserve") == version
    code = [
        path for part in ("client", "server", "trainer") for path in (ROOT / part).rglob("*.py")
    ]
    assert [path for path in code if f'"{version}"' in path.read_text()] == []


def test_the_changelog_has_the_release_or_what_will_be_in_it():
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] in ("Unreleased", metadata.version("recserve"))
    assert len(headings) == len(set(headings))


def test_the_package_index_would_take_the_distributions(distributions, run):
    checked = run(
        sys.executable, "-m", "twine", "check", "--strict", distributions.wheel, distributions.sdist
    )
    assert checked.count("PASSED") == 2


def test_two_builds_are_the_same_to_the_byte(distributions, uv, run, tmp_path):
    run(uv, "build", "--quiet", "--out-dir", tmp_path, ROOT)
    for made in (distributions.wheel, distributions.sdist):
        again = tmp_path / made.name
        assert digest(again) == digest(made), made.name


def test_the_bill_of_materials_names_what_is_locked(uv, run):
    words = ("export", "--frozen", "--quiet", "--all-extras", "--no-dev", "--format")
    bill = json.loads(run(uv, *words, "cyclonedx1.5", "--preview-features", "sbom-export"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["name"] == "recserve"
    named = {each["name"]: each for each in bill["components"]}
    assert {"grpcio", "tensorflow", "s3fs", "sqlalchemy"} <= named.keys()
    assert all(each["purl"].startswith("pkg:pypi/") for each in named.values() if "purl" in each)


def test_the_client_stays_light(clean_environment, distributions, locked):
    python = clean_environment(distributions.wheel, options=("--constraint", locked))
    (packages,) = python.parents[1].glob("lib/python3*/site-packages")
    beside = [path for path in packages.iterdir() if path.name.partition(".")[0] not in TRANSPORT]
    beside = [path for path in beside if not path.name.startswith(("grpcio-", "protobuf-"))]
    total = sum(size_bytes(path) for path in beside)
    assert total < CLIENT_LIMIT_BYTES, {path.name: size_bytes(path) for path in beside}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def size_bytes(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(each.stat().st_size for each in files if each.is_file())

"""The guides do what they say: each trains, serves, and checks it by itself."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from docs.markdown import ROOT

GUIDES = {"shop": 1, "social": 1, "finance": 15, "health": 1}
"""And the fewest passes that show what they assert."""
AT_A_TIME = 2


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """All guides, under way: each waits for others' processes as often as it computes."""
    folder = tmp_path_factory.mktemp("guides")

    def run(name: str) -> "subprocess.CompletedProcess[str]":
        words = [sys.executable, ROOT / "examples" / "guides" / f"{name}.py"]
        words += ["--folder", folder / name, "--epochs", str(GUIDES[name])]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield {name: pool.submit(run, name) for name in GUIDES}


@pytest.mark.integration
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_shows_what_it_says(running, name):
    done = running[name].result()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.count("\nok: ") >= 5
    assert "FAILED" not in done.stdout


def test_every_guide_has_its_page_and_is_run():
    scripts = {path.stem for path in (ROOT / "examples" / "guides").glob("*.toml")}
    pages = {path.stem for path in (ROOT / "docs" / "guides").glob("*.md")} - {"index"}
    assert scripts == pages == set(GUIDES)

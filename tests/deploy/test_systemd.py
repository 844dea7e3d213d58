"""The unit is what systemd takes, and starts the server as it can be started."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.queries import DEPLOY
from docs.usage import misuse, our_command

UNIT = (DEPLOY / "systemd" / "recserve.service").read_text()
MOST_EXPOSED = 2.0
"""On systemd's scale, 0 to 10; 1.7 as it stands."""
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="no systemd-analyze: install Debian's package systemd",
)


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words],  # noqa: S607 - wherever it is installed
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, of the programs that are installed here."""
    path = tmp_path / "recserve.service"
    path.write_text(UNIT.replace("/opt/recserve/bin", str(Path(sys.executable).parent)))
    return path


@needs_systemd
def test_systemd_takes_it(unit: Path) -> None:
    done = analyze("verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_systemd_finds_a_word_that_it_does_not_know(unit: Path) -> None:
    unit.write_text(UNIT.replace("Restart=on-failure", "Restart=perhaps"))
    assert "perhaps" in analyze("verify", "--man=no", str(unit)).stderr


@needs_systemd
def test_it_is_hardened(unit: Path) -> None:
    threshold = f"--threshold={MOST_EXPOSED * 10:.0f}"
    done = analyze("security", "--offline=true", threshold, str(unit))
    assert done.returncode == 0, done.stdout


def test_the_server_takes_its_words() -> None:
    lines = re.findall(r"^ExecStart(?:Pre)?=/opt/recserve/bin/(\S+) (.*)$", UNIT, re.M)
    assert [line[1].split()[0] for line in lines] == ["check-config", "serve"]
    for program, words in lines:
        assert misuse(our_command(program), words.split()) is None


def test_it_waits_longer_for_the_end_than_the_server_drains() -> None:
    from recserve.server.settings import Settings

    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, re.M)
    assert int(seconds) > Settings().drain_seconds + 5

"""What the Dockerfile starts is what the commands accept."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.markdown import ROOT
from docs.usage import misuse, our_command


def instruction(name: str) -> list[str]:
    """The words of an instruction in exec form, such as the health check's `CMD [...]`."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    (words,) = re.findall(rf"^{name}.*?(\[.*\])$", text, re.M)
    return json.loads(words)


def check_config(*options: str) -> subprocess.CompletedProcess[str]:
    """Ask the server what it thinks of the image's settings."""
    server = Path(sys.executable).with_name(instruction("ENTRYPOINT")[0])
    default = instruction("CMD")
    assert default[0] == "serve"
    words = [server, "check-config", *default[1:], *options]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["HEALTHCHECK", "ENTRYPOINT"])
def test_what_the_image_runs_is_a_command_line_of_ours(name):
    words = instruction(name) + (instruction("CMD") if name == "ENTRYPOINT" else [])
    assert misuse(our_command(words[0]), words[1:]) is None


@pytest.mark.integration
def test_the_default_command_refuses_plaintext_and_says_what_to_do():
    done = check_config()
    assert done.returncode == 2
    assert "--tls-certificate" in done.stderr
    assert "--insecure" in done.stderr


@pytest.mark.integration
def test_the_default_command_listens_once_it_is_told_that_plaintext_is_wanted():
    done = check_config("--insecure")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["listen"] == "0.0.0.0:50051"

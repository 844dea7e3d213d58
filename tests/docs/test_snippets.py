"""The snippets marked `python run` do what they say, against a real server."""

import subprocess
import sys

import pytest

from docs.markdown import blocks, documents

DOCUMENTED_ADDRESS = "localhost:50051"


@pytest.mark.integration
def test_the_snippets_of_each_document_run_as_one_program(served_address, tmp_path):
    found = {path: blocks(path, "python run") for path in documents()}
    programs = {
        path: "\n".join(block.text for block in some) for path, some in found.items() if some
    }
    assert programs
    for path, program in programs.items():
        source = program.replace(DOCUMENTED_ADDRESS, served_address)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", source],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{path}\n{done.stdout}\n{done.stderr}"

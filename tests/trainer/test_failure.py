"""Failures as texts for people who see neither the log nor the machine."""

import errno
import os

import pytest

from recserve.trainer import failure
from recserve.trainer.errors import DatasetError


class ResourceExhaustedError(Exception):
    """As TensorFlow names it."""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DatasetError("data.csv has no rows"), "data.csv has no rows"),
        (
            ModuleNotFoundError("No module named 'sklearn'"),
            f"{failure.NOT_INSTALLED} (No module named 'sklearn')",
        ),
        (MemoryError(), failure.OUT_OF_MEMORY),
        (ResourceExhaustedError("OOM when allocating"), failure.OUT_OF_MEMORY),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/x"),
            "cannot write /data/x: No space left on device",
        ),
        (
            OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
            "cannot write a file: Disk quota exceeded",
        ),
        (FileNotFoundError(errno.ENOENT, "No such file", "/x"), "/x: No such file"),
    ],
)
def test_an_expected_failure_is_told_alone(
    error: Exception, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure.text(error) == told
    assert capsys.readouterr().err == ""


def test_an_unexpected_failure_is_told_and_its_traceback_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("odd")

    assert failure.text(caught.value).startswith("ValueError: invalid literal")
    assert "test_failure.py" in capsys.readouterr().err


def test_a_missing_trainer_is_told_with_the_way_to_mend_it() -> None:
    assert failure.NOT_INSTALLED.endswith("pip install 'recserve[trainer]'")


def test_a_long_text_is_cut() -> None:
    assert len(failure.text(DatasetError("x" * 100_000))) == failure.MOST_CHARACTERS

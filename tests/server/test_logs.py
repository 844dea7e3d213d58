"""Logs are lines for machines, and give nothing away."""

import json
import threading
from collections.abc import Iterator

import pytest
import structlog

from recserve.server import logs


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def logged(capsys: pytest.CaptureFixture[str], log_format: str, level: str = "info") -> str:
    logs.configure(process="engine", level=level, log_format=log_format)
    logger = logs.get("batches")
    logger.debug("too much")
    logger.info("batch done", requests=3)
    try:
        chokes_on("the user " + "ann")
    except RuntimeError:
        logger.exception("batch failed")
    return capsys.readouterr().err


def chokes_on(request: str) -> None:
    raise RuntimeError("broken" if request else "")


def test_each_line_is_json_with_its_process_and_logger(capsys: pytest.CaptureFixture[str]) -> None:
    done, failed = map(json.loads, logged(capsys, "json").splitlines())
    assert done["event"] == "batch done"
    assert (done["process"], done["logger"], done["level"]) == ("engine", "batches", "info")
    assert done["requests"] == 3
    assert failed["exception"][0]["exc_value"] == "broken"


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_local_variables_stay_out_of_the_logs(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    text = logged(capsys, log_format)
    assert "RuntimeError" in text
    assert "the user ann" not in text


def test_what_is_below_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    assert "batch done" not in logged(capsys, "json", level="error")


def test_a_line_of_any_thread_names_its_process(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(process="front-end", level="info", log_format="json")
    thread = threading.Thread(target=lambda: logs.get("calls").info("taken over"))
    thread.start()
    thread.join()
    assert json.loads(capsys.readouterr().err)["process"] == "front-end"

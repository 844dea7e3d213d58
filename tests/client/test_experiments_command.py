import json

import pytest
from click.testing import CliRunner

from recserve.client.command import main
from recserve.v1 import experiment_pb2


@pytest.fixture
def run(server):
    def run(*arguments, columns=140):
        runner = CliRunner(env={"COLUMNS": str(columns)})
        return runner.invoke(main, ["--server", server.address, "experiments", *arguments])

    return run


def rows(text):
    """The cells of the lines that begin with a number, by it and what stands behind it."""
    lines = [line.split("  ") for line in text.splitlines() if line.strip()[:1].isdigit()]
    return [[cell.strip() for cell in line if cell.strip()] for line in lines]


def test_a_row_for_each_version_and_the_estimates_below(run):
    done = run()
    assert done.exit_code == 0, done.output
    stable, canary, shadow, *estimates = rows(done.stdout)
    assert stable == ["1", "19,000", "950", "10.00 ±1.00", "baseline", "-",
                      "0.250 ±0.050"]  # fmt: skip
    assert canary == ["2", "1,000", "1", "15.00 ±inf", "+5.00 ±4.00", "0.0312",
                      "0.375 ±0.125"]  # fmt: skip
    assert shadow == ["3", "0", "0", "-", "-", "-", "-"]
    assert estimates[0] == ["3", "IPS", "0.500 ±0.250", "5,000", "42.5"]
    assert [row[1] for row in estimates] == ["IPS", "SNIPS", "DR"]
    assert done.stdout.count("Warning: the estimates of version 3") == 1
    assert "fewer --positions" in done.stdout


def test_a_narrow_terminal_loses_no_figure(run):
    text = run(columns=80).stdout
    for figure in ("10.00", "±1.00", "+5.00", "0.0312", "0.375", "SNIPS", "142.5"):
        assert figure in text


def test_enough_effective_answers_are_no_reason_to_warn(run, script):
    message = experiment_pb2.CompareVersionsResponse(baseline_version=1)
    estimate = message.versions.add(model_version=1).off_policy.add(
        method=experiment_pb2.OFF_POLICY_METHOD_DR, effective_answer_count=100
    )
    estimate.value.value = 0.5
    script.then("CompareVersions", message)
    text = run().stdout
    assert "DR" in text
    assert "Warning" not in text


def test_answers_without_a_model_are_explained(run, script):
    message = experiment_pb2.CompareVersionsResponse()
    message.versions.add(model_version=0, answer_count=5, user_count=2).success_rate.value = 0.2
    script.then("CompareVersions", message)
    text = run().stdout
    assert rows(text)[0][:2] == ["0", "5"]
    assert "baseline" in text
    assert "answers that no model gave" in text
    assert "off-policy" not in text


def test_no_answers_are_told(run, script):
    script.then("CompareVersions", experiment_pb2.CompareVersionsResponse())
    assert run().stdout == "No answers were logged in that time.\n"


def test_json_has_every_figure_and_no_infinity(run):
    found = json.loads(run("--json").stdout)
    assert found["baseline"] == 1
    assert found["versions"][0]["success_rate"] == {"value": 0.1, "low": 0.09, "high": 0.11}
    assert found["versions"][1]["success_rate"] == {"value": 0.15, "low": None, "high": None}
    assert found["versions"][2]["off_policy"][2]["method"] == "dr"


def test_every_option_reaches_the_server(run, script):
    words = ["--since", "1970-01-02", "--until", "90000", "--baseline", "2", "--version", "1"]
    words += ["--version", "0", "--event-type", "buy", "--event-type", "click", "--positions", "1"]
    assert run(*words, "--model", "default").exit_code == 0
    assert script.requests["CompareVersions"] == [
        experiment_pb2.CompareVersionsRequest(
            model="default",
            start_time={"seconds": 86_400},
            end_time={"seconds": 90_000},
            baseline_version=2,
            model_versions=[1, 0],
            event_types=["buy", "click"],
            positions=1,
        )
    ]


@pytest.mark.parametrize(
    "words", [["--positions", "0"], ["--baseline", "0"], ["--version", "x"], ["--since", "soon"]]
)
def test_wrong_usage_is_told_without_asking(run, script, words):
    assert run(*words).exit_code == 2
    assert not script.requests


def test_the_help_teaches_by_examples(run):
    text = run("--help").stdout
    for line in (
        "recserve models label 7 canary",
        "recserve experiments --since 2026-01-31 --event-type purchase",
        "recserve models label 8 shadow",
        "recserve recommend user-42 --exploration 0.2",
    ):
        assert line in text

"""The search of hyper-parameters: its space, its bounds, how it goes on, what it refuses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from optuna.distributions import BaseDistribution
from optuna.exceptions import StorageInternalError

from recserve.trainer import dataset, hyper_parameter_file, staging, time_span
from recserve.trainer.cleaning import clean
from recserve.trainer.command import cli
from recserve.trainer.errors import HyperParameterError, TrainerError
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.split import split
from recserve.trainer.tuning import space
from recserve.trainer.tuning.examination import Examination
from recserve.trainer.tuning.search import Search, tune
from recserve.trainer.tuning.study import About, opened
from recserve.trainer.tuning.telling import Quiet, TrialLines
from recserve.trainer.tuning.watching import Bound

FIXED = {"max_epochs": 1}
SEARCHED = space.space("two_stage", FIXED)
ABOUT = About.of("data", "schema", "two_stage", "ndcg@10", FIXED, SEARCHED)
Values = list[dict[str, Any]]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Examined:
    """Measures nothing: its value falls with the distance of the width from 100."""

    objective = "ndcg@10"

    def __init__(self, during: Callable[[HyperParameters, Any], None] | None = None) -> None:
        self.asked: list[HyperParameters] = []
        self._during = during

    def measure(self, hp: HyperParameters, progress: Any, check: Callable[[], None]) -> float:
        self.asked.append(hp)
        if self._during:
            self._during(hp, progress)
        check()
        return 1.0 / (1 + abs(hp.embedding_width - 100))


def search(
    folder: Path,
    examined: Examined,
    trials: int | None,
    *,
    bound: Bound | None = None,
    resume: bool = True,
    about: About = ABOUT,
    lines: list[str] | None = None,
) -> Values:
    """Runs a search; returns the parameters of its finished trials."""
    telling = Quiet() if lines is None else TrialLines(lines.append)
    with opened(folder, about, SEARCHED, seed=5, maximised=True, resume=resume) as study:
        found = Search(study, examined, FIXED, SEARCHED, bound or Bound(None), telling)  # type: ignore[arg-type]
        found.run(trials)
        return [found.searched_values(trial) for trial in study.trials]


@pytest.mark.parametrize("family", ["two_stage", "pointwise"])
def test_the_space_is_part_of_the_ranges_and_holds_the_defaults(family: Any) -> None:
    searched = space.space(family, {})
    wanted = {"hidden_layers", "learning_rate", "batch_size", "dropout", "l2"}

    assert wanted <= searched.keys()
    assert ("embedding_width" in searched) == (family == "two_stage")
    assert not searched.keys() & space.NEVER_SEARCHED
    defaults = space.defaults(searched)
    for name, distribution in searched.items():
        assert distribution._contains(distribution.to_internal_repr(defaults[name])), name
        for value in ends(distribution):
            HyperParameters.checked(**{name: space.read(name, value)})


def ends(distribution: BaseDistribution) -> list[Any]:
    choices = getattr(distribution, "choices", None)
    return list(choices) if choices else [distribution.low, distribution.high]  # type: ignore[attr-defined]


def test_every_hyper_parameter_of_the_model_is_searched_unless_given() -> None:
    names = set(HyperParameters.model_fields) - space.NEVER_SEARCHED

    assert set(space.space("two_stage", {})) == names
    assert set(space.space("two_stage", {"l2": 0.0})) == names - {"l2"}


def test_one_that_is_new_is_searched_around_its_default() -> None:
    width = space._around_default("embedding_width")
    rate = space._around_default("learning_rate")

    assert (width.low, width.high) == (16, 256)  # type: ignore[union-attr]
    assert (rate.low, rate.high, rate.log) == (0.00025, 0.004, True)  # type: ignore[union-attr]


def test_the_defaults_come_first_and_better_ones_are_found(tmp_path: Path) -> None:
    examined = Examined()

    tried = search(tmp_path, examined, 8)

    assert examined.asked[0] == HyperParameters.checked(**FIXED)
    assert all(hp.max_epochs == 1 for hp in examined.asked)
    distance = [abs(values["embedding_width"] - 100) for values in tried]
    assert min(distance) < distance[0]


def test_a_search_that_goes_on_tries_what_it_would_have_tried(tmp_path: Path) -> None:
    whole = search(tmp_path / "whole", Examined(), 5)

    first = search(tmp_path / "parts", Examined(), 2)
    rest = search(tmp_path / "parts", Examined(), 5)

    assert rest[:2] == first
    assert rest == whole


def test_no_trial_begins_that_would_not_end_in_time(tmp_path: Path) -> None:
    clock, bound = Clock(), None

    def two_seconds(hp: HyperParameters, progress: Any) -> None:
        clock.now += 2.0

    examined = Examined(two_seconds)
    with opened(tmp_path, ABOUT, SEARCHED, seed=5, maximised=True, resume=False) as study:
        bound = Bound(5.0, clock)
        found = Search(study, examined, FIXED, SEARCHED, bound, Quiet())  # type: ignore[arg-type]
        found._expected_seconds = lambda: 2.0 * bool(study.complete_trials)  # type: ignore[method-assign]
        found.run(None)

    assert len(examined.asked) == 2
    assert bound.left == 1.0


def test_a_trial_at_work_is_stopped_at_the_bound_and_taken_up_again(tmp_path: Path) -> None:
    clock = Clock()

    def long(hp: HyperParameters, progress: Any) -> None:
        clock.now += 100.0
        progress.step(1, 0.5)

    lines: list[str] = []
    examined = Examined(long)
    assert search(tmp_path, examined, None, bound=Bound(5.0, clock), lines=lines) == []
    assert lines[-1] == "trial 0: stopped: the time is up"

    again = Examined()
    search(tmp_path, again, 1)
    assert again.asked == examined.asked


def test_a_trial_that_was_killed_is_taken_up_again(tmp_path: Path) -> None:
    with opened(tmp_path, ABOUT, SEARCHED, seed=5, maximised=True, resume=False) as study:
        killed = dict(study.ask().params)  # and never told

    examined = Examined()
    search(tmp_path, examined, 1)

    (hp,) = examined.asked
    assert killed["embedding_width"] == hp.embedding_width
    assert killed["learning_rate"] == hp.learning_rate


def test_a_trial_that_falls_behind_is_given_up(tmp_path: Path) -> None:
    lines: list[str] = []

    def passes(hp: HyperParameters, progress: Any) -> None:
        progress.stage("retrieval")
        progress.start(10, 100, 0.7)
        worse = len(examined.asked) > 6
        for number in range(1, 11):
            progress.epoch(number, 10, 0.6, {"validation_ndcg@10": 0.0 if worse else 0.5})

    examined = Examined(passes)
    tried = search(tmp_path, examined, 8, lines=lines)

    assert len(tried) == 8
    assert lines.count("trial 7: given up: worse than the median") == 1


def test_a_trial_that_fails_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    def fails(hp: HyperParameters, progress: Any) -> None:
        if len(examined.asked) == 2:
            raise MemoryError

    lines: list[str] = []
    examined = Examined(fails)
    assert len(search(tmp_path, examined, 3, lines=lines)) == 3
    assert any("trial 1: failed: training ran out of memory" in line for line in lines)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dataset": "other"}, "the dataset differs"),
        ({"schema": "other"}, "the schema differs"),
        ({"family": "pointwise"}, "the family differs"),
        ({"fixed": "{}"}, "hyper-parameters that are not searched differs"),
    ],
)
def test_a_search_about_something_else_does_not_go_on(
    tmp_path: Path, change: dict[str, str], told: str
) -> None:
    search(tmp_path, Examined(), 1)

    with pytest.raises(TrainerError, match=told):
        search(tmp_path, Examined(), 2, about=replace(ABOUT, **change))


def test_a_search_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    search(tmp_path, Examined(), 1)

    with pytest.raises(TrainerError, match="--resume"):
        search(tmp_path, Examined(), 1, resume=False)


def test_a_damaged_or_busy_search_is_told(tmp_path: Path) -> None:
    (tmp_path / "study.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(TrainerError, match="cannot be opened as a search"):
        search(tmp_path, Examined(), 1)
    with (
        staging.locked(tmp_path),
        pytest.raises(TrainerError, match="another search is at work"),
    ):
        search(tmp_path, Examined(), 1)


def test_a_search_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    def full(hp: HyperParameters, progress: Any) -> None:
        raise StorageInternalError("disk full")

    with pytest.raises(TrainerError, match="the search cannot be kept"):
        search(tmp_path, Examined(full), 1)


def test_the_holdout_is_left_behind(chains: Path) -> None:
    from recserve.trainer import schema_file

    schema = schema_file.read(chains / "schema.toml")
    tables = clean(dataset.read(dataset.locate(chains, schema.source)), schema, 2e9).tables
    held = split(tables.events, 0.2, clock=True, ordered=True, seed=1).holdout
    train = tables.events.take(~held)

    examined = Examination.of("two_stage", schema, tables, train, HyperParameters())

    known = np.concatenate([examined.train.row, examined.validation.row])
    assert sorted(known) == sorted(examined.tables.events.row) == sorted(train.row)
    assert examined.train.time.max() < examined.validation.time.min()
    assert examined.validation.time.max() < tables.events.time[held].min()


@pytest.mark.parametrize(("text", "seconds"), [("45s", 45), ("30m", 1800), ("1h30m", 5400)])
def test_spans_of_time_are_read(text: str, seconds: int) -> None:
    assert time_span.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "0m", "soon", "30", "1m1h"])
def test_what_is_no_span_of_time_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="such as 45s"):
        time_span.seconds(text)
    done = CliRunner().invoke(cli, ["tune", ".", "--store", str(tmp_path), "--time", text])
    assert done.exit_code == 2 or not text


def test_files_of_hyper_parameters_are_read_and_checked(tmp_path: Path) -> None:
    toml, other = tmp_path / "a.toml", tmp_path / "a.json"
    toml.write_text("hidden_layers = [64, 32]\nl2 = 1e-07\n")
    other.write_text(json.dumps({"dropout": 2}))

    assert hyper_parameter_file.read(toml) == {"hidden_layers": [64, 32], "l2": 1e-7}
    with pytest.raises(HyperParameterError, match=r"a\.json: dropout must be 0 to 0\.9"):
        hyper_parameter_file.read(other)
    for text in ("l2 = ", "[1]"):
        other.write_text(text)
        with pytest.raises(HyperParameterError, match=r"a\.json: "):
            hyper_parameter_file.read(other)


@pytest.mark.integration
def test_flat_data_is_searched_by_log_loss_killed_and_resumed(flat: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-c", "from recserve.trainer.command import main; main()"]
    folder = tmp_path / "study"
    asked = ["tune", str(flat), "--store", str(tmp_path / "models"), "--study", str(folder)]
    asked += ["--max-epochs", "1", "--trials", "2"]
    with subprocess.Popen([*program, *asked], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("trial 1:"):
                running.send_signal(signal.SIGKILL)
                break

    tuned = tune(flat, folder, hyper_parameters={"max_epochs": 1}, trials=2, resume=True)

    assert tuned.objective == "log_loss"
    assert len(tuned.trials) == 2
    assert tuned.trials[0]["value"] == tuned.default
    assert tuned.best == min(trial["value"] for trial in tuned.trials)
    best = hyper_parameter_file.read(tuned.best_file)
    assert best == tuned.hyper_parameters
    assert best["max_epochs"] == 1
    with pytest.raises(TrainerError, match="the family differs"):
        tune(flat, folder, hyper_parameters={"max_epochs": 1}, family="two_stage", resume=True)


@pytest.mark.integration
def test_the_command_searches_trains_and_publishes(chains: Path, tmp_path: Path) -> None:
    store = tmp_path / "models"
    options = ["--max-epochs", "1", "--embedding-width", "8", "--history-length", "4"]
    asked = ["tune", str(chains), "--store", str(store), "--trials", "1", "--fit", "--json"]

    done = CliRunner().invoke(cli, [*asked, *options])

    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["objective"] == "ndcg@10"
    assert [trial["number"] for trial in found["trials"]] == [0]
    made = found["version"]["hyper_parameters"]
    assert made["embedding_width"] == 8
    assert made["hidden_layers"] == found["hyper_parameters"]["hidden_layers"]
    assert (store / "default" / "1" / "manifest.json").is_file()
    assert (tmp_path / "models.tuning" / "default" / "best.toml").is_file()

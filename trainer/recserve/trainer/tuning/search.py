"""`tune`: looks for good hyper-parameters, in a bounded time."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, Trial

from recserve.trainer import failure, quiet_tensorflow, schema_file, training_data
from recserve.trainer import family as families
from recserve.trainer.errors import TrainerError
from recserve.trainer.family import Family
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.progress import Progress, Silent
from recserve.trainer.training import read_schema
from recserve.trainer.tuning import space
from recserve.trainer.tuning.examination import Examination
from recserve.trainer.tuning.study import About, Study, opened
from recserve.trainer.tuning.telling import Quiet, Telling
from recserve.trainer.tuning.watching import Bound, OutOfTime, Watching

BEST = "best.toml"


@dataclass(frozen=True)
class Tuned:
    """What a search found."""

    folder: Path
    family: Family
    objective: str
    best_trial: int
    best: float
    default: float | None
    """The value of the defaults; None where that trial was not measured."""
    hyper_parameters: dict[str, Any]
    """The best ones, those that were given included, by name."""
    trials: list[dict[str, Any]]
    """Number, value (None where given up), seconds and searched hyper-parameters of each."""

    @property
    def best_file(self) -> Path:
        """The best hyper-parameters, for `fit --hyper-parameters`."""
        return self.folder / BEST

    def summary(self) -> dict[str, Any]:
        """For programs."""
        rest = {name: getattr(self, name) for name in vars(self) if name != "folder"}
        return {"study": str(self.folder), "best_file": str(self.best_file), **rest}


def tune(
    path: str | Path,
    folder: str | Path,
    *,
    schema: str | Path | None = None,
    family: Family | None = None,
    hyper_parameters: Mapping[str, Any] | None = None,
    seconds: float | None = 1800.0,
    trials: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    telling: Telling | None = None,
) -> Tuned:
    """Searches the hyper-parameters by which a model does best on validation events.

    The events that `fit` would hold out are never looked at. The others are split once more by
    the same rule: each trial learns from the earlier part and is measured on the later one.
    The first trial is that of the defaults; the others are chosen by a tree-structured Parzen
    estimator (Bergstra et al. 2011) and given up when they fall behind the median.

    Args:
        path: A dataset.
        folder: Where the search is kept, and the best written as `best.toml`.
        schema: A schema file. Default: the dataset's own, else what `inspect` proposes.
        family: Of the models. Default: what suits the dataset.
        hyper_parameters: Values that are not searched, by name.
        seconds: How long to search; None for no bound, if `trials` is given.
        trials: Trials at most, those of an earlier run included.
        resume: Go on with the search in the folder, if there is one.
        progress: Hears of reading and cleaning. Default: nobody.
        telling: Hears of the trials. Default: nobody.

    Raises:
        TrainerError: If the data, the folder or a choice is bad, or no trial ended in time.
    """
    bound, folder = Bound(seconds), Path(folder)
    if seconds is None and trials is None:
        raise TrainerError("a search needs a bound: a time, or a number of trials")
    fixed = dict(hyper_parameters or {})
    base = HyperParameters.checked(**fixed)
    declared = read_schema(Path(path), schema)
    data = training_data.read(path, declared, base, progress or Silent())
    family = family or families.suited(declared, data.tables)
    families.check(family, data.tables)
    if family == "two_stage":
        data = data.without_impressions(declared)
    searched = space.space(family, fixed)
    if not searched:
        raise TrainerError("every hyper-parameter is given; there is nothing to search")
    examined = Examination.of(family, declared, data.tables, data.train, base)
    others = {k: v for k, v in base.model_dump(mode="json").items() if k not in searched}
    digest = schema_file.digest(declared)
    about = About.of(data.digest, digest, family, examined.objective, others, searched)
    with opened(
        folder, about, searched, seed=base.seed, maximised=examined.maximised, resume=resume
    ) as study:
        quiet_tensorflow.set_up()
        search = Search(study, examined, fixed, searched, bound, telling or Quiet())
        search.run(trials)
        tuned = _result(folder, study, examined, search)
        _write(tuned)
    return tuned


class Search:
    """Runs one trial after another."""

    def __init__(
        self,
        study: Study,
        examined: Examination,
        fixed: Mapping[str, Any],
        searched: Mapping[str, BaseDistribution],
        bound: Bound,
        telling: Telling,
    ) -> None:
        self._study, self._examined, self._bound, self._telling = study, examined, bound, telling
        self._fixed, self._searched = fixed, searched
        self.last_failure = ""

    def run(self, most: int | None) -> None:
        """Runs trials until there are `most`, or the time is up or too short for one more."""
        while most is None or len(self._study.trials) < most:
            if self._expected_seconds() >= self._bound.left or not self._one():
                break

    def values(self, trial: Trial | FrozenTrial) -> dict[str, Any]:
        """The hyper-parameters of a trial, those that were given included."""
        return {**self._fixed, **self.searched_values(trial)}

    def searched_values(self, trial: Trial | FrozenTrial) -> dict[str, Any]:
        """The hyper-parameters of a trial that are searched."""
        return {name: space.read(name, trial.params[name]) for name in self._searched}

    def _expected_seconds(self) -> float:
        """The median time of the trials that were measured; 0 without any."""
        times = [_seconds(trial) for trial in self._study.complete_trials]
        return statistics.median(times) if times else 0.0

    def _one(self) -> bool:
        """Runs one trial; returns whether to go on."""
        trial = self._study.ask()
        told = _told(self.searched_values(trial))
        self._telling.began(trial.number, told, self._bound.left)
        watching = Watching(trial, self._bound, self._telling.moved)
        try:
            hp = HyperParameters.checked(**self.values(trial))
            value = self._examined.measure(hp, watching, self._bound.check)
        except OutOfTime:
            self._study.fail(trial, again=True)
            self._telling.ended("stopped: the time is up")
            return False
        except optuna.TrialPruned:
            self._study.prune(trial)
            self._telling.ended("given up: worse than the median")
            return True
        except KeyboardInterrupt:
            self._study.fail(trial, again=True)
            raise
        except optuna.exceptions.StorageInternalError:
            raise
        except Exception as error:
            return self._failed(trial, failure.text(error))
        if not math.isfinite(value):
            return self._failed(trial, f"no {self._examined.objective} could be measured")
        self._study.complete(trial, value)
        self._telling.ended(f"{self._examined.objective} {value:.4f}")
        return True

    def _failed(self, trial: Trial, why: str) -> bool:
        """Notes a trial that came to nothing; goes on only if another one did not."""
        self._study.fail(trial)
        self._telling.ended(f"failed: {why}")
        self.last_failure = why
        return bool(self._study.complete_trials)


def _result(folder: Path, study: Study, examined: Examination, search: Search) -> Tuned:
    if not study.complete_trials:
        if search.last_failure:
            raise TrainerError(f"the first trial failed: {search.last_failure}")
        raise TrainerError(
            "not one trial could be measured in the time; give more (--time), or fewer events. "
            "What was begun is kept: --resume takes it up again"
        )
    best, first = study.best, study.complete_trials[0]
    return Tuned(
        folder=folder,
        family=examined.family,
        objective=examined.objective,
        best_trial=best.number,
        best=float(best.value or 0.0),
        default=first.value if first.params == space.defaults(first.params) else None,
        hyper_parameters=search.values(best),
        trials=[
            {
                "number": trial.number,
                "value": trial.value if trial.state.name == "COMPLETE" else None,
                "seconds": round(_seconds(trial), 1),
                "hyper_parameters": search.searched_values(trial),
            }
            for trial in study.trials
        ],
    )


def _seconds(trial: FrozenTrial) -> float:
    return trial.duration.total_seconds() if trial.duration else 0.0


def _told(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {space.written(_short(value))}" for name, value in values.items())


def _short(value: Any) -> Any:
    return float(f"{value:.3g}") if isinstance(value, float) else value


def _write(tuned: Tuned) -> None:
    """Writes the best hyper-parameters as TOML, whose numbers, texts and lists are JSON's."""
    heading = f"# Trial {tuned.best_trial}: validation {tuned.objective} {tuned.best:.4f}"
    lines = [
        heading,
        *(f"{name} = {json.dumps(value)}" for name, value in tuned.hyper_parameters.items()),
    ]
    temporary = tuned.folder / f".{BEST}"
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    temporary.replace(tuned.best_file)

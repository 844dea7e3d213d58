"""The trials of a search, kept in SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from recserve.trainer import staging
from recserve.trainer.errors import TrainerError
from recserve.trainer.tuning import space

FILE = "study.sqlite"
ABOUT = "about"
# Trials that are never pruned, and the passes that each may have before it can be.
UNPRUNED_TRIALS, UNPRUNED_PASSES = 5, 2
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True)
class About:
    """What a study is about: only trials that agree in all of it can be compared."""

    dataset: str
    """Digest of the dataset."""
    schema: str
    """Digest of the schema."""
    family: str
    objective: str
    fixed: str
    """The hyper-parameters that are not searched, as JSON."""
    searched: str
    """The ranges of the others, as JSON."""

    @classmethod
    def of(
        cls,
        dataset: str,
        schema: str,
        family: str,
        objective: str,
        fixed: Mapping[str, Any],
        searched: Mapping[str, BaseDistribution],
    ) -> About:
        """Writes down what a study is about."""
        ranges = {name: json.loads(distribution_to_json(of)) for name, of in searched.items()}
        written = (json.dumps(each, sort_keys=True) for each in (fixed, ranges))
        return cls(dataset, schema, family, objective, *written)


class Study:
    """The trials so far, and what to try next.

    The parameters of trial n follow from the seed, n and the trials before, whether or not the
    search was interrupted.
    """

    def __init__(
        self, study: optuna.Study, searched: Mapping[str, BaseDistribution], seed: int
    ) -> None:
        self._study, self._searched, self._seed = study, searched, seed

    def prepare(self) -> None:
        """Takes trials that were killed up again, and begins with the defaults."""
        for trial in self._study.get_trials(states=(TrialState.RUNNING,)):
            self._study.tell(trial.number, state=TrialState.FAIL)
            if trial.params:
                self._study.enqueue_trial(trial.params)
        if not self._study.get_trials(states=(*FINISHED, TrialState.WAITING)):
            self._study.enqueue_trial(space.defaults(self._searched))

    def ask(self) -> Trial:
        """The next trial, with its parameters."""
        number = len(self._study.get_trials(deepcopy=False))
        self._study.sampler = TPESampler(seed=self._seed + number)
        return self._study.ask(dict(self._searched))

    def complete(self, trial: Trial, value: float) -> None:
        """A trial was measured."""
        self._study.tell(trial, value)

    def prune(self, trial: Trial) -> None:
        """A trial was given up, as it was worse than half of those before."""
        self._study.tell(trial, state=TrialState.PRUNED)

    def fail(self, trial: Trial, *, again: bool = False) -> None:
        """A trial came to nothing.

        Args:
            trial: Which.
            again: Whether it is to be the next one when the search goes on.
        """
        self._study.tell(trial, state=TrialState.FAIL)
        if again:
            self._study.enqueue_trial(trial.params)

    @property
    def trials(self) -> Sequence[FrozenTrial]:
        """Those that are complete or were pruned."""
        return self._study.get_trials(deepcopy=False, states=FINISHED)

    @property
    def complete_trials(self) -> Sequence[FrozenTrial]:
        """Those that were measured, in their order."""
        return self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))

    @property
    def best(self) -> FrozenTrial:
        """The best trial that was measured."""
        return self._study.best_trial


@contextmanager
def opened(
    folder: Path,
    about: About,
    searched: Mapping[str, BaseDistribution],
    *,
    seed: int,
    maximised: bool,
    resume: bool,
) -> Iterator[Study]:
    """The study of a folder, which is made if there is none.

    Args:
        folder: Where it is kept, locked meanwhile.
        about: What it has to be about.
        searched: The ranges.
        seed: Of the search.
        maximised: Whether more is better.
        resume: Whether a study that is there already goes on.

    Raises:
        TrainerError: If it is there and not to go on, about something else, in use or damaged.
    """
    path = folder / FILE
    if path.exists() and not resume:
        raise TrainerError(
            f"{path} holds a search already; go on with it (--resume), remove it, or name another "
            "folder (--study)"
        )
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with staging.locked(folder, wait=False):
            study = Study(_loaded(path, about, maximised=maximised), searched, seed)
            study.prepare()
            yield study
    except BlockingIOError:
        raise TrainerError(f"another search is at work in {folder}") from None
    except OSError as error:
        raise TrainerError(f"{folder}: cannot be written ({error.strerror or error})") from error
    except optuna.exceptions.StorageInternalError as error:
        raise TrainerError(f"{path}: the search cannot be kept; is the disk full?") from error


def _loaded(path: Path, about: About, *, maximised: bool) -> optuna.Study:
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
        study = optuna.create_study(
            study_name="tune",
            storage=storage,
            direction="maximize" if maximised else "minimize",
            pruner=MedianPruner(UNPRUNED_TRIALS, UNPRUNED_PASSES),
            load_if_exists=True,
        )
        known = study.user_attrs.get(ABOUT)
        if known is None:
            study.set_user_attr(ABOUT, vars(about))
    except Exception as error:  # SQLAlchemy and Optuna raise many kinds for what is no study
        told = str(error).splitlines()[0]
        raise TrainerError(f"{path}: cannot be opened as a search ({told})") from error
    differing = [name for name, value in vars(about).items() if known and known.get(name) != value]
    if differing:
        raise TrainerError(
            f"the search in {path} is about something else: {_difference(differing)}; name "
            "another folder (--study)"
        )
    return study


def _difference(names: Sequence[str]) -> str:
    told = {
        "fixed": "the hyper-parameters that are not searched",
        "searched": "what is searched",
    }
    return " and ".join(f"{told.get(name, f'the {name}')} differs" for name in names)

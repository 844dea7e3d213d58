"""The baselines: tuned one step earlier, then learned anew and asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from recserve.trainer.baselines.answers import recommend
from recserve.trainer.baselines.grids import GRIDS
from recserve.trainer.baselines.method import Lesson, Method, Scores
from recserve.trainer.baselines.tuning import in_words, tune
from recserve.trainer.comparison.protocols import Round
from recserve.trainer.errors import DatasetError
from recserve.trainer.evaluation.answers import Popular
from recserve.trainer.evaluation.ranking import CUT_OFF
from recserve.trainer.evaluation.segments import some
from recserve.trainer.progress import Progress
from recserve.trainer.tables import Ints, popularity

MOST_VALIDATED = 5_000
"""Questions that settings are chosen by, at most."""


@dataclass(frozen=True)
class Rival:
    """A baseline's settings and answers."""

    method: Method
    rows: Ints
    """int32 `[Q, 10]`."""


class Rivals:
    """Tunes and asks baselines.

    Args:
        names: Which, of `GRIDS`.
        test: What they are asked in the end.
        validation: The same one step earlier.
        seed: Draws the questions of the validation.
    """

    def __init__(self, names: Sequence[str], test: Round, validation: Round, seed: int) -> None:
        self._names, self._test, self._validation, self._seed = names, test, validation, seed
        self.left_out: dict[str, str] = {}
        """Those that could not be learned, with the reason."""

    def answers(self, progress: Progress) -> dict[str, Rival]:
        """The answers of each that could be learned."""
        chosen = self._tune(progress)
        lesson, popular = _lesson(self._test), _popular(self._test)
        fitted: dict[str, Scores] = {}
        found = {}
        for name, method in chosen.items():
            progress.stage("baseline", f"{name} ({in_words(method)})")
            fitted[name] = method.fit(lesson, fitted)
            rows = recommend(fitted[name], popular, self._test.questions, CUT_OFF)
            found[name] = Rival(method, rows)
        return {name: found[name] for name in self._names if name in found}

    def _tune(self, progress: Progress) -> dict[str, Method]:
        lesson, popular = _lesson(self._validation), _popular(self._validation)
        questions = some(self._validation.questions, MOST_VALIDATED, self._seed)
        fitted: dict[str, Scores] = {}
        chosen: dict[str, Method] = {}
        for name in self._learned_in_order():
            tell = _teller(progress, name)
            try:
                tuned = tune(GRIDS[name], lesson, questions, popular, fitted, tell)
            except DatasetError as error:
                self.left_out[name] = str(error)
                tell(f"left out: {error}")
                continue
            fitted[name], chosen[name] = tuned.scores, tuned.method
        return chosen

    def _learned_in_order(self) -> Iterator[str]:
        needed = {*self._names, *(("ease",) if "blend" in self._names else ())}
        return (name for name in GRIDS if name in needed)


def _teller(progress: Progress, name: str) -> Callable[[str], None]:
    return lambda text: progress.stage("tune", f"{name} {text}")


def _lesson(about: Round) -> Lesson:
    return Lesson(about.train, about.tables.user_count, about.tables.item_count)


def _popular(about: Round) -> Popular:
    return Popular(popularity(about.train, about.tables.item_count))

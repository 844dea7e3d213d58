"""The program that a server starts to train: `python -m recserve.trainer.job FD JSON`.

FD is an inherited Unix stream socket, connected to the server's supervisor; JSON is a `Job`. On the
socket go JSON lines: `{"progress": …}`, a `recserve.v1.TrainingProgress` each, `{"note": …}` with
a `stage` and a `text` for the log, and at the end one of `{"published": VERSION}` and
`{"error": TEXT}`. The exit status is 0 or 1.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from recserve.trainer import failure, priority
from recserve.trainer.lifeline import Lifeline

if TYPE_CHECKING:
    from recserve.trainer.origin import Promotion
    from recserve.trainer.training import Mode


@dataclass(frozen=True)
class Job:
    """What is to be trained."""

    path: str
    """A dataset."""
    store: str
    """The model store."""
    model: str
    """The model's name."""
    mode: Mode
    base: int | None
    """The version that a warm start begins from; None for the latest."""
    hyper_parameters: dict[str, Any]
    """Those that were chosen, by name."""
    training_run: str
    """The run's resource name."""
    promotion: Promotion
    log_position: int
    """The last log position of the dataset; 0 for one that is not from a log."""
    stable: int | None
    """The version to measure beside the new one; None for none."""
    promotion_margin: float = 0.0
    """How much more than that one it needs to be promoted, as a share."""
    baseline_margin: float = 0.0
    """The same over each baseline."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a job from JSON; its keys are the names of the fields."""
        return cls(**json.loads(text))


def main(descriptor: int, argument: str) -> int:
    """Runs a job.

    Returns:
        The exit status.
    """
    priority.lower()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the supervisor
    lifeline = Lifeline(socket.socket(fileno=descriptor))
    lifeline.hold()
    try:
        version = _train(Job.parse(argument), lifeline)
    except Exception as error:
        told = failure.text(error)
        lifeline.let_go()
        lifeline.send(error=told)
        return 1
    lifeline.let_go()
    lifeline.send(published=version)
    return 0


def _train(job: Job, lifeline: Lifeline) -> int:
    # Late: a package that is missing is an error that is told.
    from recserve.trainer.origin import Origin
    from recserve.trainer.progress_messages import ProgressMessages
    from recserve.trainer.training import fit

    fitted = fit(
        job.path,
        job.store,
        model=job.model,
        mode=job.mode,
        base=job.base,
        hyper_parameters=job.hyper_parameters,
        origin=Origin(
            job.training_run,
            job.promotion,
            job.log_position,
            job.promotion_margin,
            job.baseline_margin,
        ),
        compare_with=job.stable,
        progress=ProgressMessages(
            lambda message: lifeline.send(progress=message),
            lambda stage, text: lifeline.send(note={"stage": stage, "text": text}),
        ),
        confirm=lifeline.check,
    )
    return fitted.manifest.version


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))

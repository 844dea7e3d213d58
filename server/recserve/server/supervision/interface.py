"""What the process that owns versions and trainings does for the front end."""

from typing import Protocol

from recserve.server.training.order import TrainingOrder


class Supervision(Protocol):
    """Does what callers ask for. Every method may raise `Unavailable`: the server is stopping."""

    async def set_label(self, label: str, version: int) -> None:
        """Move a label, and return once it has moved and outlives a restart.

        Raises:
            NotFound: the store has no such version.
            FailedPrecondition: the version cannot be served, or the store cannot be written.
        """

    async def delete_version(self, version: int) -> None:
        """Remove a version from the store.

        Raises:
            NotFound: the store has no such version.
            FailedPrecondition: it has a label or is about to, or the store cannot be written.
        """

    async def train(self, order: TrainingOrder) -> None:
        """Begin a training run.

        Raises:
            Aborted: another one is at work.
        """

    async def cancel_training(self, name: str) -> None:
        """End a training run, and return once it has ended.

        Raises:
            NotFound: no such run is at work.
        """

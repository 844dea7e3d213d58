"""A label that is being moved on request."""

import asyncio
from dataclasses import dataclass, field

from recserve.server.errors import FailedPrecondition
from recserve.server.supervisor.probation import Failed


@dataclass(eq=False)
class LabelRequest:
    """Someone asked for a label to move, and waits."""

    label: str
    version: int
    seen: int
    """The newest version that was there when it was asked for."""
    failed: Failed | None = None
    """Why nobody asked for it, but the server itself goes back."""
    is_written: bool = False
    """Whether the store says so already."""
    done: "asyncio.Future[None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def succeed(self) -> None:
        """The label has moved."""
        if not self.done.done():  # whoever asked may have gone
            self.done.set_result(None)

    def fail(self, why: str, reason: str) -> None:
        """The label stays where it is."""
        if not self.done.done():
            metadata = {"label": self.label, "version": str(self.version)}
            self.done.set_exception(FailedPrecondition(why, reason=reason, metadata=metadata))

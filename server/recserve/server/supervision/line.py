"""The supervisor, reached over the control line."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import asdict

from recserve.server.control import Message
from recserve.server.error_messages import error_from_message
from recserve.server.training.order import TrainingOrder


class SupervisorLine:
    """A `Supervision` that asks and waits for the answer. For one event loop.

    Args:
        send: Sends a message to the supervisor.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[None]] = {}

    async def set_label(self, label: str, version: int) -> None:
        """See `Supervision.set_label`."""
        await self._ask(set_label=label, version=version)

    async def delete_version(self, version: int) -> None:
        """See `Supervision.delete_version`."""
        await self._ask(delete_version=version)

    async def train(self, order: TrainingOrder) -> None:
        """See `Supervision.train`."""
        await self._ask(train=asdict(order))

    async def cancel_training(self, name: str) -> None:
        """See `Supervision.cancel_training`."""
        await self._ask(cancel_training=name)

    def answered(self, message: Message) -> None:
        """Hand an answer to whoever asked, unless they have gone."""
        waiting = self._waiting.pop(message["answer"], None)
        if waiting is None or waiting.done():
            return
        if message["error"] is None:
            waiting.set_result(None)
        else:
            waiting.set_exception(error_from_message(message["error"]))

    async def _ask(self, **ask: object) -> None:
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send(ask=ask, number=number)
        try:
            await waiting
        finally:
            self._waiting.pop(number, None)

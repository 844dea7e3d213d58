"""Who compares versions for a server."""

import asyncio
import contextlib
import json
import socket
import sys
from dataclasses import asdict
from typing import Protocol

from recserve.server.answer_log.memory import InMemoryAnswerLog
from recserve.server.error_messages import error_from_message
from recserve.server.errors import Aborted
from recserve.server.event_log.memory import InMemoryEventLog
from recserve.server.experiments.comparison import Comparison
from recserve.server.experiments.order import Compared, ComparisonOrder
from recserve.server.schema import schema_from_json

PROGRAM = "recserve.server.experiments.process"


class Comparer(Protocol):
    """Compares versions."""

    async def compare(self, order: ComparisonOrder) -> Compared:
        """Do what an order says.

        Raises:
            Aborted: Another comparison is at work (COMPARISON_IN_PROGRESS).
            Unavailable: The database cannot be read.
        """


class ProcessComparer:
    """Compares in a process of its own. Belongs to one event loop.

    Args:
        events: URL of the event log.
    """

    def __init__(self, events: str) -> None:
        self._events = events
        self._is_at_work = False

    async def compare(self, order: ComparisonOrder) -> Compared:
        """See `Comparer.compare`. A caller that leaves ends the process."""
        if self._is_at_work:
            raise Aborted(
                "another comparison is at work; ask again when it is done",
                reason="COMPARISON_IN_PROGRESS",
            )
        self._is_at_work = True
        try:
            return await self._compare(order)
        finally:
            self._is_at_work = False

    async def _compare(self, order: ComparisonOrder) -> Compared:
        lifeline, theirs = socket.socketpair()
        with lifeline, theirs:
            return await self._ask(order, theirs)

    async def _ask(self, order: ComparisonOrder, lifeline: socket.socket) -> Compared:
        pipe, descriptor = asyncio.subprocess.PIPE, lifeline.fileno()
        words = [sys.executable, "-m", PROGRAM, str(descriptor)]
        process = await asyncio.create_subprocess_exec(
            *words, stdin=pipe, stdout=pipe, pass_fds=[descriptor]
        )
        lifeline.close()
        asked = json.dumps({"events": self._events, "order": asdict(order)})
        try:
            printed, _ = await process.communicate(asked.encode())
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        if not printed:
            raise RuntimeError(f"the comparison ended with status {process.returncode}")
        found = json.loads(printed)
        if "error" in found:
            raise error_from_message(found["error"])
        return Compared.from_plain(found["compared"])


class InMemoryComparer:
    """Compares what logs in memory hold, for tests.

    Args:
        log: The event log.
        answers: The answer log.
    """

    def __init__(self, log: InMemoryEventLog, answers: InMemoryAnswerLog) -> None:
        self._log = log
        self._answers = answers

    async def compare(self, order: ComparisonOrder) -> Compared:
        """See `Comparer.compare`."""
        schema = schema_from_json(order.schema)
        found: dict[str, set[str]] = {}
        for each in self._log.after(0, sys.maxsize):
            event = each.event
            counts = event.event_type in order.event_types or (
                not order.event_types and schema.is_positive(event.event_type, event.value)
            )
            if event.recommendation_id and counts:
                found.setdefault(event.recommendation_id, set()).add(event.item_id)
        successes = {answer: frozenset(items) for answer, items in found.items()}
        comparison = Comparison(successes, order.positions)
        since, until = order.since or 0.0, order.until or float("inf")
        comparison.add(a for a in list(self._answers.answers.values()) if since <= a.time < until)
        return Compared(*comparison.standings(order.baseline, order.versions))

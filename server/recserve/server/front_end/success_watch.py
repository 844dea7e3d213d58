"""Looks from time to time what comes of a canary's answers."""

import asyncio
import time
from collections.abc import Callable

from recserve.server import logs
from recserve.server.errors import Aborted, RecserveServerError
from recserve.server.experiments.comparer import Comparer
from recserve.server.experiments.order import Compared, ComparisonOrder
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.labels import CANARY, STABLE
from recserve.server.recommending.versions import ServedVersions
from recserve.server.success_gap import SuccessGap

LOOK_SECONDS = 300.0
"""Between two looks: each is a process that reads the answers since the canary began."""


class SuccessWatch:
    """Compares the canary with the stable version, over the time that both have answered.

    Only a canary has others beside it at the same time; the answers of a version that was
    stable before are of other days. Belongs to one event loop.

    Args:
        comparer: Compares.
        versions: Those that are served.
        schema: Says which events are positive.
        on_gap: Told what was found.
        look_seconds: Time between two looks.
        clock: Gives seconds since the Unix epoch.
    """

    def __init__(
        self,
        comparer: Comparer,
        versions: ServedVersions,
        schema: CurrentSchema,
        on_gap: Callable[[int, SuccessGap], None],
        *,
        look_seconds: float = LOOK_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._comparer = comparer
        self._versions = versions
        self._schema = schema
        self._on_gap = on_gap
        self._look_seconds = look_seconds
        self._clock = clock
        self._pair: tuple[int, int] | None = None
        """The canary and the stable version."""
        self._since = 0.0
        self._task: asyncio.Task[None] | None = None
        self._log = logs.get("experiments")

    def open(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Look once; a canary that is new is looked at from now on.

        Raises:
            Aborted: Another comparison is at work.
            Unavailable: The database cannot be read.
        """
        pair = self._present()
        if pair != self._pair:
            self._pair, self._since = pair, self._clock()
            return
        if pair is None:
            return
        canary, stable = pair
        order = ComparisonOrder(
            schema=self._schema.current.to_json(),
            since=self._since,
            versions=[canary, stable],
            baseline=stable,
            positions=1,
        )
        gap = _gap(await self._comparer.compare(order), canary, stable)
        if gap is not None and pair == self._present():
            self._on_gap(canary, gap)

    async def _work(self) -> None:
        while True:
            try:
                await self.look()
            except Aborted:
                self._log.debug("another comparison is at work")
            except RecserveServerError as error:
                self._log.warning("what comes of the canary is not known", error=error.message)
            except Exception:
                self._log.exception("looking what comes of the canary failed")
            await asyncio.sleep(self._look_seconds)

    def _present(self) -> tuple[int, int] | None:
        canary, stable = self._versions.labelled(CANARY), self._versions.labelled(STABLE)
        if canary is None or stable is None or canary.number == stable.number:
            return None
        return canary.number, stable.number


def _gap(compared: Compared, canary: int, stable: int) -> SuccessGap | None:
    found = {each.version: each for each in compared.standings}
    ours, others = found.get(canary), found.get(stable)
    if ours is None or others is None or ours.difference is None:
        return None
    if ours.success_rate is None or others.success_rate is None:
        return None
    return SuccessGap(
        rate=ours.success_rate.value,
        stable_rate=others.success_rate.value,
        error=ours.difference.error,
        users=ours.user_count,
    )

"""The thread that compacts old events while a server runs."""

import logging
import threading

from recserve.server.errors import RecserveServerError
from recserve.server.retention.compaction import Compaction

SECONDS_BETWEEN_PASSES = 6 * 3600.0
SECONDS_AFTER_FAILURE = 60.0

logger = logging.getLogger(__name__)


class Retention:
    """Compacts what is too old, when it is started and every few hours.

    Args:
        compaction: Does the work.
        days: Events that are younger stay.
    """

    def __init__(self, compaction: Compaction, days: float) -> None:
        self._compaction = compaction
        self._days = days
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stops the thread, and waits for the transaction under way."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(self._pass()):
            pass

    def _pass(self) -> float:
        """One pass; returns the seconds until the next."""
        try:
            compacted = self._compaction.run(self._days, pause=self._closing.wait)
        except RecserveServerError as error:
            logger.warning("old events cannot be compacted for now: %s", error)
            return SECONDS_AFTER_FAILURE
        except Exception:
            logger.exception("compacting old events failed; trying again")
            return SECONDS_AFTER_FAILURE
        if compacted.event_count:
            logger.info("%d old events are compacted", compacted.event_count)
        return SECONDS_BETWEEN_PASSES

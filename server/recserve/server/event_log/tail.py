"""The thread that notices what other processes wrote."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future

from recserve.server.catalogue.interface import Catalogue
from recserve.server.database.interface import Watch
from recserve.server.errors import RecserveServerError
from recserve.server.event_log.interface import EventLog
from recserve.server.events import LoggedEvent

DEFAULT_INTERVAL_SECONDS = 1.0
DEFAULT_MAX_EVENTS_PER_READ = 2_000
OVERDUE_LOOKS = 5.0
"""Intervals without a look that came to its end after which the views count as behind."""

logger = logging.getLogger(__name__)


class LogTail:
    """Follows the log and the catalogue in commit order.

    Where the database tells of other processes' commits, the thread looks at once. SQLite has
    no way to do so, and a notification may be lost, so a timed wait is right beside it: about
    once a second the thread asks the database whether anything was committed, which costs
    next to nothing, and reads on only then. What this server's own writer stored meanwhile is
    read only as far as `position` does not cover it.

    Args:
        log: The log.
        catalogue: The catalogue beside it.
        position: Returns the position up to which everything is known, read before each
            look; such as `LogFeed.position`. Called in the tail's thread.
        on_events: Called in the tail's thread with the next events in commit order, all
            those between `position()` and the last one; such as `LogFeed.from_tail`. The
            tail reads on when the future that it returns has resolved, so that it never
            runs ahead of the views by more than one read.
        on_catalogue_change: Called in the tail's thread when the catalogue has changed.
        on_look: Called in the tail's thread when anything was committed, after the rest.
        monotonic: Tells how long the views have been behind, in seconds.
        interval_seconds: Time between two looks.
        max_events_per_read: Most events handed over at a time.
    """

    def __init__(
        self,
        log: EventLog,
        catalogue: Catalogue,
        *,
        position: Callable[[], int],
        on_events: Callable[[Sequence[LoggedEvent]], Future[None]],
        on_catalogue_change: Callable[[], None],
        on_look: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
        interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
        max_events_per_read: int = DEFAULT_MAX_EVENTS_PER_READ,
    ) -> None:
        self._log = log
        self._catalogue = catalogue
        self._position = position
        self._on_events = on_events
        self._on_catalogue_change = on_catalogue_change
        self._on_look = on_look
        self._monotonic = monotonic
        self._interval_seconds = interval_seconds
        self._max_events_per_read = max_events_per_read
        self._wake = threading.Event()
        self._closing = False
        self._taken: Future[None] | None = None
        self._complete_at = monotonic()
        """The last moment at which the views were known to have all that was committed."""
        self._is_behind = False
        self._data_version: int | None = None
        self._watch: Watch | None = None
        self._catalogue_revision = catalogue.revision()
        self._thread = threading.Thread(target=self._run, name="log-tail", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._watch = self._log.watch(self.nudge)
        self._thread.start()

    def nudge(self) -> None:
        """Makes the thread look now, such as for a caller that waits for a position."""
        self._wake.set()

    def lag_seconds(self) -> float:
        """Returns how old an event may be that is committed and not in the views.

        0 where the last look has brought all there was; else the time since the last look of
        which that holds, also while the database cannot be read or a read hangs. So it is
        never less than the age of an event that is missing, but for the time between two looks.
        May be called on any thread.
        """
        since = self._monotonic() - self._complete_at
        return since if self._is_behind or since > OVERDUE_LOOKS * self._interval_seconds else 0.0

    def close(self) -> None:
        """Stops the thread, and waits for it; may be called on the event loop's thread."""
        if self._watch is not None:
            self._watch.close()
        self._closing = True
        self._wake.set()
        if self._taken is not None:
            self._taken.cancel()  # whoever would resolve it may be waiting for us
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        failing = False
        while not self._closing:
            try:
                self.look()
                failing = False
            except RecserveServerError as error:
                self._is_behind = True  # for all we know
                if not failing:  # say it once, not every second
                    logger.warning("the event log cannot be followed for now: %s", error)
                failing = True
            except Exception:
                self._is_behind = True
                logger.exception("following the event log failed; trying again")
            self._wake.wait(self._interval_seconds)
            self._wake.clear()

    def look(self) -> None:
        """Looks once, and hands over all that is new."""
        begun = self._monotonic()
        version = self._log.data_version()
        if version != self._data_version:
            self._is_behind = True
            if not self._bring():
                return
            self._data_version = version  # only now: a look that failed is repeated
        self._complete_at = begun
        self._is_behind = False

    def _bring(self) -> bool:
        """Hands over all that is new; False if the tail was closed meanwhile."""
        position = self._position()
        while logged := self._log.after(position, self._max_events_per_read):
            if not self._hand_over(logged):
                return False
            position = logged[-1].position
        self._look_at_catalogue()
        self._on_look()
        return True

    def _hand_over(self, logged: Sequence[LoggedEvent]) -> bool:
        """Waits until the events are taken; False if the tail was closed meanwhile."""
        self._taken = self._on_events(logged)
        if self._closing:  # `close` may have looked before there was anything to cancel
            return False
        try:
            self._taken.result()
        except CancelledError:
            return False
        return True

    def _look_at_catalogue(self) -> None:
        revision = self._catalogue.revision()
        if revision != self._catalogue_revision:
            self._on_catalogue_change()
            self._catalogue_revision = revision

"""The thread that writes the answer log, behind the answers."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from zlib import crc32

from recserve.server import metrics
from recserve.server.answer_log.interface import AnswerLog, LoggedAnswer
from recserve.server.errors import RecserveServerError

DEFAULT_MAX_WAITING = 50_000
INTERVAL_SECONDS = 0.5
"""Answers wait so long for others to share their transaction: nobody waits for them."""
ANSWERS_PER_COMMIT = 500
"""Few, since feedback may wait for a commit of this size."""
SECONDS_BETWEEN_CLEARINGS = 600.0
FORGOTTEN_PER_COMMIT = 2_000
DAY_SECONDS = 86_400.0

logger = logging.getLogger(__name__)


class AnswerWriter:
    """Writes answers some time after they were given; an answer never waits for it.

    If the database fails, answers wait for it, and beyond `max_waiting` the newest are left
    out and counted. A server that is killed loses those of the last half second: feedback is
    still attributed by the id alone, which says who answered.

    The lock guards `_waiting`; it is not held while the log is touched.

    Args:
        log: The answer log.
        share: Share of answers that are logged, 0 to 1; by a hash of the id.
        days: How long answers are kept; 0: for ever.
        max_waiting: Most answers that wait for the disk.
        interval_seconds: How long the first of a transaction waits for others.
        clock: Gives seconds since the Unix epoch.
    """

    def __init__(
        self,
        log: AnswerLog,
        *,
        share: float,
        days: float,
        max_waiting: int = DEFAULT_MAX_WAITING,
        interval_seconds: float = INTERVAL_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._log = log
        self._threshold = round(share * 2**32)
        self._days = days
        self._max_waiting = max_waiting
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        """Held while answers are on their way to the log."""
        self._waiting: deque[LoggedAnswer] = deque()
        self._some = threading.Event()
        self._closing = threading.Event()
        self._clear_at = 0.0
        self._thread = threading.Thread(target=self._run, name="answer-writer", daemon=True)

    def start(self) -> None:
        """Starts the thread. Answers may be added before."""
        self._thread.start()

    def logs(self, recommendation_id: str) -> bool:
        """Whether an answer is among those that are logged."""
        return crc32(recommendation_id.encode()) < self._threshold

    def add(self, answer: LoggedAnswer) -> None:
        """Takes an answer that is among those that are logged; never blocks for long."""
        with self._lock:
            has_room = len(self._waiting) < self._max_waiting
            if has_room:
                self._waiting.append(answer)
        if not has_room:
            metrics.ANSWERS_LOST.inc()
        elif not self._some.is_set():  # once it is, the thread has yet to look
            self._some.set()

    def drop(self, user_id: str) -> None:
        """Forgets what waits of a user who is to be erased; may wait for a commit."""
        with self._writing, self._lock:
            kept = [each for each in self._waiting if each.user_id != user_id]
            self._waiting = deque(kept)

    def flush(self) -> None:
        """Writes what waits, in the caller's thread.

        Raises:
            Unavailable, Overloaded: The database fails; the answers go on waiting.
        """
        while self._write_some():
            pass

    def close(self) -> None:
        """Writes what waits, and stops the thread."""
        self._closing.set()
        self._some.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        failing = False
        while not self._closing.is_set():
            self._some.wait()
            self._closing.wait(self._interval_seconds)
            self._some.clear()
            try:
                self.flush()
                self._clear_old()
                failing = False
            except RecserveServerError as error:
                if not failing:  # say it once, not every time
                    logger.warning("answers cannot be logged for now: %s", error)
                failing = True
                self._some.set()
            except Exception:
                logger.exception("writing the answer log failed; trying again")
                self._some.set()

    def _write_some(self) -> bool:
        """Writes a transaction's worth; returns whether there was any."""
        with self._writing:
            with self._lock:
                count = min(len(self._waiting), ANSWERS_PER_COMMIT)
                some = [self._waiting[i] for i in range(count)]
            if not some:
                return False
            self._log.append(some)
            with self._lock:  # only now: what failed goes on waiting
                for _ in some:
                    self._waiting.popleft()
            return True

    def _clear_old(self) -> None:
        now = self._clock()
        if not self._days or now < self._clear_at:
            return
        before = now - self._days * DAY_SECONDS
        while self._log.forget_before(before, FORGOTTEN_PER_COMMIT) == FORGOTTEN_PER_COMMIT:
            if self._closing.is_set():
                return
        self._clear_at = now + SECONDS_BETWEEN_CLEARINGS

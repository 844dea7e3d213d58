"""Which requests an engine takes: those that it is likely to answer in time."""

import math

from recserve.server.engine.contract import EngineDeadlineExceeded, EngineOverloaded, Ranking
from recserve.server.engine.padding import padded_size

SMOOTHING = 0.2
"""Share of the newest measurement in a moving average."""
LEAST_RETRY_SECONDS = 0.05
TRUSTED = 0.75
"""Share of the time that a caller has which the wait in a queue may take. A batch may well be a
third slower than the last ones, and an answer that comes too late costs as much as one in time."""
FORGETTING = 0.95
"""What is left of every measured time when it kept a request from an idle engine."""


class Admission:
    """Predicts how long a request would wait, from how long batches took.

    The wait is that for the batch under way, and for the full batches of all that waits. The time
    of a batch is a moving average for its padded size. A size that was never measured is taken to
    be as fast as the nearest one that was; one that is larger than all of those, to go on growing
    as they do, or the first burst would be taken too lightly. All are free before that: a new
    engine takes everything until it has answered, and is not held to one slow first answer. One
    slow batch must not shut an engine off: refused requests measure nothing, so what keeps requests
    from an idle engine is forgotten bit by bit, and no size is taken to be slower than what newer
    batches of others say.

    Args:
        max_waiting: Most requests that may wait.
        max_wait_seconds: Longest wait, however long the caller has.
        max_batch: Most requests in a batch.
    """

    def __init__(
        self, *, max_waiting: int = 1024, max_wait_seconds: float = 1.0, max_batch: int = 64
    ) -> None:
        self._max_waiting = max_waiting
        self._max_wait_seconds = max_wait_seconds
        self._max_batch = max_batch
        self._seconds: dict[int, float] = {}  # by padded size
        self._expected: dict[int, float] = {}  # the same, and what follows for other sizes

    def observe(self, ranking: Ranking) -> None:
        """Learn from an answer."""
        size = padded_size(ranking.batch_requests)
        before = self._seconds.get(size, ranking.inference_seconds)
        self._seconds[size] = now = before + SMOOTHING * (ranking.inference_seconds - before)
        for other, seconds in self._seconds.items():
            most = now * max(1.0, other / size)
            if seconds > most:
                self._seconds[other] = most
        self._expected = self._seconds.copy()

    def check(self, waiting: int, seconds_left: float) -> None:
        """Decide about one more request.

        Args:
            waiting: Requests without an answer.
            seconds_left: What the caller has; infinity without a deadline.

        Raises:
            EngineDeadlineExceeded: not even an idle engine would answer in time.
            EngineOverloaded: too many wait, or the wait would be too long.
        """
        if seconds_left <= self._batch_seconds(1):
            if not waiting:
                self._forget()
            raise EngineDeadlineExceeded("one batch takes longer than the caller has")
        if waiting >= self._max_waiting:
            raise EngineOverloaded(
                f"{waiting} requests wait for the engine already", self._retry_seconds(waiting)
            )
        wait = self.predict(waiting)
        if wait > min(TRUSTED * seconds_left if waiting else seconds_left, self._max_wait_seconds):
            retry_seconds = self._retry_seconds(waiting)
            if not waiting:
                self._forget()
            raise EngineOverloaded(f"the wait for the engine would be {wait:.3f} s", retry_seconds)

    def predict(self, waiting: int) -> float:
        """Seconds until a request would have its answer, if so many are before it."""
        if not waiting or not self._seconds:
            return self._batch_seconds(1)
        full, rest = divmod(waiting + 1, self._max_batch)
        queue = full * self._batch_seconds(self._max_batch)
        if rest:
            queue += self._batch_seconds(rest)
        under_way = self._batch_seconds(min(waiting, self._max_batch)) / 2
        return queue + under_way

    def _retry_seconds(self, waiting: int) -> float:
        """When half of what waits now should be done."""
        return max(LEAST_RETRY_SECONDS, self.predict(waiting) / 2)

    def _forget(self) -> None:
        for size in self._seconds:
            self._seconds[size] *= FORGETTING
        self._expected = self._seconds.copy()

    def _batch_seconds(self, requests: int) -> float:
        """The time of a batch: that of its size, or what others say of it."""
        size = padded_size(requests)
        seconds = self._expected.get(size)
        if seconds is None:
            seconds = self._expected[size] = self._guess(size)
        return seconds

    def _guess(self, size: int) -> float:
        if not self._seconds:
            return 0.0
        smallest, largest = min(self._seconds), max(self._seconds)
        if size > largest > smallest:
            rise = self._seconds[largest] - self._seconds[smallest]
            more = (size - largest) / (largest - smallest)
            return self._seconds[largest] + max(0.0, rise) * more
        known = min(self._seconds, key=lambda each: abs(math.log(each / size)))
        return self._seconds[known]

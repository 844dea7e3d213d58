"""Admission and batches together, on a clock of the test: what gets through under overload."""

import random
from dataclasses import dataclass, field

import pytest

from recserve.server.engine.admission import Admission
from recserve.server.engine.batcher import Batch, Batcher
from recserve.server.engine.contract import EngineDeadlineExceeded, EngineOverloaded, Ranking
from recserve.server.engine.frames import ArrivedRequest

MAX_BATCH = 64
DEADLINE = 1.0
STEADY, OVERLOADED = 2.0, 5.0
"""Seconds at half of capacity, and then at several times of it."""
NOTHING = memoryview(b"")


@dataclass
class Engine:
    """Takes requests as a front end and an engine process do; a batch takes `seconds`."""

    fixed: float
    each: float
    unevenness: float
    """How much faster or slower a batch may be than usual, by chance."""
    chance: random.Random
    now: float = 0.0
    done_at: float = float("inf")
    waiting: dict[int, float] = field(default_factory=dict)
    """When each came that was accepted and not answered yet."""
    took: list[float] = field(default_factory=list)
    """How long each answer took."""
    expired: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        self._admission = Admission(max_batch=MAX_BATCH)
        self._batcher: Batcher[str] = Batcher(
            max_requests=MAX_BATCH, max_rows=1 << 16, rows_found=200, clock=lambda: self.now
        )
        self._batch: Batch[str] = Batch([], [])
        self._numbers = iter(range(1 << 30))

    @property
    def capacity(self) -> float:
        """Requests a second, in full batches."""
        return MAX_BATCH / (self.fixed + self.each * MAX_BATCH)

    def arrive(self) -> None:
        """Somebody asks now."""
        try:
            self._admission.check(len(self.waiting), DEADLINE)
        except (EngineOverloaded, EngineDeadlineExceeded):
            self.refused += 1
            return
        number = next(self._numbers)
        self.waiting[number] = self.now
        request = ArrivedRequest(self.now + DEADLINE, 10, *[NOTHING] * 3, None, NOTHING, ())
        self._batcher.put("front end", [(number, request)])
        if self.done_at == float("inf"):
            self._begin()

    def finish(self) -> None:
        """The batch under way is done now."""
        live, seconds = self._batch.live, self.now - self._began
        self._admission.observe(Ranking((), (), 0.0, seconds, len(live)))
        self.took += [self.now - self.waiting.pop(each.request_id) for each in live]
        self._begin()

    def _begin(self) -> None:
        self.done_at = float("inf")
        while len(self._batcher):
            self._batch = self._batcher.take() or self._batch
            for each in self._batch.expired:
                del self.waiting[each.request_id]
            self.expired += len(self._batch.expired)
            if self._batch.live:
                usual = self.fixed + self.each * len(self._batch.live)
                uneven = self.chance.uniform(1 - self.unevenness, 1 + self.unevenness)
                self._began, self.done_at = self.now, self.now + usual * uneven
                return


def load(engine: Engine, rate: float, until: float) -> None:
    """Requests come by chance, `rate` a second, until the clock says `until`."""
    arrival = engine.now + engine.chance.expovariate(rate)
    while min(arrival, engine.done_at) < until:
        if engine.done_at <= arrival:
            engine.now = engine.done_at
            engine.finish()
        else:
            engine.now = arrival
            engine.arrive()
            arrival += engine.chance.expovariate(rate)


@pytest.mark.parametrize("times", [1.5, 3.0])
@pytest.mark.parametrize(
    ("fixed", "each", "unevenness"),
    [
        (0.0015, 0.0002, 0.1),  # a thousand items on a core
        (0.0015, 0.0002, 0.5),
        (0.0015, 0.0016, 0.1),  # a hundred thousand
        (0.0015, 0.0016, 0.5),
        (0.0050, 0.0100, 0.1),  # a batch takes two thirds of the time that a caller has
    ],
)
def test_an_overloaded_engine_goes_on_answering_at_its_capacity(
    fixed: float, each: float, unevenness: float, times: float
) -> None:
    engine = Engine(fixed, each, unevenness, random.Random(3))  # noqa: S311  # no secret
    load(engine, engine.capacity / 2, STEADY)
    assert engine.refused == 0, "half of its capacity is no overload"
    engine.took.clear()
    load(engine, times * engine.capacity, STEADY + OVERLOADED)
    in_time = [seconds for seconds in engine.took if seconds <= DEADLINE]
    assert len(in_time) >= 0.85 * engine.capacity * OVERLOADED
    assert len(in_time) >= 0.9 * (len(engine.took) + engine.expired)
    assert engine.refused > 0

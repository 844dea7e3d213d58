"""A clock that a test moves; waiting moves it too, and takes no time."""

from recserve.client import Clock


class FakeClock:
    """Starts at 1000 s; draws 0.5 as every random number."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: self.now,
            time=lambda: self.now,
            sleep=self._sleep,
            async_sleep=self._async_sleep,
            random=lambda: 0.5,
        )

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    async def _async_sleep(self, seconds: float) -> None:
        self._sleep(seconds)

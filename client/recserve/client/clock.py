"""What the SDK takes from its surroundings: time, waiting and chance."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic as _monotonic
from time import sleep as _sleep
from time import time as _time


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, waiting and chance; a test replaces them and waits for nothing."""

    monotonic: Callable[[], float] = _monotonic
    """Seconds since some moment; never goes back. Deadlines and ages use it."""
    time: Callable[[], float] = _time
    """Seconds since the Unix epoch, for `event_time`."""
    sleep: Callable[[float], None] = _sleep
    """Waits for some seconds."""
    async_sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits for some seconds without holding the event loop."""
    random: Callable[[], float] = random.random
    """A number from 0 up to 1, for jitter."""

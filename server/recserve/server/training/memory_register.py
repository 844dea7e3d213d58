"""A register in memory, for tests."""

import threading

from recserve.server.training.register import (
    ENDED,
    Run,
    in_progress,
    new_run,
    number_of,
    without_manifest,
)
from recserve.v1 import training_pb2


class InMemoryRunRegister:
    """A `RunRegister` that forgets everything when the process ends.

    The lock guards every field.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[int, tuple[str, Run]] = {}

    def add(
        self, model: str, request: training_pb2.TrainRequest, now: float, trigger: str = ""
    ) -> tuple[Run, bool]:
        """See `RunRegister.add`."""
        with self._lock:
            own = [run for name, run in self._runs.values() if name == model]
            for run in own:
                if request.request_id and run.request.request_id == request.request_id:
                    return without_manifest(run), False
            for run in own:
                if run.state not in ENDED:
                    raise in_progress(run)
            number = len(self._runs) + 1
            added = new_run(model, number, request, now, trigger)
            self._runs[number] = (model, added)
            return without_manifest(added), True

    def put(self, run: Run) -> bool:
        """See `RunRegister.put`."""
        with self._lock:
            model, before = self._runs.get(number_of(run), ("", None))
            if before is None or before.state in ENDED:
                return False
            self._runs[number_of(run)] = (model, without_manifest(run))
            return True

    def get(self, model: str, number: int) -> Run | None:
        """See `RunRegister.get`."""
        with self._lock:
            name, run = self._runs.get(number, ("", None))
            return without_manifest(run) if run is not None and name == model else None

    def newest(self, model: str, before: int | None, limit: int) -> list[Run]:
        """See `RunRegister.newest`."""
        with self._lock:
            own = [
                run
                for number, (name, run) in reversed(self._runs.items())
                if name == model and (before is None or number < before)
            ]
            return [without_manifest(run) for run in own[:limit]]

    @property
    def is_shared(self) -> bool:
        """See `RunRegister.is_shared`."""
        return False

    def renew(self, number: int) -> bool:
        """See `RunRegister.renew`."""
        with self._lock:
            return number in self._runs and self._runs[number][1].state not in ENDED

    def orphaned(self, model: str) -> list[Run]:
        """See `RunRegister.orphaned`."""
        return [run for run in self.newest(model, None, len(self._runs)) if run.state not in ENDED]

"""Erases users for callers, off the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from recserve.server import logs
from recserve.server.answer_log import AnswerWriter
from recserve.server.erasure import Erased, Trained
from recserve.server.front_end.storage import Storage
from recserve.server.model_store import InvalidVersion, ModelStore
from recserve.server.training.register import ENDED

RUNS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasure did.

    Attributes:
        erased: What the database says.
        training_runs: Runs at work that may have read the user's events.
    """

    erased: Erased
    training_runs: tuple[str, ...]


class Eraser:
    """Erases one user at a time. Belongs to one event loop.

    Args:
        model: The name of the model served.
        storage: Where users are.
        store: Its manifests say what versions were trained on.
        answers: May hold answers that are not written yet.
        on_begin: Called first, with the user: to let go of what is under way for them.
        on_erased: Called when the rows are gone, with all ids of the user and the catalogue's
            revision.
    """

    def __init__(
        self,
        *,
        model: str,
        storage: Storage,
        store: ModelStore,
        answers: AnswerWriter,
        on_begin: Callable[[str], None],
        on_erased: Callable[[Sequence[str], int], Awaitable[None]],
    ) -> None:
        self._model = model
        self._storage = storage
        self._store = store
        self._answers = answers
        self._on_begin = on_begin
        self._on_erased = on_erased
        self._thread = ThreadPoolExecutor(1, "erasing")
        self._work: set[asyncio.Task[Receipt]] = set()

    async def erase(self, user_id: str) -> Receipt:
        """Erase a user. Goes on to its end also if the caller leaves.

        Raises:
            Overloaded: The disk is full, or another process writes for too long.
            Unavailable: The database fails, or a reader keeps what was erased alive; repeat it.
        """
        work = asyncio.create_task(self._erase(user_id))
        self._work.add(work)
        work.add_done_callback(self._work.discard)
        return await asyncio.shield(work)

    def close(self) -> None:
        """Let go of what has not begun; repeating an erasure completes it."""
        for work in self._work:
            work.cancel()
        self._thread.shutdown(cancel_futures=True)

    async def _erase(self, user_id: str) -> Receipt:
        loop = asyncio.get_running_loop()
        user_ids = await loop.run_in_executor(self._thread, self._storage.erasures.ids_of, user_id)
        for each in user_ids:
            self._on_begin(each)
        receipt = await loop.run_in_executor(self._thread, self._delete, user_id)
        # Before the files are scrubbed, which takes longer: no answer goes by the user any more.
        await self._on_erased(receipt.erased.user_ids, receipt.erased.revision)
        await loop.run_in_executor(self._thread, self._storage.erasures.scrub, user_id)
        logs.get("erasure").info(
            "a user is erased",
            receipt=receipt.erased.receipt_id,
            events=receipt.erased.event_count,
            versions=len(receipt.erased.versions),
        )
        return receipt

    def _delete(self, user_id: str) -> Receipt:
        for each in self._storage.erasures.ids_of(user_id):
            self._answers.drop(each)
        runs = self._runs_at_work()  # first: one that ends meanwhile has made a version
        return Receipt(self._storage.erasures.erase(user_id, self._trained()), runs)

    def _runs_at_work(self) -> tuple[str, ...]:
        newest = self._storage.runs.newest(self._model, None, RUNS_LOOKED_AT)
        return tuple(
            run.name for run in newest if run.state not in ENDED and not run.request.dataset_path
        )

    def _trained(self) -> list[Trained]:
        found = []
        for number in self._store.versions():
            try:
                lineage = self._store.manifest(number).lineage
            except InvalidVersion:
                continue  # it can be neither served nor started from
            base = lineage.base_version
            found.append(
                Trained(
                    name=self._name(number),
                    base=self._name(base) if base else "",
                    log_position=lineage.log_position,
                    since=lineage.first_event_time.ToNanoseconds() / 1e9,
                    until=lineage.last_event_time.ToNanoseconds() / 1e9,
                )
            )
        return found

    def _name(self, number: int) -> str:
        return f"models/{self._model}/versions/{number}"

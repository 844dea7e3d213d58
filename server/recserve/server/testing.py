"""A server in memory, for tests of programs that call one.

Real gRPC on a real port, real validation and real semantics; the event log, the catalogue, the
answer log, the engine and the trainer are doubles in memory, so it starts in milliseconds and
needs no TensorFlow:

    with InMemoryServer(item_ids=["a", "b", "c"]) as server:
        with Client(server.address) as client:
            client.feedback("u1", "a", "click")
            client.recommend("u1")
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from recserve.server import logs
from recserve.server.answer_log import InMemoryAnswerLog
from recserve.server.catalogue import InMemoryCatalogue, ItemRecord
from recserve.server.engine.memory import InMemoryEngine, Scorer
from recserve.server.event_log import InMemoryEventLog
from recserve.server.front_end.calls import CallLimit
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.front_end import FrontEnd
from recserve.server.front_end.storage import Storage
from recserve.server.front_end.transports.choice import Wanted, choose, native_lacks
from recserve.server.front_end.transports.making import make_transport
from recserve.server.front_end.version_states import Standing
from recserve.server.item_table import ItemTable
from recserve.server.labels import STABLE
from recserve.server.model_store import ModelStore
from recserve.server.model_store.memory import InMemoryModelStore
from recserve.server.recommending.versions import ServedVersion
from recserve.server.schema import Features, declare
from recserve.server.supervision import InMemorySupervision
from recserve.server.tracing import Tracing
from recserve.v1 import model_pb2, schema_pb2

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["InMemoryServer"]


class InMemoryServer:
    """A recserve server on a loopback port, while the `with` lasts.

    Args:
        item_ids: The items, most popular first. Version 1 knows them; without any there is no
            version, and answers are the counts of the log.
        item_features: Features of items by id, as the schema declares them. Default: none known.
        schema: Events and features; default: every event type, no features.
        scorer: Scores the items for a request; default: the earlier, the better.
        uses_history: Whether a user without history is unknown to the model.
        store: Folder of a model store, for what ModelService lists. Default: one in memory, with
            the versions that are served.
        transport: The gRPC implementation, as in the setting of this name.
        tracer_provider: Makes OpenTelemetry's spans of the calls. Default: nothing does.
    """

    def __init__(
        self,
        *,
        item_ids: Sequence[str] = (),
        item_features: Mapping[str, Features] | None = None,
        schema: schema_pb2.Schema | None = None,
        scorer: Scorer | None = None,
        uses_history: bool = True,
        store: Path | None = None,
        transport: Wanted = "grpcio",
        tracer_provider: "TracerProvider | None" = None,
    ) -> None:
        self._schema = declare(schema or schema_pb2.Schema())
        self._item_ids = tuple(item_ids)
        self._uses_history = uses_history
        self._versions = InMemoryModelStore()
        self._store = self._versions if store is None else ModelStore(store / "default")
        self._supervision = InMemorySupervision(self._versions)
        self._wanted = transport
        self._tracing = Tracing.by(tracer_provider) if tracer_provider else Tracing()
        self.log = InMemoryEventLog()
        self.catalogue = InMemoryCatalogue()
        self.answers = InMemoryAnswerLog()
        known = item_features or {}
        self.catalogue.put_items(
            [ItemRecord(item_id, known.get(item_id, {})) for item_id in {*item_ids, *known}]
        )
        self.engine = InMemoryEngine(len(item_ids), scorer)
        self.address = ""
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="in-memory-server", daemon=True)

    def __enter__(self) -> Self:
        logs.settle()
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._ready.is_set():
                raise
            self._failure = error  # `__enter__` raises it
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._front_end = front_end = FrontEnd(
            model="default",
            storage=Storage.in_memory(self.log, self.catalogue, self.answers),
            store=self._store,
            schema=CurrentSchema(self._schema, fixed=True),
            supervision=self._supervision,
            run_tracer=self._tracing.runs,
        )
        await front_end.open()
        self._supervision.on_report = front_end.runs.follow
        self._supervision.on_labels = self._show
        front_end.runs.follow(None)
        if self._item_ids:
            self._versions.put(self._manifest())
            await self._supervision.set_label(STABLE, 1)
        choice = choose(self._wanted, tls=False, native_lacks=native_lacks())
        transport = make_transport(
            choice, front_end.add_servicers, CallLimit(), tracer=self._tracing.calls
        )
        self.address = f"127.0.0.1:{await transport.start('127.0.0.1:0')}"
        self._ready.set()
        await self._stopping.wait()
        front_end.drain()
        await transport.stop(1.0)
        await front_end.close()

    def _manifest(self) -> model_pb2.ModelVersion:
        manifest = model_pb2.ModelVersion(version=1, schema=self._schema.message)
        manifest.layout.history_length = 50
        manifest.layout.multi_valued_length = 8
        manifest.layout.uses_history = self._uses_history
        return manifest

    def _show(self, labels: Mapping[str, int]) -> None:
        """Serve what has a label; all versions rank alike."""
        front_end, stored = self._front_end, self._versions.versions()
        popularity = np.arange(len(self._item_ids), 0, -1, dtype=np.float32)
        items = ItemTable(self._item_ids, popularity)
        for number in labels.values():
            manifest = self._versions.manifest(number)
            front_end.versions.put(ServedVersion.of(manifest, items, self.engine))
        for label, number in labels.items():
            front_end.versions.set_label(label, number)
        front_end.states.replace({number: _standing(number, labels) for number in stored})
        self._announcing = asyncio.ensure_future(front_end.announce_versions())


def _standing(number: int, labels: Mapping[str, int]) -> Standing:
    own = tuple(label for label, at in labels.items() if at == number)
    served = model_pb2.MODEL_VERSION_STATE_SERVING
    return Standing(served if own else model_pb2.MODEL_VERSION_STATE_AVAILABLE, own)

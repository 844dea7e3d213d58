"""The front end put together: storage, views, recommender, servicers. Knows no transport."""

import asyncio
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from grpc_health.v1 import health_pb2_grpc

from recserve.server import logs
from recserve.server.catalogue import Catalogue
from recserve.server.engine.admission import Admission
from recserve.server.errors import RecserveServerError
from recserve.server.event_log import EventLog, LogTail, LogWriter
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.servicers.health import HealthServicer
from recserve.server.front_end.servicers.later import CatalogServicer
from recserve.server.front_end.servicers.models import ModelServicer
from recserve.server.front_end.servicers.recommender import RecommenderServicer
from recserve.server.front_end.servicers.training import TrainingServicer
from recserve.server.front_end.version_cards import VersionCards
from recserve.server.front_end.version_keeper import VersionKeeper
from recserve.server.front_end.version_states import VersionStates
from recserve.server.model_store import ModelStore
from recserve.server.profiles import LogFeed, Popularity, Profiles
from recserve.server.recommending.recent import RecentQueries
from recserve.server.recommending.recommendation_id import KEY_BYTES, RecommendationIds
from recserve.server.recommending.recommender import Recommender
from recserve.server.recommending.shadow import Shadow
from recserve.server.recommending.versions import ServedVersions
from recserve.server.supervision import Supervision
from recserve.server.training import RunRegister
from recserve.server.training.runs import TrainingRuns
from recserve.v1 import (
    catalog_pb2_grpc,
    model_pb2_grpc,
    recommender_pb2_grpc,
    training_pb2_grpc,
)

MODEL_HEALTH = "recserve.model"
READER_THREADS = 4
_ID_KEY = "recommendation_id_key"
SERVICES = (
    "recserve.v1.RecommenderService",
    "recserve.v1.ModelService",
    "recserve.v1.TrainingService",
    "recserve.v1.CatalogService",
    "grpc.health.v1.Health",
)


class FrontEnd:
    """Everything behind the RPCs, on one event loop. `open` it before it is used.

    Args:
        model: The name of the model served.
        log: The event log; the front end does not close it.
        catalogue: The catalogue beside it.
        store: The model store.
        schema: The schema of events.
        register: Where training runs are kept.
        supervision: Trains, moves labels and deletes versions.
        admission: Makes what decides which requests one engine takes.
        canary_share: Share of users whom a canary answers.
        shadow_share: Share of answers that are compared with a shadow's.
        max_waiting_events: Most events that may wait for the disk.
        cached_profiles: Most profiles kept.
    """

    def __init__(
        self,
        *,
        model: str,
        log: EventLog,
        catalogue: Catalogue,
        store: ModelStore,
        schema: CurrentSchema,
        register: RunRegister,
        supervision: Supervision,
        admission: Callable[[], Admission] = Admission,
        canary_share: float = 0.0,
        shadow_share: float = 1.0,
        max_waiting_events: int = 100_000,
        cached_profiles: int = 100_000,
    ) -> None:
        self._model = model
        self._log = log
        self._catalogue = catalogue
        self._store = store
        self._schema = schema
        self._supervision = supervision
        self._max_waiting_events = max_waiting_events
        self._shadow_share = shadow_share
        self._readers = ThreadPoolExecutor(READER_THREADS, "reader")
        self._profiles = Profiles(
            log, catalogue, schema.current, self._readers, max_users=cached_profiles
        )
        self.versions = ServedVersions(canary_share)
        self.states = VersionStates()
        self.health = HealthServicer()
        self.runs = TrainingRuns(
            model=model, register=register, supervision=supervision, store=store
        )
        self.keeper = VersionKeeper(
            store=store,
            versions=self.versions,
            states=self.states,
            admission=admission,
            on_change=self.announce_versions,
        )

    async def open(self) -> None:
        """Read what the views begin with, and start the threads.

        Raises:
            Unavailable: the database cannot be read.
        """
        self._loop = asyncio.get_running_loop()
        counts = await asyncio.to_thread(self._log.item_counts, self._schema.current)
        item_ids = await asyncio.to_thread(self._catalogue.item_ids)
        key = await asyncio.to_thread(self._log.settle_meta, _ID_KEY, secrets.token_hex(KEY_BYTES))
        self._ids = RecommendationIds(bytes.fromhex(key))
        self._popularity = Popularity(self._schema.current, counts, item_ids)
        self._feed = LogFeed(
            self._loop, counts.position, [self._profiles.apply, self._popularity.apply]
        )
        self._writer = LogWriter(
            self._log, self._feed.from_writer, max_queued_events=self._max_waiting_events
        )
        self._tail = LogTail(
            self._log,
            self._catalogue,
            position=lambda: self._feed.position,
            on_events=self._feed.from_tail,
            on_catalogue_change=self._on_catalogue_change,
        )
        self._recommender = Recommender(self._profiles, self._popularity, self._feed)
        self._recent = RecentQueries(self._recommender)
        self.keeper.warm_up = self._recent.warm_up
        self._shadow = Shadow(
            self._recommender,
            self.versions,
            share=self._shadow_share,
            monotonic=time.monotonic,
        )
        self._take_catalogue(*await asyncio.to_thread(self._read_catalogue))
        self._writer.start()
        self._tail.start()
        self.runs.open()
        self.health.set("", serving=True)
        self.health.set(MODEL_HEALTH, serving=False)

    def add_servicers(self, server: Any) -> None:
        """Register every service with a transport's server."""
        cards = VersionCards(model=self._model, store=self._store, states=self.states)
        recommender_pb2_grpc.add_RecommenderServiceServicer_to_server(
            RecommenderServicer(
                model=self._model,
                recommender=self._recommender,
                versions=self.versions,
                store=self._store,
                schema=self._schema,
                writer=self._writer,
                ids=self._ids,
                runs=self.runs,
                cards=cards,
                recent=self._recent,
                shadow=self._shadow,
            ),
            server,
        )
        model_pb2_grpc.add_ModelServiceServicer_to_server(
            ModelServicer(
                model=self._model,
                store=self._store,
                states=self.states,
                cards=cards,
                supervision=self._supervision,
            ),
            server,
        )
        training_pb2_grpc.add_TrainingServiceServicer_to_server(
            TrainingServicer(model=self._model, runs=self.runs, cards=cards), server
        )
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogServicer(), server)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, server)

    def drain(self) -> None:
        """Tell health checkers that no new calls are wanted."""
        self.health.drain()
        self.runs.drain()

    async def close(self) -> None:
        """Write what waits, and stop the threads. The transport has stopped before."""
        self._tail.close()
        await self.runs.close()
        await self._shadow.close()
        await asyncio.to_thread(self._writer.close)
        self.keeper.close()
        self._readers.shutdown()

    async def announce_versions(self) -> None:
        """The versions have changed: follow the stable one's schema, and say if it is warm."""
        stable = self.versions.stable
        if stable is not None:
            self._profiles.set_history_length(max(stable.widths.history, 1))
            if self._schema.follow(stable.schema):
                await self._recount()
        self.health.set(MODEL_HEALTH, serving=self.keeper.is_warm)

    async def _recount(self) -> None:
        """Events count by another schema now: read the views anew."""
        self._profiles.set_schema(self._schema.current)
        try:
            await self._popularity.recount(self._schema.current, self._log)
        except RecserveServerError as error:
            logs.get("front-end").warning("the old counts go on", error=error.message)

    def _read_catalogue(self) -> tuple[frozenset[str], list[str]]:
        """The items that may not be recommended, and all items."""
        return self._catalogue.unavailable_item_ids(), self._catalogue.item_ids()

    def _take_catalogue(self, unavailable: frozenset[str], item_ids: list[str]) -> None:
        self._profiles.invalidate_all()
        self._popularity.add_items(item_ids)
        self._recommender.unavailable = unavailable
        self.keeper.set_unavailable(unavailable)

    def _on_catalogue_change(self) -> None:
        """On the tail's thread: one read at a time, and one that fails is repeated."""
        self._loop.call_soon_threadsafe(self._take_catalogue, *self._read_catalogue())

"""The front end put together: storage, views, recommender, servicers. Knows no transport."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from grpc_health.v1 import health_pb2_grpc

from recserve.server import logs, metrics
from recserve.server.answer_log import AnswerWriter
from recserve.server.engine.admission import Admission
from recserve.server.errors import RecserveServerError
from recserve.server.event_log import LogFollowers, LogTail, LogWriter
from recserve.server.filtering import FilterMasks
from recserve.server.front_end.attribution import Attribution
from recserve.server.front_end.automatic_training import AutomaticTraining
from recserve.server.front_end.catalogue_changes import CatalogueChanges
from recserve.server.front_end.catalogue_view import CatalogueChange, CatalogueView, read_catalogue
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.erasing import Eraser
from recserve.server.front_end.joining import UserJoiner
from recserve.server.front_end.options import FrontEndOptions
from recserve.server.front_end.servicers.catalog import CatalogServicer
from recserve.server.front_end.servicers.events import EventServicer
from recserve.server.front_end.servicers.experiments import ExperimentServicer
from recserve.server.front_end.servicers.health import HealthServicer
from recserve.server.front_end.servicers.models import ModelServicer
from recserve.server.front_end.servicers.recommender import RecommenderServicer
from recserve.server.front_end.servicers.training import TrainingServicer
from recserve.server.front_end.storage import Storage
from recserve.server.front_end.success_watch import SuccessWatch
from recserve.server.front_end.version_cards import VersionCards
from recserve.server.front_end.version_keeper import VersionKeeper
from recserve.server.front_end.version_states import VersionStates
from recserve.server.model_store import ModelStore
from recserve.server.profiles import LogFeed, Popularity, Profiles
from recserve.server.reading import Reading
from recserve.server.recommending.recent import RecentQueries
from recserve.server.recommending.recommendation_id import KEY_BYTES, RecommendationIds
from recserve.server.recommending.recommender import Recommender
from recserve.server.recommending.shadow import Shadow
from recserve.server.recommending.similar import SimilarItems
from recserve.server.recommending.versions import ServedVersions
from recserve.server.retention import Retention
from recserve.server.success_gap import SuccessGap
from recserve.server.supervision import Supervision
from recserve.server.tracing import RunTracer
from recserve.server.training.runs import TrainingRuns
from recserve.server.training.schedule import Schedule
from recserve.v1 import (
    catalog_pb2_grpc,
    event_pb2_grpc,
    experiment_pb2_grpc,
    model_pb2_grpc,
    recommender_pb2_grpc,
    training_pb2_grpc,
)

MODEL_HEALTH = "recserve.model"
READER_THREADS = 4
FILTER_THREADS = 2
_ID_KEY = "recommendation_id_key"
SERVICES = (
    "recserve.v1.RecommenderService",
    "recserve.v1.ModelService",
    "recserve.v1.TrainingService",
    "recserve.v1.CatalogService",
    "recserve.v1.ExperimentService",
    "recserve.v1.EventService",
    "grpc.health.v1.Health",
)


class FrontEnd:
    """Everything behind the RPCs, on one event loop. `open` it before it is used.

    Args:
        model: The name of the model served.
        storage: The event log and what is kept beside it; the front end does not close it.
        store: The model store.
        schema: The schema of events.
        supervision: Trains, moves labels and deletes versions.
        admission: Makes what decides which requests one engine takes.
        options: What the operator has chosen.
        schedule: When to train by itself; None: never.
        on_successes: Told what comes of a canary's answers, from time to time; None: nobody looks.
        run_tracer: Makes a span of each training run; None: they are not traced.
    """

    def __init__(
        self,
        *,
        model: str,
        storage: Storage,
        store: ModelStore,
        schema: CurrentSchema,
        supervision: Supervision,
        admission: Callable[[], Admission] = Admission,
        options: FrontEndOptions | None = None,
        schedule: Schedule | None = None,
        on_successes: Callable[[int, SuccessGap], None] | None = None,
        run_tracer: RunTracer | None = None,
    ) -> None:
        self._model = model
        log, catalogue = storage.log, storage.catalogue
        self._log = log
        self._catalogue = catalogue
        self._storage = storage
        self._store = store
        self._schema = schema
        self._supervision = supervision
        self._options = options = options or FrontEndOptions()
        self._readers = ThreadPoolExecutor(READER_THREADS, "reader")
        self._filterers = ThreadPoolExecutor(FILTER_THREADS, "filter")
        self._followings = ThreadPoolExecutor(1, "follow")  # who looks on holds nobody up
        self._profiles = Profiles(
            log, catalogue, schema.current, self._readers, max_users=options.cached_profiles
        )
        self._answers = AnswerWriter(
            storage.answers, share=options.answer_log_share, days=options.answer_log_days
        )
        self._retention: Retention | None = None
        if options.event_days and storage.compaction is not None:
            self._retention = Retention(storage.compaction, options.event_days)
        self.versions = ServedVersions(options.canary_share)
        self.states = VersionStates()
        self.health = HealthServicer()
        self.runs = TrainingRuns(
            model=model,
            register=storage.runs,
            supervision=supervision,
            store=store,
            tracer=run_tracer,
        )
        self.keeper = VersionKeeper(
            store=store,
            versions=self.versions,
            states=self.states,
            admission=admission,
            on_change=self.announce_versions,
        )
        self._success_watch: SuccessWatch | None = None
        if on_successes is not None:
            self._success_watch = SuccessWatch(
                storage.comparer, self.versions, schema, on_successes
            )
        self._automatic = AutomaticTraining(
            schedule or Schedule(),
            runs=self.runs,
            log=log,
            position=lambda: self._feed.position,
            store=store,
            versions=self.versions,
            states=self.states,
            schema=schema,
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
            self._loop,
            counts.position,
            [self._profiles.apply, self._popularity.apply, self._automatic.saw],
        )
        self._writer = LogWriter(
            self._log,
            self._feed.from_writer,
            max_queued_events=self._options.max_waiting_events,
            deliver=self._loop.call_soon_threadsafe,
        )
        self._joiner = UserJoiner(self._storage.joins, self._profiles)
        await asyncio.to_thread(self._joiner.open)
        self._erased = await asyncio.to_thread(self._storage.erasures.count)
        self._tail = LogTail(
            self._log,
            self._catalogue,
            position=lambda: self._feed.position,
            on_events=self._feed.from_tail,
            on_catalogue_change=self._on_catalogue_change,
            on_look=self._joiner.follow,
        )
        self._feed.on_waiting = self._tail.nudge
        self._followers = LogFollowers(self._log, self._feed, self._followings)
        self._masks = FilterMasks(self._catalogue, self._filterers)
        self._recommender = Recommender(self._profiles, self._popularity, self._feed, self._masks)
        self._similar = SimilarItems(self._profiles, self._masks)
        self._recent = RecentQueries(self._recommender)
        self.keeper.warm_up = self._recent.warm_up
        self.keeper.on_removed = self._masks.forget
        self._attribution = Attribution(self._answers, self._ids)
        self._shadow = Shadow(
            self._recommender,
            self.versions,
            share=self._options.shadow_share,
            monotonic=time.monotonic,
            on_answer=self._attribution.note_shadow,
        )
        self._view = CatalogueView(
            profiles=self._profiles,
            popularity=self._popularity,
            masks=self._masks,
            recommender=self._recommender,
            keeper=self.keeper,
        )
        self._view.take(await asyncio.to_thread(read_catalogue, self._catalogue))
        self._changes = CatalogueChanges(self._catalogue, self._view)
        self._eraser = Eraser(
            model=self._model,
            storage=self._storage,
            store=self._store,
            answers=self._answers,
            on_begin=self._shadow.forget,
            on_erased=self._on_erased,
        )
        self._writer.start()
        self._answers.start()
        self._tail.start()
        if self._retention is not None:
            self._retention.start()
        self.runs.open()
        self._automatic.open()
        if self._success_watch is not None:
            self._success_watch.open()
        self.health.set("", serving=True)
        self.health.set(MODEL_HEALTH, serving=False)

    def add_servicers(self, server: Any) -> None:
        """Register every service with a transport's server."""
        cards = VersionCards(model=self._model, store=self._store, states=self.states)
        recommender_pb2_grpc.add_RecommenderServiceServicer_to_server(
            RecommenderServicer(
                model=self._model,
                recommender=self._recommender,
                similar=self._similar,
                versions=self.versions,
                store=self._store,
                schema=self._schema,
                writer=self._writer,
                ids=self._ids,
                attribution=self._attribution,
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
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(
            CatalogServicer(self._changes, self._schema, self._eraser, self._joiner), server
        )
        experiment_pb2_grpc.add_ExperimentServiceServicer_to_server(
            ExperimentServicer(
                model=self._model,
                comparer=self._storage.comparer,
                versions=self.versions,
                schema=self._schema,
            ),
            server,
        )
        event_pb2_grpc.add_EventServiceServicer_to_server(EventServicer(self._followers), server)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, server)

    def measure_lag(self) -> None:
        """Put on the metrics page how far the views are behind the log."""
        metrics.EVENT_LOG_LAG_SECONDS.set(self._tail.lag_seconds())

    def take_readings(self) -> dict[int, Reading]:
        """What was seen of the engines' answers since the last time."""
        return self._recommender.readings.take()

    def drain(self) -> None:
        """Tell health checkers that no new calls are wanted."""
        self.health.drain()
        self.runs.drain()
        self._followers.drain()

    async def close(self) -> None:
        """Write what waits, and stop the threads. The transport has stopped before."""
        self._tail.close()
        await self._automatic.close()
        if self._success_watch is not None:
            await self._success_watch.close()
        await self.runs.close()
        await self._shadow.close()
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._answers.close)
        if self._retention is not None:
            await asyncio.to_thread(self._retention.close)
        self._eraser.close()
        self._changes.close()
        self._joiner.close()
        self.keeper.close()
        self._readers.shutdown()
        self._filterers.shutdown(cancel_futures=True)
        self._followings.shutdown(cancel_futures=True)

    async def announce_versions(self) -> None:
        """The versions have changed: follow the stable one's schema, and say if it is warm."""
        stable = self.versions.stable
        if stable is not None:
            self._profiles.set_history_length(max(stable.widths.history, 1))
            if self._schema.follow(stable.schema):
                await self._recount()
        self.health.set(MODEL_HEALTH, serving=self.keeper.is_warm)
        self._automatic.look_soon()

    async def _recount(self) -> None:
        """Events count by another schema now: read the views anew."""
        self._profiles.set_schema(self._schema.current)
        try:
            await self._popularity.recount(self._schema.current, self._log)
        except RecserveServerError as error:
            logs.get("front-end").warning("the old counts go on", error=error.message)

    async def _on_erased(self, user_ids: Sequence[str], revision: int) -> None:
        """A user is erased, by us: nothing that answers goes by what it was told of them."""
        self._recent.forget()
        self._view.apply(CatalogueChange(user_ids=user_ids), revision)
        await self._recount()

    def _on_catalogue_change(self) -> None:
        """On the tail's thread: one read at a time, and one that fails is repeated."""
        erased = self._storage.erasures.count()
        if erased != self._erased:  # perhaps by another server
            self._erased = erased
            self._loop.call_soon_threadsafe(self._recent.forget)
            asyncio.run_coroutine_threadsafe(self._recount(), self._loop)
        if self._catalogue.revision() > self._view.revision:  # else all changes were our own
            self._loop.call_soon_threadsafe(self._view.take, read_catalogue(self._catalogue))

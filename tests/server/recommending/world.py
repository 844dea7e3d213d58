"""A recommender over doubles in memory: nothing but the event loop is real."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from recserve.server.catalogue import InMemoryCatalogue, UserRecord
from recserve.server.engine.contract import Engine
from recserve.server.engine.memory import InMemoryEngine
from recserve.server.event_log import InMemoryEventLog
from recserve.server.events import Event
from recserve.server.filtering import FilterMasks
from recserve.server.item_table import ItemTable
from recserve.server.profiles import LogFeed, Popularity, Profiles
from recserve.server.recommending.answer import Answer
from recserve.server.recommending.query import Query
from recserve.server.recommending.recommender import Recommender
from recserve.server.recommending.similar import SimilarItems
from recserve.server.recommending.versions import ServedVersion
from recserve.server.schema import declare
from recserve.v1 import model_pb2, schema_pb2

NOW = 1_000_000.0
ITEMS = tuple("abcdefgh")  # the version's items, most popular first


def manifest(
    schema: schema_pb2.Schema | None = None,
    *,
    history_length: int = 5,
    uses_history: bool = True,
) -> model_pb2.ModelVersion:
    layout = model_pb2.ArtefactLayout(
        history_length=history_length, multi_valued_length=3, uses_history=uses_history
    )
    return model_pb2.ModelVersion(version=1, schema=schema, layout=layout)


class World:
    """Log, catalogue, engine and the recommender over them."""

    def __init__(self, schema: schema_pb2.Schema | None = None) -> None:
        declared = declare(schema or schema_pb2.Schema())
        self.item_features = declared.item
        self.log = InMemoryEventLog()
        self.catalogue = InMemoryCatalogue()
        self.engine = InMemoryEngine(len(ITEMS))
        self.version = self.serving(manifest(schema))
        self.readers = ThreadPoolExecutor(1)
        profiles = Profiles(self.log, self.catalogue, declared, self.readers)
        counts = self.log.item_counts(declared)
        self.popularity = Popularity(declared, counts, ITEMS)
        self.feed = LogFeed(asyncio.get_running_loop(), 0, [profiles.apply, self.popularity.apply])
        self.masks = FilterMasks(self.catalogue, self.readers)
        self.recommender = Recommender(
            profiles, self.popularity, self.feed, self.masks, wall_clock=lambda: NOW
        )
        self.similar = SimilarItems(profiles, self.masks)
        self._events = 0

    def serving(
        self, of: model_pb2.ModelVersion, items: Sequence[str] = ITEMS, engine: Engine | None = None
    ) -> ServedVersion:
        popularity = np.arange(len(items), 0, -1, dtype=np.float32)
        return ServedVersion.of(of, ItemTable(tuple(items), popularity), engine or self.engine)

    def happened(
        self,
        user_id: str,
        *item_ids: str,
        event_type: str = "click",
        value: float | None = None,
        age: float = 10.0,
    ) -> None:
        """Events are committed, and reach the views."""
        for item_id in item_ids:
            self._events += 1
            event = Event(f"e{self._events}", user_id, item_id, event_type, value, NOW - age)
            (appended,) = self.log.append_groups([[event]])
            self.feed.committed(appended.accepted)

    def make_unavailable(self, item_ids: set[str]) -> None:
        """As the front end does it: the recommender is told, and the engine."""
        self.recommender.unavailable = frozenset(item_ids)
        self.engine.set_available(np.array([item_id not in item_ids for item_id in ITEMS]))

    def knows(self, user_id: str, **features: object) -> None:
        self.catalogue.put_users([UserRecord(user_id, features)])  # type: ignore[arg-type]

    async def ask(self, query: Query, *, model: bool = True) -> Answer:
        version = self.version if model else None
        user = await self.recommender.look_up(query)
        return await self.recommender.recommend(query, user, version, "stable" if model else "")

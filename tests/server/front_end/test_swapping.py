"""A version that is swapped while a call waits."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from recserve.server.answer_log import AnswerWriter, InMemoryAnswerLog
from recserve.server.engine.memory import InMemoryEngine
from recserve.server.errors import InvalidRequest
from recserve.server.front_end.attribution import Attribution
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.servicers.recommender import RecommenderServicer
from recserve.server.recommending.recent import RecentQueries
from recserve.server.recommending.recommendation_id import RecommendationIds
from recserve.server.recommending.shadow import Shadow
from recserve.server.recommending.versions import ServedVersions
from recserve.server.schema import declare
from recserve.v1 import recommender_pb2, schema_pb2
from server.recommending.world import ITEMS, World, manifest

WITHOUT_DEADLINE = SimpleNamespace(time_remaining=lambda: None)
CONTEXT = schema_pb2.Schema(
    context_features=[schema_pb2.Feature(name="hour", type=schema_pb2.FEATURE_TYPE_NUMERIC)]
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    world.readers.shutdown()


@pytest.fixture
async def versions(world: World) -> ServedVersions:
    versions = ServedVersions()
    versions.put(replace(world.version, schema=declare(CONTEXT)))
    versions.set_label("stable", 1)
    return versions


@pytest.fixture
async def servicer(world: World, versions: ServedVersions) -> RecommenderServicer:
    unused: Any = None
    ids = RecommendationIds(b"k" * 32)
    return RecommenderServicer(
        model="default",
        recommender=world.recommender,
        similar=unused,
        versions=versions,
        store=unused,
        schema=CurrentSchema(declare(schema_pb2.Schema()), fixed=True),
        writer=unused,
        ids=ids,
        attribution=Attribution(AnswerWriter(InMemoryAnswerLog(), share=0, days=0), ids),
        runs=unused,
        cards=unused,
        recent=RecentQueries(world.recommender),
        shadow=Shadow(world.recommender, versions, share=1.0, monotonic=time.monotonic),
    )


async def asked_while_swapped(
    servicer: RecommenderServicer, world: World, versions: ServedVersions, **fields: Any
) -> recommender_pb2.RecommendResponse:
    """A call waits for an event; meanwhile version 2 comes and the engine of version 1 goes."""
    world.happened("ann", "a")
    request = recommender_pb2.RecommendRequest(user_id="ann", min_log_position=2, **fields)
    call = asyncio.ensure_future(servicer.Recommend(request, WITHOUT_DEADLINE))
    await asyncio.sleep(0)
    newer = manifest()
    newer.version = 2
    versions.put(world.serving(newer, engine=InMemoryEngine(len(ITEMS))))
    versions.set_label("stable", 2)
    versions.remove(1)
    world.engine.close()
    world.happened("ann", "b")
    written = await call
    assert isinstance(written, bytes)
    return recommender_pb2.RecommendResponse.FromString(written)


async def test_the_call_is_answered_by_the_new_version_and_not_by_a_fallback(
    servicer: RecommenderServicer, world: World, versions: ServedVersions
) -> None:
    answer = await asked_while_swapped(servicer, world, versions)
    assert (answer.model_version, answer.fallback) == (2, recommender_pb2.FALLBACK_UNSPECIFIED)
    assert answer.results[0].item_id == "c"


async def test_the_call_is_checked_by_the_schema_of_the_version_that_answers(
    servicer: RecommenderServicer, world: World, versions: ServedVersions
) -> None:
    context = {"hour": schema_pb2.FeatureValue(number=3)}
    with pytest.raises(InvalidRequest, match="hour"):
        await asked_while_swapped(servicer, world, versions, context=context)

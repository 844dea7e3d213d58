"""Stages for the tests of versions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from recserve.server.supervisor import engine_host, spare_engine
from server.supervisor.stage import PlayedChild, Stage


@pytest.fixture
async def stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Stage]]:
    """Makes stages with settings."""
    PlayedChild.started = asyncio.Queue()
    monkeypatch.setattr(engine_host, "Child", PlayedChild)
    monkeypatch.setattr(spare_engine, "Child", PlayedChild)
    monkeypatch.setattr("recserve.server.supervisor.backoff.FIRST_SECONDS", 0.0)
    made: list[Stage] = []

    def make(**settings: Any) -> Stage:
        made.append(Stage(tmp_path, **settings))
        return made[-1]

    yield make
    for stage in made:
        await stage.close()


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    return stages()

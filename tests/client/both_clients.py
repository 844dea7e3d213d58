"""The asyncio client with blocking methods, so that one test covers both clients."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from recserve.client import AsyncClient, AsyncTrainingRun


class BlockingAsyncClient:
    """Runs each method of an `AsyncClient` on an event loop of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncClient(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        if inspect.isasyncgenfunction(value):
            return lambda *args, **kwargs: blocking_iterator(self._runner, value(*args, **kwargs))
        return self._blocking(value) if inspect.iscoroutinefunction(value) else value

    def _blocking(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            result = self._runner.run(method(*args, **kwargs))
            if isinstance(result, AsyncTrainingRun):
                return BlockingTrainingRun(result, self._runner)
            return result

        return run

    def __enter__(self) -> "BlockingAsyncClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.__aexit__(None, None, None))
        self._runner.close()


class BlockingTrainingRun:
    """Runs each method of an `AsyncTrainingRun` on its client's event loop."""

    def __init__(self, run: AsyncTrainingRun, runner: asyncio.Runner) -> None:
        self._run = run
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._run, name)
        if not inspect.iscoroutinefunction(value):
            return value
        return lambda *args, **kwargs: self._runner.run(value(*args, **kwargs))

    def __iter__(self) -> Iterator[Any]:
        return blocking_iterator(self._runner, self._run.__aiter__())


def blocking_iterator(runner: asyncio.Runner, values: Any) -> Iterator[Any]:
    """Takes each value of an asynchronous generator on an event loop."""
    try:
        while True:
            yield runner.run(anext(values))
    except StopAsyncIteration:
        return
    finally:
        runner.run(values.aclose())

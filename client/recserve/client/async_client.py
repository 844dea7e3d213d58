"""The asyncio client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar, cast

from recserve.client.address import DEFAULT_ADDRESS
from recserve.client.async_training_run import AsyncTrainingRun
from recserve.client.clock import Clock
from recserve.client.event import LoggedEvent
from recserve.client.method_signature import as_method_of
from recserve.client.operations.catalogue import (
    delete_items,
    item,
    upsert_items,
    upsert_users,
    user,
)
from recserve.client.operations.comparing import compare_versions
from recserve.client.operations.effects import (
    Effect,
    Invoke,
    Open,
    Operation,
    Pause,
    Receive,
    Together,
)
from recserve.client.operations.erasure import delete_user
from recserve.client.operations.feedback import feedback, feedback_many
from recserve.client.operations.joining import join_users
from recserve.client.operations.labels import delete_model_version, set_model_label
from recserve.client.operations.models import model, models
from recserve.client.operations.recommend import recommend
from recserve.client.operations.recommend_frame import recommend_frame
from recserve.client.operations.similar_items import similar_items
from recserve.client.operations.status import health, status
from recserve.client.operations.tailing import Tail
from recserve.client.operations.training import train, training_run, training_runs
from recserve.client.session import Session
from recserve.client.settings import Settings
from recserve.client.training_run_status import TrainingRunStatus

if TYPE_CHECKING:
    import grpc.aio

    from recserve.client.wire.stubs import Stubs

P = ParamSpec("P")
R = TypeVar("R")


def awaitable(
    operation: Callable[Concatenate[Session, P], Operation[R]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, R]]:
    """The method of the asyncio client that runs an operation."""

    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await self._run(operation(self._session, *args, **kwargs))

    return as_method_of(method, operation)


def following(
    operation: Callable[Concatenate[Session, P], Operation[TrainingRunStatus]],
) -> Callable[Concatenate["AsyncClient", P], Coroutine[Any, Any, AsyncTrainingRun]]:
    """The method of the asyncio client that gives a handle of a training run."""

    async def method(self: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> AsyncTrainingRun:
        status = await self._run(operation(self._session, *args, **kwargs))
        return AsyncTrainingRun(self._session, status, self._run)

    return as_method_of(method, operation, returns=AsyncTrainingRun)


class AsyncClient:
    """`Client` for asyncio: the same methods, awaited.

    It connects at the first call, and belongs to the event loop that runs then. For
    feedback in the background use `Client.feedback_sender` with `when_full="drop"` or
    "raise": adding an event to it does not hold the event loop.

        async with AsyncClient("localhost:50051") as client:
            answer = await client.recommend("user-42", num_results=10)
            await client.feedback("user-42", answer[0].item_id, "click", recommendation=answer)

    Args:
        address: `host:port`, or a gRPC target such as `unix:/run/recserve.sock`.
        settings: TLS, token, deadlines and retries. Default: plaintext, and the
            defaults of `Settings`.
        clock: Time, waiting and chance, for tests.

    Raises:
        ValueError: The address is none, or the settings do not fit it.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._session = Session(address, settings or Settings(), clock or Clock())
        self._connection: tuple[grpc.aio.Channel, Stubs] | None = None

    recommend = awaitable(recommend)
    recommend_frame = awaitable(recommend_frame)
    similar_items = awaitable(similar_items)
    feedback = awaitable(feedback)
    feedback_many = awaitable(feedback_many)
    models = awaitable(models)
    model = awaitable(model)
    set_model_label = awaitable(set_model_label)
    delete_model_version = awaitable(delete_model_version)
    upsert_items = awaitable(upsert_items)
    upsert_users = awaitable(upsert_users)
    item = awaitable(item)
    user = awaitable(user)
    delete_items = awaitable(delete_items)
    delete_user = awaitable(delete_user)
    join_users = awaitable(join_users)
    compare_versions = awaitable(compare_versions)
    train = following(train)
    training_run = following(training_run)
    training_runs = awaitable(training_runs)
    status = awaitable(status)
    health = awaitable(health)

    async def tail_events(
        self,
        *,
        after_position: int | None = None,
        event_types: Iterable[str] = (),
        user_id: str = "",
        item_id: str = "",
    ) -> AsyncIterator[LoggedEvent]:
        """Follows the event log, for `async for`; see `Client.tail_events`."""
        tail = Tail(self._session, after_position, event_types, user_id, item_id)
        try:
            while True:
                for logged in await self._run(tail.next()):
                    yield logged
        finally:
            tail.close()

    @property
    def log_position(self) -> int:
        """The highest log position that this client's feedback got; 0 before the first."""
        return self._session.log_position

    async def close(self) -> None:
        """Closes the connection. Idempotent."""
        if self._session.close() and self._connection is not None:
            await self._connection[0].close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _run(self, operation: Operation[R]) -> R:
        """Does what the operation asks for, until it returns or raises."""
        try:
            effect = next(operation)
            while True:
                try:
                    outcome = await self._perform(effect)
                except Exception as error:  # the operation decides
                    effect = operation.throw(error)
                else:
                    effect = operation.send(outcome)
        except StopIteration as end:
            result: R = end.value
            return result

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Invoke():
                method = effect.method(self._stubs())
                metadata = self._session.metadata + effect.metadata
                return await method(effect.request, timeout=effect.timeout, metadata=metadata)
            case Open():
                method = effect.method(self._stubs())
                return method(
                    effect.request, timeout=effect.timeout, metadata=self._session.metadata
                )
            case Receive():
                return await self._next(effect.stream)
            case Pause():
                return await self._session.clock.async_sleep(effect.seconds)
            case Together():
                return await self._perform_together(effect)

    async def _next(self, stream: Any) -> Any:
        """The next message of a stream, or None at its end."""
        import grpc.aio

        try:
            message = await stream.read()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or not task.cancelling():  # closing the client ends its streams so
                self._session.check_open()
            raise
        return None if message is grpc.aio.EOF else message

    async def _perform_together(self, together: Together) -> list[Any]:
        places = asyncio.Semaphore(together.limit)

        async def run(operation: Operation[Any]) -> Any:
            async with places:
                return await self._run(operation)

        tasks = [asyncio.create_task(run(operation)) for operation in together.operations]
        try:
            return await asyncio.gather(*tasks)
        finally:  # after an error, the others end as well
            for task in tasks:
                task.cancel()

    def _stubs(self) -> "Stubs":
        if self._connection is None:
            from recserve.client.wire.channels import asyncio_channel
            from recserve.client.wire.stubs import Stubs

            channel = asyncio_channel(self._session)
            # Each method of the stubs is awaited on such a channel.
            self._connection = channel, Stubs(cast("grpc.Channel", channel))
        return self._connection[1]

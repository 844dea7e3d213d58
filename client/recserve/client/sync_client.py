"""The blocking client."""

import dataclasses
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from recserve.client.address import DEFAULT_ADDRESS
from recserve.client.clock import Clock
from recserve.client.connection import Connection
from recserve.client.event import Event, FeedbackReceipt, LoggedEvent
from recserve.client.feedback_sender import FeedbackSender, OnError, WhenFull
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
from recserve.client.operations.feedback import feedback, feedback_many, send_events
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
from recserve.client.training_run import TrainingRun
from recserve.client.training_run_status import TrainingRunStatus

P = ParamSpec("P")
R = TypeVar("R")


def blocking(
    operation: Callable[Concatenate[Session, P], Operation[R]],
) -> Callable[Concatenate["Client", P], R]:
    """The method of the blocking client that runs an operation."""

    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._run(operation(self._session, *args, **kwargs))

    return as_method_of(method, operation)


def following(
    operation: Callable[Concatenate[Session, P], Operation[TrainingRunStatus]],
) -> Callable[Concatenate["Client", P], TrainingRun]:
    """The method of the blocking client that gives a handle of a training run."""

    def method(self: "Client", /, *args: P.args, **kwargs: P.kwargs) -> TrainingRun:
        status = self._run(operation(self._session, *args, **kwargs))
        return TrainingRun(self._session, status, self._run)

    return as_method_of(method, operation, returns=TrainingRun)


class Client:
    """A client of one recserve server, or of several behind one name.

    Safe to use from many threads, and in a child process after a fork, which gets a
    connection of its own. It connects at the first call.

        with Client("localhost:50051") as client:
            answer = client.recommend("user-42", num_results=10)
            client.feedback("user-42", answer[0].item_id, "click", recommendation=answer)

    Args:
        address: `host:port`, or a gRPC target such as `unix:/run/recserve.sock`.
        settings: TLS, token, deadlines and retries. Default: plaintext, and the
            defaults of `Settings`.
        clock: Time, waiting and chance, for tests.

    Raises:
        ValueError: The address is none, or the settings do not fit it.
        OSError: A certificate file cannot be read.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._session = Session(address, settings or Settings(), clock or Clock())
        self._connection = Connection(self._session)
        self._senders: weakref.WeakSet[FeedbackSender] = weakref.WeakSet()

    recommend = blocking(recommend)
    recommend_frame = blocking(recommend_frame)
    similar_items = blocking(similar_items)
    feedback = blocking(feedback)
    feedback_many = blocking(feedback_many)
    models = blocking(models)
    model = blocking(model)
    set_model_label = blocking(set_model_label)
    delete_model_version = blocking(delete_model_version)
    upsert_items = blocking(upsert_items)
    upsert_users = blocking(upsert_users)
    item = blocking(item)
    user = blocking(user)
    delete_items = blocking(delete_items)
    delete_user = blocking(delete_user)
    join_users = blocking(join_users)
    compare_versions = blocking(compare_versions)
    train = following(train)
    training_run = following(training_run)
    training_runs = blocking(training_runs)
    status = blocking(status)
    health = blocking(health)

    def feedback_sender(
        self,
        *,
        max_events: int = 10_000,
        max_age: float = 1.0,
        batch_size: int = 500,
        when_full: WhenFull = "block",
        on_error: OnError | None = None,
        timeout: float = 10.0,
    ) -> FeedbackSender:
        """A buffer that reports events in the background, in batches.

        In a child process after a fork it is empty, and the child's own: what was in it is
        the parent's to send.

        Args:
            max_events: Most events in the buffer, those being sent included.
            max_age: Longest time that an event waits for a batch, in seconds.
            batch_size: A batch is sent as soon as it has this many events, 1 to 1000.
            when_full: What adding to a full buffer does: "block" until there is room,
                "drop" the event and count it, or "raise" `BufferFull`.
            on_error: Called from the sender's thread with the events of a batch that
                was not stored, and why. Default: an error is logged.
            timeout: Seconds for one batch, retries included.
        """
        retry = dataclasses.replace(self._session.settings.retry, max_attempts=None)

        def send(events: Sequence[Event], seconds: float) -> FeedbackReceipt:
            return self._run(send_events(self._session, events, seconds, retry))

        self._session.check_open()
        sender = FeedbackSender(
            send,
            max_events=max_events,
            max_age=max_age,
            batch_size=batch_size,
            when_full=when_full,
            on_error=on_error,
            timeout=timeout,
            clock=self._session.clock,
        )
        self._senders.add(sender)
        return sender

    def tail_events(
        self,
        *,
        after_position: int | None = None,
        event_types: Iterable[str] = (),
        user_id: str = "",
        item_id: str = "",
    ) -> Iterator[LoggedEvent]:
        """Follows the event log: events as they are stored, whichever server stored them.

        It does not end by itself. A connection that breaks is made anew behind the last event,
        so that none is missed and none comes twice.

        Args:
            after_position: The log position to begin behind, such as that of the last event
                that was processed; 0: from the first. Default: only what is stored from now on.
            event_types: Only events of these types. Default: of all.
            user_id: Only events of this user. Default: of all.
            item_id: Only events on this item. Default: on all.

        Raises:
            InvalidArgument: The server refuses the request; `violations` says why.
            RecserveError: The log cannot be followed.
            TypeError: An argument cannot be sent.
        """
        tail = Tail(self._session, after_position, event_types, user_id, item_id)
        try:
            while True:
                yield from self._run(tail.next())
        finally:
            tail.close()

    @property
    def log_position(self) -> int:
        """The highest log position that this client's feedback got; 0 before the first."""
        return self._session.log_position

    def close(self) -> None:
        """Sends what feedback senders hold, and closes the connection. Idempotent."""
        for sender in list(self._senders):
            sender.close()
        if self._session.close():
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, operation: Operation[R]) -> R:
        """Does what the operation asks for, until it returns or raises."""
        try:
            effect = next(operation)
            while True:
                try:
                    outcome = self._perform(effect)
                except Exception as error:  # the operation decides
                    effect = operation.throw(error)
                else:
                    effect = operation.send(outcome)
        except StopIteration as end:
            result: R = end.value
            return result

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Invoke():
                method = effect.method(self._connection.stubs)
                metadata = self._session.metadata + effect.metadata
                return method(effect.request, timeout=effect.timeout, metadata=metadata)
            case Open():
                method = effect.method(self._connection.stubs)
                return method(
                    effect.request, timeout=effect.timeout, metadata=self._session.metadata
                )
            case Receive():
                return next(effect.stream, None)
            case Pause():
                return self._session.clock.sleep(effect.seconds)
            case Together():
                return self._perform_together(effect)

    def _perform_together(self, together: Together) -> list[Any]:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(together.limit, thread_name_prefix="recserve-client") as pool:
            futures = [pool.submit(self._run, operation) for operation in together.operations]
            try:
                return [future.result() for future in futures]
            finally:  # after an error, those that have not begun never do
                for future in futures:
                    future.cancel()

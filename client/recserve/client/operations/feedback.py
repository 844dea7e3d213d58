"""Feedback."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from recserve.client.event import Event, FeatureValue, FeedbackReceipt
from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.recommendation import Answer
from recserve.client.session import Session
from recserve.client.settings import RetryPolicy

MOST_EVENTS_PER_CALL = 1000
"""The protocol's limit."""


def feedback(
    session: Session,
    user_id: str,
    item_id: str,
    event_type: str,
    *,
    value: float | None = None,
    event_time: datetime | float | None = None,
    recommendation: Answer | str | None = None,
    context: Mapping[str, FeatureValue] | None = None,
    event_id: str | None = None,
    timeout: float | None = None,
) -> Operation[FeedbackReceipt]:
    """Reports one event. It is durable when this returns.

    Args:
        user_id: Who.
        item_id: With what; need not be in the catalogue.
        event_type: What: one of the schema's event types, such as "click".
        value: How much, such as a rating or an amount.
        event_time: When: a datetime with a time zone, or seconds since the Unix epoch.
            Default: when the server gets it.
        recommendation: The answer that led to it, or its `recommendation_id`.
        context: Context features by name.
        event_id: Idempotency key, at most 128 bytes. Default: a new one; retries of
            this call reuse it, so they store the event once.
        timeout: Seconds, retries included. Default: `Settings.feedback_timeout`.

    Returns:
        What was stored, and the log position after it.

    Raises:
        InvalidArgument: The server refuses the event; `violations` says why.
        RecserveError: The call failed otherwise.
        TypeError, ValueError: An argument cannot be sent.
    """
    event = Event(
        user_id=user_id,
        item_id=item_id,
        event_type=event_type,
        value=value,
        event_time=event_time,
        recommendation=recommendation,
        context=context or {},
        event_id=event_id or "",
    )
    return (yield from feedback_many(session, (event,), timeout=timeout))


def feedback_many(
    session: Session, events: Iterable[Event], *, timeout: float | None = None
) -> Operation[FeedbackReceipt]:
    """Reports events, in calls of at most 1000; each call is all or nothing.

    Events carry idempotency keys, so after an error the same events may be sent again:
    those that are in the log already are counted as duplicates.

    Args:
        events: What to report.
        timeout: Seconds for each call, retries included. Default:
            `Settings.feedback_timeout`.

    Returns:
        What was stored by all calls together.

    Raises:
        InvalidArgument: The server refuses events; `violations` says which of the
            call's, and why.
        RecserveError: A call failed otherwise; earlier calls have stored their events.
        TypeError, ValueError: An event cannot be sent; none of its call is.
    """
    everything = tuple(events)
    seconds = session.settings.feedback_timeout if timeout is None else timeout
    receipt = FeedbackReceipt()
    for start in range(0, len(everything), MOST_EVENTS_PER_CALL):
        batch = everything[start : start + MOST_EVENTS_PER_CALL]
        receipt += yield from send_events(session, batch, seconds)
    return receipt


def send_events(
    session: Session, events: Sequence[Event], timeout: float, retry: RetryPolicy | None = None
) -> Operation[FeedbackReceipt]:
    """Reports at most 1000 events in one call."""
    from recserve.client.wire.events import event_message
    from recserve.v1 import recommender_pb2

    request = recommender_pb2.FeedbackRequest(events=[event_message(event) for event in events])
    response = yield from call(
        session, lambda stubs: stubs.recommender.Feedback, request, timeout, retry
    )
    session.wrote_up_to(response.log_position)
    return FeedbackReceipt(response.accepted_count, response.duplicate_count, response.log_position)

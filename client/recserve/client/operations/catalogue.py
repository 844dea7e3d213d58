"""The items and users of the catalogue."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from recserve.client.catalogue import Item, UpsertReceipt, User
from recserve.client.errors import InvalidArgument
from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.session import Session

MOST_RECORDS_PER_CALL = 1000
"""The protocol's limit."""
MOST_BYTES_PER_CALL = 8 << 20
"""Half of what a server takes: a thousand long vectors would be more."""
_PLACE = re.compile(r"\b(items|users|item_ids)\[(\d+)\]")

if TYPE_CHECKING:
    from recserve.v1 import catalog_pb2

    Message = TypeVar("Message", catalog_pb2.Item, catalog_pb2.User)


def upsert_items(
    session: Session, items: Iterable[Item], *, timeout: float | None = None
) -> Operation[UpsertReceipt]:
    """Adds items, or replaces those that are there, in calls of at most 1000.

    Each call is all or nothing, and when it returns every later answer of that server knows of
    it: what is not available is not recommended any more, not even by a fallback. An item is
    replaced as a whole: features that are left out are unknown afterwards. The same items may be
    sent again after an error.

    Args:
        items: The items; within one call each once.
        timeout: Seconds for each call, retries included. Default: `Settings.read_timeout`.

    Returns:
        How many were new and how many were replaced, in all calls together.

    Raises:
        InvalidArgument: The server refuses items; `violations` says which of all, and why.
        RecserveError: A call failed otherwise; earlier calls have stored their items.
        TypeError, ValueError: An item cannot be sent; none of its call is.
    """
    from recserve.client.wire.catalogue import item_message
    from recserve.v1 import catalog_pb2

    seconds = session.settings.read_timeout if timeout is None else timeout
    receipt = UpsertReceipt()
    for first, batch in _batches(map(item_message, items)):
        request = catalog_pb2.UpsertItemsRequest(items=batch)
        with _placed(first):
            response = yield from call(
                session, lambda stubs: stubs.catalogue.UpsertItems, request, seconds
            )
        receipt += UpsertReceipt(response.created_count, response.updated_count)
    return receipt


def upsert_users(
    session: Session, users: Iterable[User], *, timeout: float | None = None
) -> Operation[UpsertReceipt]:
    """Adds users, or replaces those that are there, in calls of at most 1000.

    Each call is all or nothing, and when it returns every later answer of that server knows of
    it. A user is replaced as a whole: features that are left out are unknown afterwards; what the
    user did is not touched. The same users may be sent again after an error.

    Args:
        users: The users; within one call each once.
        timeout: Seconds for each call, retries included. Default: `Settings.read_timeout`.

    Returns:
        How many were new and how many were replaced, in all calls together.

    Raises:
        InvalidArgument: The server refuses users; `violations` says which of all, and why.
        RecserveError: A call failed otherwise; earlier calls have stored their users.
        TypeError, ValueError: A user cannot be sent; none of its call is.
    """
    from recserve.client.wire.catalogue import user_message
    from recserve.v1 import catalog_pb2

    seconds = session.settings.read_timeout if timeout is None else timeout
    receipt = UpsertReceipt()
    for first, batch in _batches(map(user_message, users)):
        request = catalog_pb2.UpsertUsersRequest(users=batch)
        with _placed(first):
            response = yield from call(
                session, lambda stubs: stubs.catalogue.UpsertUsers, request, seconds
            )
        receipt += UpsertReceipt(response.created_count, response.updated_count)
    return receipt


def item(session: Session, item_id: str, *, timeout: float | None = None) -> Operation[Item]:
    """Returns what the catalogue knows of an item.

    Args:
        item_id: Its id.
        timeout: Seconds, retries included. Default: `Settings.read_timeout`.

    Raises:
        NotFound: The catalogue has no such item, though a version may know it from events.
        RecserveError: The call failed otherwise.
    """
    from recserve.client.wire.catalogue import item_from
    from recserve.client.wire.identifiers import one_id
    from recserve.v1 import catalog_pb2

    seconds = session.settings.read_timeout if timeout is None else timeout
    request = catalog_pb2.GetItemRequest(item_id=one_id("item_id", item_id))
    return item_from(
        (yield from call(session, lambda stubs: stubs.catalogue.GetItem, request, seconds))
    )


def user(session: Session, user_id: str, *, timeout: float | None = None) -> Operation[User]:
    """Returns what the catalogue knows of a user.

    Args:
        user_id: The user's id.
        timeout: Seconds, retries included. Default: `Settings.read_timeout`.

    Raises:
        NotFound: The catalogue has no such user, though there may be events.
        RecserveError: The call failed otherwise.
    """
    from recserve.client.wire.catalogue import user_from
    from recserve.client.wire.identifiers import one_id
    from recserve.v1 import catalog_pb2

    seconds = session.settings.read_timeout if timeout is None else timeout
    request = catalog_pb2.GetUserRequest(user_id=one_id("user_id", user_id))
    return user_from(
        (yield from call(session, lambda stubs: stubs.catalogue.GetUser, request, seconds))
    )


def delete_items(
    session: Session, item_ids: Iterable[str], *, timeout: float | None = None
) -> Operation[int]:
    """Takes items out of the catalogue, in calls of at most 1000; their events stay.

    Each call is all or nothing, and when it returns no later answer of that server has the items,
    also where the catalogue did not have them and a version does. Upserting one again brings it
    back.

    Args:
        item_ids: Their ids.
        timeout: Seconds for each call, retries included. Default: `Settings.read_timeout`.

    Returns:
        How many were there, in all calls together; those that a first attempt deleted, whose
        answer was lost, do not count.

    Raises:
        InvalidArgument: The server refuses ids; `violations` says which of all, and why.
        RecserveError: A call failed otherwise; earlier calls have deleted their items.
        TypeError: An id is not a string.
    """
    from recserve.client.wire.identifiers import many_ids
    from recserve.v1 import catalog_pb2

    seconds = session.settings.read_timeout if timeout is None else timeout
    ids = many_ids("item_ids", item_ids)
    deleted = 0
    for start in range(0, len(ids), MOST_RECORDS_PER_CALL):
        some = ids[start : start + MOST_RECORDS_PER_CALL]
        request = catalog_pb2.DeleteItemsRequest(item_ids=some)
        with _placed(start):
            response = yield from call(
                session, lambda stubs: stubs.catalogue.DeleteItems, request, seconds
            )
        deleted += response.deleted_count
    return deleted


def _batches(messages: "Iterable[Message]") -> "Iterator[tuple[int, list[Message]]]":
    """Messages in the pieces that one call takes; an iterable need not fit into memory.

    Yields:
        The place of the first, and the messages.
    """
    batch: list[Message] = []
    first = size = 0
    for message in messages:
        weight = message.ByteSize()
        full = len(batch) == MOST_RECORDS_PER_CALL or size + weight > MOST_BYTES_PER_CALL
        if batch and full:
            yield first, batch
            first, batch, size = first + len(batch), [], 0
        batch.append(message)
        size += weight
    if batch:
        yield first, batch


@contextmanager
def _placed(first: int) -> Iterator[None]:
    """A refusal of a call names the places of its records; the caller knows those of all."""

    def placed(text: str) -> str:
        return _PLACE.sub(lambda found: f"{found[1]}[{first + int(found[2])}]", text)

    try:
        yield
    except InvalidArgument as error:
        error.args = (placed(str(error)),)
        error.violations = tuple(
            replace(each, field=placed(each.field), description=placed(each.description))
            for each in error.violations
        )
        raise

"""Items and users, to and from messages."""

from recserve.client.catalogue import Item, User
from recserve.client.wire.feature_values import feature_messages, feature_values
from recserve.client.wire.identifiers import one_id
from recserve.client.wire.timestamps import moment_or_none
from recserve.v1 import catalog_pb2


def item_message(item: Item) -> catalog_pb2.Item:
    """The message of an item, without its update time.

    Raises:
        TypeError: A field has the wrong type.
        ValueError: A field cannot be sent.
    """
    item_id = one_id("item_id", item.item_id)
    return catalog_pb2.Item(
        item_id=item_id,
        features=feature_messages(item.features, f"item {item_id!r}: feature"),
        available=item.available,
    )


def user_message(user: User) -> catalog_pb2.User:
    """The message of a user, without the update time.

    Raises:
        TypeError: A field has the wrong type.
        ValueError: A field cannot be sent.
    """
    user_id = one_id("user_id", user.user_id)
    return catalog_pb2.User(
        user_id=user_id, features=feature_messages(user.features, f"user {user_id!r}: feature")
    )


def item_from(message: catalog_pb2.Item) -> Item:
    """The item that a message holds."""
    return Item(
        item_id=message.item_id,
        features=feature_values(message.features),
        available=message.available if message.HasField("available") else True,
        update_time=moment_or_none(message.update_time, present=message.HasField("update_time")),
    )


def user_from(message: catalog_pb2.User) -> User:
    """The user that a message holds."""
    return User(
        user_id=message.user_id,
        features=feature_values(message.features),
        update_time=moment_or_none(message.update_time, present=message.HasField("update_time")),
    )

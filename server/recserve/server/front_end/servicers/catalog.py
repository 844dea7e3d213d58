"""CatalogService."""

import time
from functools import partial
from typing import Any

from recserve.server.catalogue import ItemRecord, UserRecord
from recserve.server.errors import NotFound
from recserve.server.front_end.catalogue_changes import CatalogueChanges
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.erasing import Eraser
from recserve.server.front_end.joining import UserJoiner
from recserve.server.front_end.requests.catalog import (
    read_deleted_ids,
    read_id,
    read_items,
    read_join,
    read_users,
)
from recserve.server.front_end.servicers.feature_values import to_message
from recserve.v1 import catalog_pb2, catalog_pb2_grpc, model_pb2


class CatalogServicer(catalog_pb2_grpc.CatalogServiceServicer):
    """The items and users, as callers describe them.

    Requests are checked on the threads of the catalogue: a thousand items take longer than anybody
    who waits for a recommendation should notice.

    Args:
        changes: Reads and changes the catalogue.
        schema: Declares the features.
        eraser: Erases users.
        joiner: Joins visitors to users.
    """

    def __init__(
        self, changes: CatalogueChanges, schema: CurrentSchema, eraser: Eraser, joiner: UserJoiner
    ) -> None:
        self._joiner = joiner
        self._eraser = eraser
        self._changes = changes
        self._schema = schema

    async def UpsertItems(
        self, request: catalog_pb2.UpsertItemsRequest, context: Any
    ) -> catalog_pb2.UpsertItemsResponse:
        """Add items, or replace them."""
        reading = partial(read_items, request, self._schema.current, time.time())
        put = await self._changes.put_items(await self._changes.run(reading))
        return catalog_pb2.UpsertItemsResponse(
            created_count=put.created_count, updated_count=put.updated_count
        )

    async def UpsertUsers(
        self, request: catalog_pb2.UpsertUsersRequest, context: Any
    ) -> catalog_pb2.UpsertUsersResponse:
        """Add users, or replace them."""
        reading = partial(read_users, request, self._schema.current, time.time())
        put = await self._changes.put_users(await self._changes.run(reading))
        return catalog_pb2.UpsertUsersResponse(
            created_count=put.created_count, updated_count=put.updated_count
        )

    async def GetItem(self, request: catalog_pb2.GetItemRequest, context: Any) -> catalog_pb2.Item:
        """Return one item."""
        item_id = read_id(request.item_id, "item_id")
        item = await self._changes.item(item_id)
        if item is None:
            raise NotFound(
                f"the catalogue has no item {item_id!r}",
                reason="ITEM_NOT_FOUND",
                metadata={"item_id": item_id},
            )
        return _item(item)

    async def GetUser(self, request: catalog_pb2.GetUserRequest, context: Any) -> catalog_pb2.User:
        """Return one user."""
        user_id = read_id(request.user_id, "user_id")
        user = await self._changes.user(user_id)
        if user is None:
            raise NotFound(
                f"the catalogue has no user {user_id!r}",
                reason="USER_NOT_FOUND",
                metadata={"user_id": user_id},
            )
        return _user(user)

    async def DeleteItems(
        self, request: catalog_pb2.DeleteItemsRequest, context: Any
    ) -> catalog_pb2.DeleteItemsResponse:
        """Take items out of the catalogue."""
        deleted = await self._changes.delete_items(read_deleted_ids(request))
        return catalog_pb2.DeleteItemsResponse(deleted_count=deleted.deleted_count)

    async def DeleteUser(
        self, request: catalog_pb2.DeleteUserRequest, context: Any
    ) -> catalog_pb2.DeleteUserResponse:
        """Erase a user."""
        receipt = await self._eraser.erase(read_id(request.user_id, "user_id"))
        erased = receipt.erased
        response = catalog_pb2.DeleteUserResponse(
            receipt_id=erased.receipt_id,
            deleted_event_count=erased.event_count,
            model_versions=erased.versions,
            training_runs=receipt.training_runs,
            retraining_mode=model_pb2.TRAINING_MODE_FULL,
        )
        response.complete_time.GetCurrentTime()
        return response

    async def JoinUsers(
        self, request: catalog_pb2.JoinUsersRequest, context: Any
    ) -> catalog_pb2.JoinUsersResponse:
        """Join a visitor to a user."""
        joined = await self._joiner.join(*read_join(request))
        return catalog_pb2.JoinUsersResponse(
            user_id=joined.user_id, joined_event_count=joined.event_count
        )


def _item(item: ItemRecord) -> catalog_pb2.Item:
    message = catalog_pb2.Item(
        item_id=item.item_id,
        features={name: to_message(value) for name, value in item.features.items()},
        available=item.available,
    )
    if item.update_time is not None:
        message.update_time.FromMicroseconds(round(item.update_time * 1e6))
    return message


def _user(user: UserRecord) -> catalog_pb2.User:
    message = catalog_pb2.User(
        user_id=user.user_id,
        features={name: to_message(value) for name, value in user.features.items()},
    )
    if user.update_time is not None:
        message.update_time.FromMicroseconds(round(user.update_time * 1e6))
    return message

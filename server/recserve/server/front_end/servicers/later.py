"""What the contract has and this release does not: each method says so."""

from typing import Any

from recserve.server.errors import NotImplementedYet
from recserve.v1 import catalog_pb2, catalog_pb2_grpc

_IMPORT = "fill the catalogue with `recserve-server import`"


def later(method: str, instead: str = "") -> NotImplementedYet:
    """The error of a method that this release lacks, with what to do instead."""
    hint = f"; {instead}" if instead else ""
    return NotImplementedYet(
        f"this release does not implement {method}{hint}", metadata={"method": method}
    )


class CatalogServicer(catalog_pb2_grpc.CatalogServiceServicer):
    """Not in this release."""

    async def UpsertItems(  # noqa: D102
        self, request: catalog_pb2.UpsertItemsRequest, context: Any
    ) -> catalog_pb2.UpsertItemsResponse:
        raise later("UpsertItems", _IMPORT)

    async def UpsertUsers(  # noqa: D102
        self, request: catalog_pb2.UpsertUsersRequest, context: Any
    ) -> catalog_pb2.UpsertUsersResponse:
        raise later("UpsertUsers", _IMPORT)

    async def GetItem(  # noqa: D102
        self, request: catalog_pb2.GetItemRequest, context: Any
    ) -> catalog_pb2.Item:
        raise later("GetItem")

    async def GetUser(  # noqa: D102
        self, request: catalog_pb2.GetUserRequest, context: Any
    ) -> catalog_pb2.User:
        raise later("GetUser")

    async def DeleteItems(  # noqa: D102
        self, request: catalog_pb2.DeleteItemsRequest, context: Any
    ) -> catalog_pb2.DeleteItemsResponse:
        raise later("DeleteItems")

    async def DeleteUser(  # noqa: D102
        self, request: catalog_pb2.DeleteUserRequest, context: Any
    ) -> catalog_pb2.DeleteUserResponse:
        raise later("DeleteUser")

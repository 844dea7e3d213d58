"""From requests about the catalogue to checked records."""

from collections.abc import Sequence

from recserve.server.catalogue import ItemRecord, UserRecord
from recserve.server.front_end.requests.checks import Checks
from recserve.server.front_end.requests.features import read_features
from recserve.server.schema import DeclaredSchema
from recserve.v1 import catalog_pb2

MAX_RECORDS = 1000


def read_items(
    request: catalog_pb2.UpsertItemsRequest, schema: DeclaredSchema, now: float
) -> list[ItemRecord]:
    """Check every item.

    Args:
        request: The request.
        schema: Declares their features.
        now: Becomes their update time, in seconds since 1970.

    Raises:
        InvalidRequest: with a violation for each bad field of each item.
    """
    checks = Checks()
    _check_count(len(request.items), "items", checks)
    once = _Once("items", "item_id", checks)
    items = [
        ItemRecord(
            item_id=once.read(item.item_id, i),
            features=read_features(item.features, schema.item, f"items[{i}].features", checks),
            available=item.available if item.HasField("available") else True,
            update_time=now,
        )
        for i, item in enumerate(request.items)
    ]
    checks.raise_if_any()
    return items


def read_join(request: catalog_pb2.JoinUsersRequest) -> tuple[str, str]:
    """Check whom to join; returns the visitor and the user.

    Raises:
        InvalidRequest: an id is bad, or both are the same.
    """
    checks = Checks()
    good = checks.identifier(request.visitor_id, "visitor_id")
    if checks.identifier(request.user_id, "user_id") and good:
        same = request.visitor_id == request.user_id
        checks.require(not same, "visitor_id", "must not be the user_id")
    checks.raise_if_any()
    return request.visitor_id, request.user_id


def read_users(
    request: catalog_pb2.UpsertUsersRequest, schema: DeclaredSchema, now: float
) -> list[UserRecord]:
    """Check every user.

    Args:
        request: The request.
        schema: Declares their features.
        now: Becomes their update time, in seconds since 1970.

    Raises:
        InvalidRequest: with a violation for each bad field of each user.
    """
    checks = Checks()
    _check_count(len(request.users), "users", checks)
    once = _Once("users", "user_id", checks)
    users = [
        UserRecord(
            user_id=once.read(user.user_id, i),
            features=read_features(user.features, schema.user, f"users[{i}].features", checks),
            update_time=now,
        )
        for i, user in enumerate(request.users)
    ]
    checks.raise_if_any()
    return users


def read_deleted_ids(request: catalog_pb2.DeleteItemsRequest) -> Sequence[str]:
    """Check every id; one that is repeated counts once.

    Raises:
        InvalidRequest: with a violation for each bad id.
    """
    checks = Checks()
    _check_count(len(request.item_ids), "item_ids", checks)
    checks.identifiers(request.item_ids, "item_ids", MAX_RECORDS)
    checks.raise_if_any()
    return tuple(dict.fromkeys(request.item_ids))


def read_id(value: str, field: str) -> str:
    """Check the id that a Get names.

    Raises:
        InvalidRequest: it is bad.
    """
    checks = Checks()
    checks.identifier(value, field)
    checks.raise_if_any()
    return value


def _check_count(count: int, field: str, checks: Checks) -> None:
    """Refuse too few and too many at once: it is not worth looking at each of those."""
    what = f"must hold 1 to {MAX_RECORDS} {field.replace('item_ids', 'ids')}"
    if not checks.require(1 <= count <= MAX_RECORDS, field, what):
        checks.raise_if_any()


class _Once:
    """Checks the ids of a request, of which none may come twice: which one would stand?"""

    def __init__(self, field: str, id_field: str, checks: Checks) -> None:
        self._field, self._id_field, self._checks = field, id_field, checks
        self._places: dict[str, int] = {}

    def read(self, value: str, place: int) -> str:
        """Check the id at a place."""
        at = f"{self._field}[{place}].{self._id_field}"
        if self._checks.identifier(value, at):
            first = self._places.setdefault(value, place)
            same = f"is the same as that of {self._field}[{first}]; send each once"
            self._checks.require(first == place, at, same)
        return value

"""A catalogue in a SQL database."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, not_, select, update

from recserve.server.catalogue.interface import Deleted, ItemRecord, Put, UserRecord
from recserve.server.database import Database
from recserve.server.database.tables import CATALOGUE_REVISION, COUNTERS, ITEMS, USERS
from recserve.server.schema.values import (
    Features,
    features_from_json,
    features_to_json,
    many_features_from_json,
)

MAX_IDS_PER_QUERY = 500

_IS_THERE = not_(ITEMS.c.deleted)
_REVISION = select(COUNTERS.c.value).where(COUNTERS.c.name == CATALOGUE_REVISION)
_RAISE_REVISION = (
    update(COUNTERS)
    .where(COUNTERS.c.name == CATALOGUE_REVISION)
    .values(value=COUNTERS.c.value + 1)
    .returning(COUNTERS.c.value)
)
_KNOWN_ITEMS = select(ITEMS.c.item_id, ITEMS.c.deleted).where(
    ITEMS.c.item_id.in_(bindparam("ids", expanding=True))
)
_KNOWN_USERS = select(USERS.c.user_id).where(USERS.c.user_id.in_(bindparam("ids", expanding=True)))


class SqlCatalogue:
    """A `Catalogue` in a `Database`, which it shares with the event log.

    A change raises the revision first: where transactions run side by side, the row of that counter
    makes them wait for one another, so revisions are in the order of the commits.

    Args:
        database: The database; whoever opened it closes it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._add_item = database.insert(ITEMS).on_conflict_do_nothing()
        self._put_item = _put(database, ITEMS)
        self._put_user = _put(database, USERS)

    def put_items(self, items: Sequence[ItemRecord], *, keep_existing: bool = False) -> Put:
        """See `Catalogue.put_items`."""
        if not items:
            return Put(0, 0, self.revision())
        rows = [
            {
                "item_id": item.item_id,
                "features": features_to_json(item.features),
                "available": item.available,
                "update_time": item.update_time,
                "deleted": False,
            }
            for item in items
        ]
        with self._database.writing() as connection:
            revision = _raise_revision(connection)
            given = {item.item_id for item in items}
            deleted = _deleted_by_id(connection, given)
            connection.execute(self._add_item if keep_existing else self._put_item, rows)
        there = len(deleted) - sum(deleted.values())
        return Put(len(given) - (len(deleted) if keep_existing else there), there, revision)

    def put_users(self, users: Sequence[UserRecord]) -> Put:
        """See `Catalogue.put_users`."""
        if not users:
            return Put(0, 0, self.revision())
        rows = [
            {
                "user_id": user.user_id,
                "features": features_to_json(user.features),
                "update_time": user.update_time,
            }
            for user in users
        ]
        with self._database.writing() as connection:
            revision = _raise_revision(connection)
            given = {user.user_id for user in users}
            there = sum(
                len(connection.execute(_KNOWN_USERS, {"ids": some}).all())
                for some in _pieces(given)
            )
            connection.execute(self._put_user, rows)
        return Put(len(given) - there, there, revision)

    def delete_items(self, item_ids: Collection[str]) -> Deleted:
        """See `Catalogue.delete_items`."""
        if not item_ids:
            return Deleted(0, self.revision())
        gone = {"features": "", "available": False, "update_time": None, "deleted": True}
        with self._database.writing() as connection:
            revision = _raise_revision(connection)
            deleted = _deleted_by_id(connection, set(item_ids))
            connection.execute(self._put_item, [{"item_id": each, **gone} for each in item_ids])
        return Deleted(len(deleted) - sum(deleted.values()), revision)

    def get_item(self, item_id: str) -> ItemRecord | None:
        """See `Catalogue.get_item`."""
        with self._database.reading(once=True) as connection:
            query = select(ITEMS).where(ITEMS.c.item_id == item_id, _IS_THERE)
            row = connection.execute(query).first()
        if row is None:
            return None
        features = features_from_json(row.features)
        return ItemRecord(row.item_id, features, row.available, row.update_time)

    def get_user(self, user_id: str) -> UserRecord | None:
        """See `Catalogue.get_user`."""
        with self._database.reading(once=True) as connection:
            row = connection.execute(select(USERS).where(USERS.c.user_id == user_id)).first()
        if row is None:
            return None
        return UserRecord(row.user_id, features_from_json(row.features), row.update_time)

    def item_ids(self) -> list[str]:
        """See `Catalogue.item_ids`."""
        with self._database.reading(once=True) as connection:
            query = select(ITEMS.c.item_id).where(_IS_THERE).order_by(ITEMS.c.item_id)
            return list(connection.execute(query).scalars())

    def features_after(self, item_id: str, limit: int) -> list[tuple[str, Features]]:
        """See `Catalogue.features_after`."""
        query = select(ITEMS.c.item_id, ITEMS.c.features)
        query = query.where(ITEMS.c.item_id > item_id, _IS_THERE)
        with self._database.reading(once=True) as connection:
            rows = connection.execute(query.order_by(ITEMS.c.item_id).limit(limit)).all()
        ids, texts = zip(*rows, strict=True) if rows else ((), ())
        return list(zip(ids, many_features_from_json(texts), strict=True))

    def unavailable_item_ids(self) -> frozenset[str]:
        """See `Catalogue.unavailable_item_ids`."""
        with self._database.reading(once=True) as connection:
            query = select(ITEMS.c.item_id).where(not_(ITEMS.c.available))
            return frozenset(connection.execute(query).scalars())

    def item_count(self) -> int:
        """See `Catalogue.item_count`."""
        with self._database.reading(once=True) as connection:
            query = select(func.count()).select_from(ITEMS).where(_IS_THERE)
            return connection.execute(query).scalar_one()

    def revision(self) -> int:
        """See `Catalogue.revision`."""
        with self._database.reading(once=True) as connection:
            return int(connection.execute(_REVISION).scalar_one())


def _put(database: Database, table: Table) -> Any:
    """Adds a row, or replaces all of the one with its key."""
    put = database.insert(table)
    others = [each.name for each in table.columns if not each.primary_key]
    return put.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={name: put.excluded[name] for name in others}
    )


def _raise_revision(connection: Connection) -> int:
    return int(connection.execute(_RAISE_REVISION).scalar_one())


def _deleted_by_id(connection: Connection, item_ids: Iterable[str]) -> dict[str, bool]:
    """Those of some items that have a row, and whether each is deleted."""
    found: dict[str, bool] = {}
    for some in _pieces(item_ids):
        found |= {
            row.item_id: row.deleted for row in connection.execute(_KNOWN_ITEMS, {"ids": some})
        }
    return found


def _pieces(ids: Iterable[str]) -> list[list[str]]:
    """Ids in pieces that one query may name."""
    every = sorted(ids)
    return [every[at : at + MAX_IDS_PER_QUERY] for at in range(0, len(every), MAX_IDS_PER_QUERY)]

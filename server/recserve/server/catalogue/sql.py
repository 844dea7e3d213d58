"""A catalogue in a SQL database."""

from collections.abc import Sequence

from sqlalchemy import func, not_, select, update
from sqlalchemy.dialects.sqlite import insert

from recserve.server.catalogue.interface import ItemRecord, UserRecord
from recserve.server.database import Database
from recserve.server.database.tables import CATALOGUE_REVISION, COUNTERS, ITEMS, USERS
from recserve.server.schema.values import features_from_json, features_to_json

_PUT_ITEM = insert(ITEMS)
_PUT_ITEM = _PUT_ITEM.on_conflict_do_update(
    index_elements=[ITEMS.c.item_id],
    set_={"features": _PUT_ITEM.excluded.features, "available": _PUT_ITEM.excluded.available},
)
_ADD_ITEM = insert(ITEMS).on_conflict_do_nothing()
_PUT_USER = insert(USERS)
_PUT_USER = _PUT_USER.on_conflict_do_update(
    index_elements=[USERS.c.user_id], set_={"features": _PUT_USER.excluded.features}
)
_REVISION = select(COUNTERS.c.value).where(COUNTERS.c.name == CATALOGUE_REVISION)
_RAISE_REVISION = (
    update(COUNTERS).where(COUNTERS.c.name == CATALOGUE_REVISION).values(value=COUNTERS.c.value + 1)
)


class SqlCatalogue:
    """A `Catalogue` in a `Database`, which it shares with the event log.

    Args:
        database: The database; whoever opened it closes it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_items(self, items: Sequence[ItemRecord], *, keep_existing: bool = False) -> None:
        """See `Catalogue.put_items`."""
        rows = [
            {
                "item_id": item.item_id,
                "features": features_to_json(item.features),
                "available": item.available,
            }
            for item in items
        ]
        if rows:
            with self._database.writing() as connection:
                connection.execute(_ADD_ITEM if keep_existing else _PUT_ITEM, rows)
                connection.execute(_RAISE_REVISION)

    def put_users(self, users: Sequence[UserRecord]) -> None:
        """See `Catalogue.put_users`."""
        rows = [
            {"user_id": user.user_id, "features": features_to_json(user.features)} for user in users
        ]
        if rows:
            with self._database.writing() as connection:
                connection.execute(_PUT_USER, rows)
                connection.execute(_RAISE_REVISION)

    def get_item(self, item_id: str) -> ItemRecord | None:
        """See `Catalogue.get_item`."""
        with self._database.reading() as connection:
            row = connection.execute(select(ITEMS).where(ITEMS.c.item_id == item_id)).first()
        if row is None:
            return None
        return ItemRecord(row.item_id, features_from_json(row.features), row.available)

    def get_user(self, user_id: str) -> UserRecord | None:
        """See `Catalogue.get_user`."""
        with self._database.reading() as connection:
            row = connection.execute(select(USERS).where(USERS.c.user_id == user_id)).first()
        return None if row is None else UserRecord(row.user_id, features_from_json(row.features))

    def item_ids(self) -> list[str]:
        """See `Catalogue.item_ids`."""
        with self._database.reading() as connection:
            query = select(ITEMS.c.item_id).order_by(ITEMS.c.item_id)
            return list(connection.execute(query).scalars())

    def unavailable_item_ids(self) -> frozenset[str]:
        """See `Catalogue.unavailable_item_ids`."""
        with self._database.reading() as connection:
            query = select(ITEMS.c.item_id).where(not_(ITEMS.c.available))
            return frozenset(connection.execute(query).scalars())

    def item_count(self) -> int:
        """See `Catalogue.item_count`."""
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).select_from(ITEMS)).scalar_one()

    def revision(self) -> int:
        """See `Catalogue.revision`."""
        with self._database.reading() as connection:
            return int(connection.execute(_REVISION).scalar_one())

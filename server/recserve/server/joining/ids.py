"""Who is who: the ids of a user, in a transaction of whoever asks."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select

from recserve.server.database.tables import USER_JOINS


def users_of(connection: Connection, visitor_ids: Iterable[str]) -> dict[str, str]:
    """Who those of some users are that are visitors.

    Args:
        connection: A connection.
        visitor_ids: At most some thousands.
    """
    chosen = USER_JOINS.c.visitor_id.in_(list(visitor_ids))
    rows = connection.execute(select(USER_JOINS.c.visitor_id, USER_JOINS.c.user_id).where(chosen))
    return {row.visitor_id: row.user_id for row in rows}


def ids_of(connection: Connection, user_id: str) -> Sequence[str]:
    """Every id of the user whom an id means, the given one first."""
    user = user_of(connection, user_id) or user_id
    visitors = select(USER_JOINS.c.visitor_id).where(USER_JOINS.c.user_id == user)
    return list(dict.fromkeys([user_id, user, *connection.execute(visitors).scalars()]))


def forget_joins(connection: Connection, user_ids: Sequence[str]) -> None:
    """Delete the joins of an erased user."""
    chosen = USER_JOINS.c.visitor_id.in_(user_ids)
    connection.execute(delete(USER_JOINS).where(chosen))


def user_of(connection: Connection, visitor_id: str) -> str | None:
    """Who a visitor is, if it is known."""
    return users_of(connection, [visitor_id]).get(visitor_id)

"""Reads what a comparison needs from a database."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from recserve.server.answer_log.interface import LoggedAnswer
from recserve.server.answer_log.rows import from_row
from recserve.server.database import Database
from recserve.server.database.tables import ANSWERS, EVENTS
from recserve.server.experiments.comparison import Comparison
from recserve.server.schema import DeclaredSchema

ROWS_AT_ONCE = 10_000


def read_comparison(
    database: Database,
    schema: DeclaredSchema,
    *,
    since: float | None,
    until: float | None,
    event_types: Sequence[str],
    positions: int,
) -> Comparison:
    """Read the answers of a time, and what came of them, as they are at one moment.

    Args:
        database: The database.
        schema: Says which events are positive.
        since: Time of the first answer, in seconds since the Unix epoch; None: of all.
        until: Time before which answers count; None: to the last.
        event_types: What counts as a success; none: every positive event.
        positions: How many positions count.

    Raises:
        Unavailable: the database cannot be read.
    """
    with database.reading() as connection:
        successes = _successes(connection, schema, since, event_types)
        comparison = Comparison(successes, positions)
        for answers in _answers(connection, since, until):
            comparison.add(answers)
    return comparison


def _answers(
    connection: Connection, since: float | None, until: float | None
) -> Iterator[list[LoggedAnswer]]:
    query = select(ANSWERS)
    if since is not None:
        query = query.where(ANSWERS.c.answer_time >= since)
    if until is not None:
        query = query.where(ANSWERS.c.answer_time < until)
    streamed = query.execution_options(yield_per=ROWS_AT_ONCE)
    for rows in connection.execute(streamed).partitions():
        yield [from_row(row) for row in rows]


def _successes(
    connection: Connection,
    schema: DeclaredSchema,
    since: float | None,
    event_types: Sequence[str],
) -> dict[str, frozenset[str]]:
    columns = (EVENTS.c.recommendation_id, EVENTS.c.item_id, EVENTS.c.event_type, EVENTS.c.value)
    query = select(*columns).where(EVENTS.c.recommendation_id != "")
    if since is not None:
        query = query.where(EVENTS.c.event_time >= since)
    if event_types:
        query = query.where(EVENTS.c.event_type.in_(event_types))
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        if event_types or schema.is_positive(row.event_type, row.value):
            found[row.recommendation_id].add(row.item_id)
    return {answer: frozenset(items) for answer, items in found.items()}

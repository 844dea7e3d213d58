"""A register in a SQL database."""

from typing import Any

from google.protobuf import json_format
from sqlalchemy import Connection, Row, Select, insert, select, update

from recserve.server.database import Database
from recserve.server.database.tables import TRAINING_RUNS as RUNS
from recserve.server.training.register import (
    ENDED,
    Run,
    in_progress,
    new_run,
    number_of,
    without_manifest,
)
from recserve.v1 import training_pb2

LEASE_SECONDS = 30.0


class SqlRunRegister:
    """A `RunRegister` in a `Database`, which it shares with the event log.

    Args:
        database: The database; whoever opened it closes it.
        lease_seconds: How long after its last renewal a run counts as alive, where servers
            share the database.
    """

    def __init__(self, database: Database, lease_seconds: float = LEASE_SECONDS) -> None:
        self._database = database
        self._lease_seconds = lease_seconds

    @property
    def is_shared(self) -> bool:
        """See `RunRegister.is_shared`."""
        return self._database.is_shared

    def add(
        self, model: str, request: training_pb2.TrainRequest, now: float, trigger: str = ""
    ) -> tuple[Run, bool]:
        """See `RunRegister.add`."""
        of_model = select(RUNS).where(RUNS.c.model == model)
        with self._database.writing() as connection:
            if request.request_id:
                same = of_model.where(RUNS.c.request_id == request.request_id)
                known = connection.execute(same).first()
                if known is not None:
                    return _from_row(known), False
            at_work = connection.execute(of_model.where(RUNS.c.unended)).first()
            if at_work is not None:
                raise in_progress(_from_row(at_work))
            values = {
                "model": model,
                "request_id": request.request_id or None,
                "unended": True,
                "lease_until": self._lease(connection),
            }
            adding = insert(RUNS).values(**values, run="{}").returning(RUNS.c.number)
            number = connection.execute(adding).scalar_one()
            run = new_run(model, number, request, now, trigger)
            own = update(RUNS).where(RUNS.c.number == number)
            connection.execute(own.values(run=_to_json(run)))
        return run, True

    def put(self, run: Run) -> bool:
        """See `RunRegister.put`."""
        unended = update(RUNS).where(RUNS.c.number == number_of(run), RUNS.c.unended)
        kept = unended.values(
            run=_to_json(without_manifest(run)), unended=True if run.state not in ENDED else None
        )
        with self._database.writing() as connection:
            return connection.execute(kept).rowcount == 1

    def get(self, model: str, number: int) -> Run | None:
        """See `RunRegister.get`."""
        found = self._read(select(RUNS).where(RUNS.c.model == model, RUNS.c.number == number))
        return found[0] if found else None

    def newest(self, model: str, before: int | None, limit: int) -> list[Run]:
        """See `RunRegister.newest`."""
        query = select(RUNS).where(RUNS.c.model == model)
        if before is not None:
            query = query.where(RUNS.c.number < before)
        return self._read(query.order_by(RUNS.c.number.desc()).limit(limit))

    def renew(self, number: int) -> bool:
        """See `RunRegister.renew`."""
        own = update(RUNS).where(RUNS.c.number == number, RUNS.c.unended)
        with self._database.writing() as connection:
            renewed = own.values(lease_until=self._lease(connection))
            return connection.execute(renewed).rowcount == 1

    def orphaned(self, model: str) -> list[Run]:
        """See `RunRegister.orphaned`."""
        query = select(RUNS).where(RUNS.c.model == model, RUNS.c.unended)
        with self._database.reading() as connection:
            if self.is_shared:
                query = query.where(RUNS.c.lease_until < self._database.now(connection))
            rows = connection.execute(query.order_by(RUNS.c.number.desc()))
            return [_from_row(row) for row in rows]

    def _lease(self, connection: Connection) -> float:
        return self._database.now(connection) + self._lease_seconds

    def _read(self, query: Select[Any]) -> list[Run]:
        with self._database.reading() as connection:
            return [_from_row(row) for row in connection.execute(query)]


def _to_json(run: Run) -> str:
    return json_format.MessageToJson(run, preserving_proto_field_name=True, indent=None)


def _from_row(row: Row[Any]) -> Run:
    # Fields of a later release are no reason to lose the others.
    return json_format.Parse(row.run, Run(), ignore_unknown_fields=True)

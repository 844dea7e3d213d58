"""`inspect`: looks at a dataset and proposes its schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recserve.trainer import dataset, event_type_name, schema_file
from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.inspection import files, functions, kinds, names, roles
from recserve.trainer.inspection.facts import ColumnFacts, facts
from recserve.trainer.inspection.kinds import Kind
from recserve.trainer.inspection.roles import Roles
from recserve.v1 import schema_pb2

FEATURE_LISTS = {
    "user feature": "user_features",
    "item feature": "item_features",
    "context feature": "context_features",
    "pair feature": "candidate_features",
}
NO_LABEL = "a number of the event, without a label to learn it from"
_POSITIVE = schema_pb2.POLARITY_UNSPECIFIED


@dataclass(frozen=True)
class Found:
    """What one column was taken for."""

    file: str
    column: str
    role: str
    type: str
    missing: float
    distinct: int
    example: str
    reason: str


@dataclass(frozen=True)
class Inspection:
    """A proposed schema, and how it came about."""

    schema: schema_pb2.Schema
    columns: list[Found]
    label: bool
    """Whether the value is a 0/1 label."""
    rated: bool
    """Whether the value is something else, such as a rating."""


def inspect(path: str | Path) -> Inspection:
    """Proposes the schema of a dataset.

    Raises:
        DatasetError: If it cannot be read, or has no ids of users and items.
    """
    found = files.find(Path(path))
    # A row written twice must not count as evidence of what depends on what.
    rows = dataset.read_frame(found.interactions).rows.drop_duplicates()
    columns = [facts(rows[name]) for name in rows.columns]
    assigned = roles.find(columns, str(found.interactions))
    proposal = _Proposal(Path(path), found, assigned)
    proposal.add_roles()
    for column in columns:
        if column.name not in assigned.columns():
            proposal.add_from_interactions(column)
    proposal.add_file(found.items, assigned.item, "item feature")
    proposal.add_file(found.users, assigned.user, "user feature")
    return proposal.done()


class _Proposal:
    """A schema as it grows."""

    def __init__(self, path: Path, found: files.FoundFiles, assigned: Roles) -> None:
        self._found, self._roles = found, assigned
        self._schema = schema_pb2.Schema()
        self._columns: list[Found] = []
        source = self._schema.source
        if path.is_dir() and found.interactions.stem != "interactions":
            source.interactions_file = found.interactions.name
            source.items_file = found.items.name if found.items else ""
            source.users_file = found.users.name if found.users else ""

    def add_roles(self) -> None:
        """The ids, the event type, the value and the time."""
        self._add_event_types()
        source, assigned = self._schema.source, self._roles
        for attribute, usual, column, role, reason in (
            ("user_id_column", "user_id", assigned.user, "user id", _id_reason(names.USERS)),
            ("item_id_column", "item_id", assigned.item, "item id", _id_reason(names.ITEMS)),
            ("event_type_column", "event_type", assigned.event_type, "event type", "a few words"),
            ("value_column", "value", assigned.value, *self._value_role()),
            ("timestamp_column", "timestamp", assigned.time, *self._time_role()),
        ):
            if column is None:
                continue
            if column.name != usual:
                setattr(source, attribute, column.name)
            told = reason if isinstance(reason, str) else reason(column)
            self._note(self._found.interactions, column, role, "", told)
        if assigned.sequence:
            source.timestamp_kind = schema_pb2.TIMESTAMP_KIND_SEQUENCE

    def add_from_interactions(self, column: ColumnFacts) -> None:
        """A column of the interactions that has no role."""
        assigned = self._roles
        owner, reason = functions.owner(column.values, assigned.user.values, assigned.item.values)
        owners = {
            "user": assigned.user.distinct,
            "item": assigned.item.distinct,
            "neither": len(column.values),
        }
        judged = kinds.kind(column, owners[owner], owner)
        role = f"{owner} feature"
        if owner == "neither":
            numeric = judged.type == schema_pb2.FEATURE_TYPE_NUMERIC
            role = "pair feature" if numeric else "context feature"
            if numeric and not self._teaches_pairs():
                judged = Kind(schema_pb2.FEATURE_TYPE_UNSPECIFIED, NO_LABEL)
        self._add(
            self._found.interactions, column, role, Kind(judged.type, f"{judged.reason}; {reason}")
        )

    def _teaches_pairs(self) -> bool:
        """Whether numbers of a pair can be learned from: what is wanted and what is not.

        A rating tells that as well as a label does. But where the events have an order, it is
        the histories that are learned from, and a number that comes with an event, such as an
        amount, is known only after it.
        """
        assigned = self._roles
        return assigned.label or (assigned.value is not None and assigned.time is None)

    def add_file(self, path: Path | None, key: ColumnFacts, role: str) -> None:
        """The columns of the items or users file."""
        if path is None:
            return
        rows = dataset.read_frame(path).rows
        for name in rows.columns:
            column = facts(rows[name])
            if name == key.name:
                self._note(
                    path, column, role.replace("feature", "id"), "", "as in the interactions"
                )
            else:
                self._add(path, column, role, kinds.kind(column, len(rows)))

    def done(self) -> Inspection:
        """The result."""
        value, label = self._roles.value, self._roles.label
        if value is not None and not label and self._schema.candidate_features:
            for event_type in self._schema.event_types:
                event_type.positive_at_least = _halving(value)
        return Inspection(self._schema, self._columns, label, value is not None and not label)

    def _add(self, path: Path, column: ColumnFacts, role: str, judged: Kind) -> None:
        if judged.type == schema_pb2.FEATURE_TYPE_UNSPECIFIED:
            self._note(path, column, "left out", "", judged.reason)
            return
        features = getattr(self._schema, FEATURE_LISTS[role])
        feature = schema_pb2.Feature(type=judged.type)
        if judged.type == schema_pb2.FEATURE_TYPE_VECTOR:
            feature.dimension = column.dimension
        if FeatureLayout.of((*features, feature)).numbers > schema_file.MOST_NUMBERS:
            reason = f"with it, there were more than {schema_file.MOST_NUMBERS} numbers of its kind"
            self._note(path, column, "left out", "", reason)
            return
        if len(features) == schema_file.MOST_FEATURES:
            reason = f"the schema has {schema_file.MOST_FEATURES} of its kind, and no room for more"
            self._note(path, column, "left out", "", reason)
            return
        taken = {feature.name for feature in features}
        base = name = names.feature_name(column.name)
        number = 1
        while name in taken:
            number += 1
            name = f"{base[:59]}_{number}"
        feature.name = name
        if column.name != name:
            feature.column = column.name
        if judged.type == schema_pb2.FEATURE_TYPE_MULTI_VALUED:
            feature.separator = column.separator
        features.append(feature)
        kind_name = schema_pb2.FeatureType.Name(judged.type)
        self._note(
            path, column, role, kind_name.removeprefix("FEATURE_TYPE_").lower(), judged.reason
        )

    def _note(self, path: Path, column: ColumnFacts, role: str, type_: str, reason: str) -> None:
        self._columns.append(
            Found(
                path.name,
                column.name,
                role,
                type_,
                column.missing,
                column.distinct,
                column.example[:40],
                reason,
            )
        )

    def _add_event_types(self) -> None:
        column, value = self._roles.event_type, self._roles.value
        if column is not None:
            words = column.present.map(event_type_name.spelled).value_counts(sort=True).index
            for name in filter(event_type_name.NAME.fullmatch, words):
                self._schema.event_types.add(name=name, polarity=_polarity(name))
        else:
            self._schema.event_types.add(name=names.feature_name(value.name) if value else "event")
        for event_type in self._schema.event_types:
            if self._roles.label and not event_type.polarity:
                event_type.positive_at_least = 0.5

    def _value_role(self) -> tuple[str, str]:
        if self._roles.label:
            return "label", "0 and 1: the value of the event, positive from 0.5"
        return "value", f"numbers, and the name{self._unread()}"

    def _unread(self) -> str:
        """How much of the value can be read, where that is not all."""
        value = self._roles.value
        if value is None or value.numbers_share == 1.0:
            return ""
        return f"; {1.0 - value.numbers_share:.1%} of the cells are no numbers"

    def _time_role(self) -> tuple[str, str]:
        if self._roles.sequence:
            return "position", "counts 1, 2, 3 … within each user: no clock"
        return "time", "a clock"


def _id_reason(words: tuple[str, ...]) -> Callable[[ColumnFacts], str]:
    return lambda column: (
        "the name" if names.id_rank(column.name, words) < names.NOT_AT_ALL else "the only other id"
    )


def _polarity(name: str) -> schema_pb2.Polarity:
    """What the name of an event type says of the user's taste; unspecified is positive."""
    if name in names.DISLIKES:
        return schema_pb2.POLARITY_NEGATIVE
    return schema_pb2.POLARITY_IMPRESSION if name in names.SHOWINGS else _POSITIVE


def _halving(value: ColumnFacts) -> float:
    """The value from which on about half of the events, and never all, are positive."""
    numbers = value.numbers().dropna()
    above = numbers[numbers > numbers.min()]
    return float(max(numbers.median(), above.min())) if len(above) else float(numbers.min())

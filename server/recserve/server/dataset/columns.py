"""Which columns of a file hold what."""

from dataclasses import dataclass

from recserve.server.dataset.text_file import TextFile
from recserve.server.errors import InvalidDataset
from recserve.v1 import schema_pb2


@dataclass(frozen=True, slots=True)
class EventColumns:
    """The columns of the interactions file; None where there is none."""

    user: str
    item: str
    event_type: str | None
    value: str | None
    time: str | None

    @classmethod
    def of(cls, file: TextFile, source: schema_pb2.DatasetSource) -> "EventColumns":
        """Finds the columns that the schema names, or those of the canonical names.

        Raises:
            InvalidDataset: A column that the schema names, or an id column, is missing.
        """
        return cls(
            user=required_column(file, source.user_id_column or "user_id"),
            item=required_column(file, source.item_id_column or "item_id"),
            event_type=_optional(file, source.event_type_column, "event_type"),
            value=_optional(file, source.value_column, "value"),
            time=_optional(file, source.timestamp_column, "timestamp"),
        )

    @property
    def names(self) -> set[str]:
        """The names of those that are there."""
        return {
            name
            for name in (self.user, self.item, self.event_type, self.value, self.time)
            if name is not None
        }


def required_column(file: TextFile, name: str) -> str:
    """Returns the name of a column that must be there.

    Raises:
        InvalidDataset: It is not.
    """
    if name not in file.columns:
        raise InvalidDataset(
            f"{file.path} has no column {name!r}; it has {', '.join(file.columns)}. Say in"
            " schema.toml, under [source], which columns hold what:"
            " `recserve-trainer inspect DATASET --write` proposes it"
        )
    return name


def _optional(file: TextFile, named: str, canonical: str) -> str | None:
    if named:
        return required_column(file, named)
    return canonical if canonical in file.columns else None

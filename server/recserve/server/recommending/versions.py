"""The model versions that a front end can ask, and which of them a query means."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from recserve.server.engine.contract import Engine
from recserve.server.engine.user_inputs import UserLayout
from recserve.server.errors import FailedPrecondition, NotFound
from recserve.server.feature_widths import FeatureWidths
from recserve.server.item_table import ItemTable
from recserve.server.labels import CANARY, STABLE
from recserve.server.recommending.canary import is_canary_user
from recserve.server.schema import DeclaredSchema
from recserve.v1 import model_pb2, schema_pb2


@dataclass(frozen=True)
class ServedVersion:
    """One version that the supervisor wants served."""

    number: int
    schema: DeclaredSchema
    widths: FeatureWidths
    uses_history: bool
    """Whether the model reads the user's history."""
    has_clock: bool
    """Whether event times are moments, or only an order."""
    items: ItemTable
    user_layout: UserLayout
    """How users are told to the engine."""
    engine: Engine | None = field(default=None, compare=False)
    """None while it starts or restarts."""

    @property
    def reads_context(self) -> bool:
        """Whether the model reads features of the context."""
        return bool(self.schema.context.features)

    @classmethod
    def of(
        cls, manifest: model_pb2.ModelVersion, items: ItemTable, engine: Engine | None = None
    ) -> "ServedVersion":
        """Put together what the manifest and the item table say."""
        widths = FeatureWidths.of(manifest)
        sequence = schema_pb2.TIMESTAMP_KIND_SEQUENCE
        return cls(
            number=manifest.version,
            schema=DeclaredSchema(manifest.schema),
            widths=widths,
            uses_history=manifest.layout.uses_history,
            has_clock=manifest.schema.source.timestamp_kind != sequence,
            items=items,
            user_layout=UserLayout(widths),
            engine=engine,
        )


class ServedVersions:
    """The versions by number, and the labels that point at them. For one event loop.

    Args:
        canary_share: 0 to 1, the share of users whom the canary answers while there is one.
    """

    def __init__(self, canary_share: float = 0.0) -> None:
        self._canary_share = canary_share
        self._versions: dict[int, ServedVersion] = {}
        self._labels: dict[str, int] = {}

    def put(self, version: ServedVersion) -> None:
        """Add a version, or replace the one of its number."""
        self._versions[version.number] = version

    def __iter__(self) -> Iterator[ServedVersion]:
        return iter(self._versions.values())

    def remove(self, number: int) -> None:
        """Forget a version and its labels."""
        self._versions.pop(number, None)
        self._labels = {name: at for name, at in self._labels.items() if at != number}

    def get(self, number: int) -> ServedVersion | None:
        """The version of this number, if it is served."""
        return self._versions.get(number)

    def set_label(self, label: str, number: int) -> None:
        """Make a label point at a version."""
        self._labels[label] = number

    def drop_label(self, label: str) -> None:
        """Make a label point at nothing."""
        self._labels.pop(label, None)

    @property
    def labels(self) -> set[str]:
        """The labels that point at a version."""
        return set(self._labels)

    @property
    def stable(self) -> ServedVersion | None:
        """The version labelled stable, if there is one."""
        return self.labelled(STABLE)

    def labelled(self, label: str) -> ServedVersion | None:
        """The version that a label points at, if there is one."""
        return self._versions.get(self._labels.get(label, 0))

    def choose(
        self, number: int | None, label: str | None, user_id: str = ""
    ) -> tuple[ServedVersion | None, str]:
        """Find the version that a query means, and the label that led to it.

        Args:
            number: A version asked for by number, or None.
            label: A version asked for by label, or None.
            user_id: Who asks; empty for an anonymous session.

        Returns:
            If neither is given, the canary for its share of users if its engine is ready, and the
            stable version for all others; None for it if there is none yet.

        Raises:
            FailedPrecondition: the version is in the store but not served.
            NotFound: no version carries the label.
        """
        if number is not None:
            version = self._versions.get(number)
            if version is None:
                raise FailedPrecondition(
                    f"version {number} is not loaded on this server",
                    reason="VERSION_NOT_LOADED",
                    metadata={"version": str(number)},
                )
            return version, ""
        canary = self.labelled(CANARY) if label is None else None
        if (
            canary is not None
            and canary.engine is not None  # else it has only what is popular to say
            and is_canary_user(user_id, canary.number, self._canary_share)
        ):
            return canary, CANARY
        version = self.labelled(label or STABLE)
        if version is None and label not in (None, STABLE):
            raise NotFound(
                f"no version carries the label {label!r}",
                reason="LABEL_NOT_FOUND",
                metadata={"label": str(label)},
            )
        return version, label or STABLE if version else ""

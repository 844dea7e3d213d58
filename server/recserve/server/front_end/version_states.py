"""What the supervisor says of each version, as the front end last heard it."""

from dataclasses import dataclass, replace

from recserve.v1 import model_pb2


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a version stands on this server."""

    state: model_pb2.ModelVersionState = model_pb2.MODEL_VERSION_STATE_AVAILABLE
    labels: tuple[str, ...] = ()
    error: str = ""
    rollback: str = ""
    """Why its label was taken back; empty if it was not."""

    def failed(self, error: str) -> "Standing":
        """The same, but it cannot be served."""
        return replace(self, state=model_pb2.MODEL_VERSION_STATE_FAILED, error=error)


class VersionStates:
    """Standings by version. Replaced whole, so that any thread may read."""

    def __init__(self) -> None:
        self._standings: dict[int, Standing] = {}

    def replace(self, standings: dict[int, Standing]) -> None:
        """Take over what the supervisor says now."""
        self._standings = standings

    def of(self, number: int) -> Standing:
        """The standing of a version; one never heard of is merely available."""
        return self._standings.get(number, Standing())

    def labelled(self, label: str) -> int | None:
        """The version that carries a label."""
        for number, standing in self._standings.items():
            if label in standing.labels:
                return number
        return None

"""A trained model, ready to be evaluated and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recserve.trainer import weights
from recserve.trainer.model.endpoints import Endpoints
from recserve.trainer.model.signatures import Dimensions
from recserve.trainer.weights import Vocabularies
from recserve.v1 import model_pb2


@dataclass(frozen=True)
class Trained:
    """What learning hands over."""

    family: str
    endpoints: Endpoints
    dimensions: Dimensions
    candidate_count: int
    variables: list[Any]
    vocabularies: Vocabularies
    uses_history: bool
    numbers: Mapping[str, float] = field(default_factory=dict)
    """What learning chose, for a warm start to go on with."""

    def layout(self, format_version: int) -> model_pb2.ArtefactLayout:
        """What the serving side needs to know."""
        return model_pb2.ArtefactLayout(
            format_version=format_version,
            family=self.family,
            history_length=self.dimensions.history_length,
            vector_width=self.dimensions.vector_width,
            state_width=self.dimensions.state_width,
            multi_valued_length=self.dimensions.multi_valued_length,
            candidate_count=self.candidate_count,
            uses_history=self.uses_history,
        )

    def write(self, folder: Path) -> None:
        """Writes the SavedModel and the weights."""
        self.endpoints.save(folder / "saved_model")
        weights.write(folder / "weights.npz", self.variables, self.vocabularies, self.numbers)

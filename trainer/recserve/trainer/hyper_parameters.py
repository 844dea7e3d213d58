"""Hyper-parameters with their ranges and defaults, as `hyper_parameters.proto` states them."""

from typing import Annotated, Any, Self

from google.protobuf import json_format
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recserve.trainer.errors import HyperParameterError
from recserve.v1 import hyper_parameters_pb2


class HyperParameters(BaseModel):
    """What may be chosen about a model and its training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden_layers: Annotated[
        tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=1, max_length=8)
    ] = (100, 50)
    """Units of the ranker's hidden layers, first to last."""
    embedding_width: Annotated[int, Field(ge=4, le=1024)] = 64
    """Width of item and user vectors."""
    history_length: Annotated[int, Field(ge=1, le=1000)] = 500
    """Past events of a user that the model reads; of more than 50, the earlier ones speak for
    what belongs to them, without an order."""
    candidate_count: Annotated[int, Field(ge=10, le=10_000)] = 200
    """Items that retrieval hands to ranking."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.001
    """Step size of the optimiser (Adam)."""
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 256
    """Examples per step."""
    max_epochs: Annotated[int, Field(ge=1, le=1000)] = 30
    """Most passes over the data, for each stage."""
    patience: Annotated[int, Field(ge=1, le=100)] = 3
    """Passes without a better validation before training stops."""
    dropout: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    """Share of units dropped while training."""
    l2: Annotated[float, Field(ge=0, le=1)] = 1e-6
    """Weight of the L2 penalty."""
    negatives_per_positive: Annotated[int, Field(ge=1, le=100)] = 8
    """Negatives beside each positive on which scores are calibrated and measured."""
    holdout_share: Annotated[float, Field(gt=0, le=0.5)] = 0.2
    """Share of the events held out for evaluation, the latest ones."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 42
    """Seed of every random choice."""

    @classmethod
    def checked(cls, **chosen: Any) -> Self:
        """The given values, and the default for every other.

        Raises:
            HyperParameterError: For a value out of its range; names it and the range.
        """
        try:
            return cls(**chosen)
        except ValidationError as error:
            raise HyperParameterError(_explain(error)) from None

    @classmethod
    def from_message(cls, message: hyper_parameters_pb2.HyperParameters) -> Self:
        """Reads the message of a manifest; an absent field means its default."""
        present = {
            field.name: list(value) if field.name == "hidden_layers" else value
            for field, value in message.ListFields()
        }
        return cls.checked(**present)

    def to_message(self) -> hyper_parameters_pb2.HyperParameters:
        """The message, with every field filled in."""
        return json_format.ParseDict(
            self.model_dump(mode="json"), hyper_parameters_pb2.HyperParameters()
        )


def _explain(error: ValidationError) -> str:
    issues = {}
    for issue in error.errors():
        name = str(issue["loc"][0])
        issues[name] = f"{name} must be {range_of(name)}, not {issue['input']!r}"
    return "; ".join(issues.values())


def range_of(name: str) -> str:
    """The range of a hyper-parameter in words, such as "0 to 0.9"."""
    if name not in HyperParameters.model_fields:
        return "left out: there is no such hyper-parameter"
    if name == "hidden_layers":
        return "1 to 8 layers of 1 to 4096 units"
    low = high = ""
    for bound in HyperParameters.model_fields[name].metadata:
        low = f"{bound.ge}" if hasattr(bound, "ge") else low
        low = f"above {bound.gt}" if hasattr(bound, "gt") else low
        high = f"{bound.le}" if hasattr(bound, "le") else high
    return f"{low} to {high}"

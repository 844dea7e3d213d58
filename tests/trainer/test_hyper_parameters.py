"""Hyper-parameters, their ranges, and the options that mirror them."""

import pytest

from recserve.trainer.command.hyper_parameters import HYPER_PARAMETERS
from recserve.trainer.errors import HyperParameterError
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.v1 import hyper_parameters_pb2


def test_every_field_of_the_message_has_an_option_and_a_default() -> None:
    fields = [field.name for field in hyper_parameters_pb2.HyperParameters.DESCRIPTOR.fields]

    assert list(HYPER_PARAMETERS) == fields == list(HyperParameters.model_fields)
    assert len(HyperParameters().to_message().ListFields()) == len(fields)


def test_a_message_reads_back_as_the_same_values() -> None:
    chosen = HyperParameters.checked(hidden_layers=[8], l2=0.0, seed=0)

    assert HyperParameters.from_message(chosen.to_message()) == chosen


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("dropout", 1.0, "dropout must be 0 to 0.9, not 1.0"),
        ("learning_rate", 0.0, "learning_rate must be above 0 to 1"),
        ("hidden_layers", [], "hidden_layers must be 1 to 8 layers of 1 to 4096"),
        ("hidden_layers", [5000], "hidden_layers must be"),
        ("holdout_share", 0.6, "holdout_share"),
        ("embedding_width", 3, "embedding_width must be 4 to 1024"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(
    name: str, value: object, told: str
) -> None:
    with pytest.raises(HyperParameterError, match=told):
        HyperParameters.checked(**{name: value})

"""Context features: plain Python values as messages."""

from collections.abc import Collection, Mapping
from numbers import Real
from typing import cast

from recserve.client.event import FeatureValue
from recserve.v1 import schema_pb2


def context_messages(
    context: Mapping[str, FeatureValue] | None,
) -> dict[str, schema_pb2.FeatureValue]:
    """The messages of context features.

    Args:
        context: A number, a text, several texts or a vector for each name. NumPy's
            scalars and arrays are read as the Python values they hold.

    Raises:
        TypeError: A value is none of these.
        ValueError: A number is too large.
    """
    return {_name(name): _message(name, value) for name, value in (context or {}).items()}


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"names of context features must be strings, got {name!r}")
    return name


def _message(name: str, value: object) -> schema_pb2.FeatureValue:
    if hasattr(value, "tolist"):  # NumPy's, without importing it
        value = value.tolist()
    if isinstance(value, str):
        return schema_pb2.FeatureValue(text=value)
    if isinstance(value, Real):
        return schema_pb2.FeatureValue(number=_number(name, value))
    if isinstance(value, Collection) and not isinstance(value, bytes | bytearray | Mapping):
        return _list_message(name, value)
    raise _unreadable(name, value)


def _list_message(name: str, values: Collection[object]) -> schema_pb2.FeatureValue:
    if all(isinstance(value, str) for value in values):
        texts = schema_pb2.StringList(values=cast("Collection[str]", values))
        return schema_pb2.FeatureValue(strings=texts)
    if all(isinstance(value, Real) for value in values):
        numbers = [_number(name, value) for value in values]
        return schema_pb2.FeatureValue(vector=schema_pb2.FloatList(values=numbers))
    raise _unreadable(name, values)


def _number(name: str, value: object) -> float:
    try:
        return float(cast("float", value))
    except OverflowError:
        raise ValueError(f"context feature {name!r} does not fit a float64") from None


def _unreadable(name: str, value: object) -> TypeError:
    return TypeError(
        f"context feature {name!r} must be a number, a string, a list of strings or a list of "
        f"numbers, got {value!r}"
    )

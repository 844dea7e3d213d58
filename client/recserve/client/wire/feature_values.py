"""Features: plain Python values to and from messages."""

from collections.abc import Collection, Mapping
from datetime import datetime
from numbers import Real
from typing import cast

from recserve.client.event import FeatureValue
from recserve.v1 import schema_pb2


def context_messages(
    context: Mapping[str, FeatureValue] | None,
) -> dict[str, schema_pb2.FeatureValue]:
    """The messages of context features; see `feature_messages`."""
    return feature_messages(context or {}, "context feature")


def feature_messages(
    features: Mapping[str, FeatureValue], what: str
) -> dict[str, schema_pb2.FeatureValue]:
    """The messages of features.

    Args:
        features: A number, a text, several texts, a vector, or a datetime with a time zone
            for each name. NumPy's scalars and arrays are read as the Python values they hold.
        what: What they are, such as "context feature", for errors.

    Raises:
        TypeError: A value is none of these.
        ValueError: A number is too large, or a datetime has no time zone.
    """
    return {
        _name(name, what): _message(f"{what} {name!r}", value) for name, value in features.items()
    }


def feature_values(messages: Mapping[str, schema_pb2.FeatureValue]) -> dict[str, FeatureValue]:
    """The values that messages hold; one of a kind that this release does not know is left out."""
    plain = {name: _plain(message) for name, message in messages.items()}
    return {name: value for name, value in plain.items() if value is not None}


def _plain(message: schema_pb2.FeatureValue) -> FeatureValue | None:
    match message.WhichOneof("kind"):
        case "number":
            return message.number
        case "text":
            return message.text
        case "strings":
            return tuple(message.strings.values)
        case "vector":
            return tuple(message.vector.values)
        case _:
            return None


def _name(name: object, what: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{what} names must be strings, got {name!r}")
    return name


def _message(name: str, value: object) -> schema_pb2.FeatureValue:
    if isinstance(value, datetime):
        return schema_pb2.FeatureValue(number=_seconds(name, value))
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
        raise ValueError(f"{name} does not fit a float64") from None


def _seconds(name: str, moment: datetime) -> float:
    if moment.utcoffset() is None:
        raise ValueError(f"{name} is a datetime without a time zone")
    return moment.timestamp()


def _unreadable(name: str, value: object) -> TypeError:
    return TypeError(
        f"{name} must be a number, a string, a datetime, a list of strings or "
        f"a list of numbers, got {value!r}"
    )

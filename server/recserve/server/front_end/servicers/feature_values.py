"""From a feature value of the domain to its message."""

from recserve.server.schema import FeatureValue
from recserve.v1 import schema_pb2


def to_message(value: FeatureValue) -> schema_pb2.FeatureValue:
    """Write a feature value."""
    if isinstance(value, str):
        return schema_pb2.FeatureValue(text=value)
    if isinstance(value, float):
        return schema_pb2.FeatureValue(number=value)
    message = schema_pb2.FeatureValue()
    message.strings.SetInParent()  # of an empty list too
    strings = [each for each in value if isinstance(each, str)]
    if len(strings) == len(value):
        message.strings.values.extend(strings)
    else:
        numbers = [each for each in value if isinstance(each, float)]
        message.vector.values.extend(numbers)
    return message

"""How one call ended."""

from typing import NamedTuple

OK = "OK"


class Outcome(NamedTuple):
    """How one call ended."""

    code: str
    """The gRPC status code, such as "OK" or "DEADLINE_EXCEEDED"."""
    fallback: str = ""
    """Why an OK answer of Recommend is a simpler one, such as "no_model"; empty: it is not."""

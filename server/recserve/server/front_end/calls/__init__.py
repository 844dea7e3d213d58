"""What happens around every call: parsing, metrics, and errors turned into statuses."""

from recserve.server.front_end.calls.interceptor import CallInterceptor
from recserve.server.front_end.calls.limit import CallLimit
from recserve.server.front_end.calls.registration import WrappingServer

__all__ = ["CallInterceptor", "CallLimit", "WrappingServer"]

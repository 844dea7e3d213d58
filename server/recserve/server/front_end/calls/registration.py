"""Registers servicers with a gRPC server, each of their methods wrapped."""

from collections.abc import Mapping, Sequence
from typing import Any

import grpc

from recserve.server.front_end.calls.interceptor import CallInterceptor


class WrappingServer:
    """A server as generated code sees it when it registers a servicer.

    Args:
        server: The grpc.aio server that is given the wrapped methods.
        calls: Wraps them.
    """

    def __init__(self, server: Any, calls: CallInterceptor) -> None:
        self._server = server
        self._calls = calls
        self.handlers: dict[str, Any] = {}
        """What was registered, wrapped, by "/package.Service/Method"."""

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """Part of grpc.aio.Server: generated code registers the same methods by name too."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Part of grpc.aio.Server."""
        wrapped = {}
        for name, handler in handlers.items():
            path = f"/{service}/{name}"
            wrapped[name] = self.handlers[path] = self._calls.wrap(path, handler)
        generic = grpc.method_handlers_generic_handler(service, wrapped)
        self._server.add_generic_rpc_handlers((generic,))
        self._server.add_registered_method_handlers(service, wrapped)

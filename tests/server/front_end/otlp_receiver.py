"""A small collector of OpenTelemetry's, on a loopback port."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans


class OtlpReceiver(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps what it is sent, while the `with` lasts."""

    def __init__(self) -> None:
        self.received: list[ResourceSpans] = []
        self.some = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(2))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def Export(self, request, _context):  # noqa: N802 - the protocol's name
        self.received += request.resource_spans
        self.some.set()
        return trace_service_pb2.ExportTraceServiceResponse()

    def names(self) -> list[str]:
        scopes = [scope for resource in self.received for scope in resource.scope_spans]
        return [span.name for scope in scopes for span in scope.spans]

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop(None).wait()

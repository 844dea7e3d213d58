"""The transport of the package pygrpc-native: HTTP/2 in Rust, outside the interpreter lock.

It is built on the package's low-level interface. Its grpc.aio look-alike does per call what is
done here once per method, and forgets no call whose caller left before it began.
"""

import asyncio
import threading
import time
from collections import deque
from contextlib import ExitStack
from typing import Any, NamedTuple

import grpc
import grpc.aio
from pygrpc_native import EVENT_CANCEL, NativeGrpcFront

from recserve.server import logs
from recserve.server.errors import Unavailable
from recserve.server.front_end.calls import CallInterceptor, CallLimit, WrappingServer
from recserve.server.front_end.calls.statuses import status_of
from recserve.server.front_end.transports.contract import (
    FLUSH_SECONDS,
    OPTIONS,
    AddServicers,
    cannot_listen,
)
from recserve.server.front_end.transports.native_calls import NativeContext, NativeMethod, fail
from recserve.server.runtime_folder import runtime_folder
from recserve.server.tracing import CallTracer

_WRITING_SECONDS = 0.2
"""For the last answers to be written: a front that is closed drops them, and tells nobody when it
has no more."""
_BATCH = 64
"""Most calls that are taken over from Rust at once."""
_STOPPING = status_of(Unavailable("the server is stopping; ask another one", reason="DRAINING"))


class NativeTransport:
    """A server in plaintext. Made on the event loop that it runs on.

    Methods with one request are served by the native front. A grpcio server on a Unix socket
    behind it serves the rest: client streams such as reflection, and calls of unknown methods.

    Args:
        add_servicers: Registers the servicers with the server.
        limit: Refuses calls while too many are under way.
        tracer: Makes a span of each call; None: calls are not traced.
    """

    def __init__(
        self, add_servicers: AddServicers, limit: CallLimit, tracer: CallTracer | None = None
    ) -> None:
        self._limit = limit
        self._calls = CallInterceptor(limit, tracer)
        self._fallback = grpc.aio.server(options=OPTIONS)
        self._registered = WrappingServer(self._fallback, self._calls)
        add_servicers(self._registered)
        self._front: NativeGrpcFront | None = None
        self._methods: list[NativeMethod] = []
        self._running: dict[int, asyncio.Task[None]] = {}
        self._stopping = False
        self._arrived: deque[list[_Event]] = deque()
        self._is_told = False
        """Whether the loop has been told to look at `_arrived`, and has not looked yet."""
        self._resources = ExitStack()

    async def start(self, address: str) -> int:
        """Listen on an address; return the port.

        Raises:
            ConfigurationError: the address is taken or not ours, or the temporary folder has no
                room for a socket.
        """
        self._socket = self._resources.enter_context(runtime_folder()) / "grpcio.sock"
        try:
            self._front = NativeGrpcFront(address, [], call_details=True, delay_stream_headers=True)
        except OSError as error:
            self._resources.close()
            raise cannot_listen(address, str(error)) from error
        self._loop = asyncio.get_running_loop()
        self._fallback.add_insecure_port(f"unix:{self._socket}")
        await self._fallback.start()
        self._front.set_fallback(str(self._socket))
        self._methods += [
            NativeMethod(self._front, path, handler)
            for path, handler in self._registered.handlers.items()
            if not handler.request_streaming
        ]
        self._front.add_methods([(method.path, method.streaming) for method in self._methods])
        self._front.start()
        self._receiver = threading.Thread(
            target=self._receive, args=(self._front,), name="native-calls", daemon=True
        )
        self._receiver.start()
        return self._front.bound_port

    async def stop(self, grace_seconds: float) -> None:
        """Take no new calls, and give those in flight time to finish."""
        front = self._front
        if front is None:
            return
        until = time.monotonic() + grace_seconds
        await self._calls.drain(grace_seconds)
        self._stopping = True
        flush = max(0.0, min(FLUSH_SECONDS, until - time.monotonic()))
        rest = asyncio.ensure_future(self._fallback.stop(flush))
        if self._running:
            await asyncio.wait(self._running.values(), timeout=flush)
        left = list(self._running.items())
        for call_id, task in left:
            fail(front, call_id, *_STOPPING)
            task.cancel()
        await asyncio.gather(*(task for _, task in left), return_exceptions=True)
        await rest
        await asyncio.sleep(min(_WRITING_SECONDS, flush))
        await asyncio.to_thread(self._close, front)

    def _close(self, front: NativeGrpcFront) -> None:
        front.close()
        self._receiver.join()
        self._resources.close()

    def _receive(self, front: NativeGrpcFront) -> None:
        while (events := front.recv_batch_details(_BATCH)) is not None:
            looked_at = (self._look_at(front, event) for event in events)
            self._arrived.append([event for event in looked_at if event is not None])
            if self._is_told:  # it will see these too: waking it once more would cost it time
                continue
            self._is_told = True
            try:
                self._loop.call_soon_threadsafe(self._take, front)
            except RuntimeError:  # the loop was closed without a stop
                front.close()
                return

    def _look_at(self, front: NativeGrpcFront, event: tuple[Any, ...]) -> "_Event | None":
        """What the loop is to do; None for a call that is refused, which so need not wait for it.

        The time that a caller has begins here, however long the loop is busy.
        """
        kind, call_id, method_id, data, _, details = event
        if kind == EVENT_CANCEL:
            return _Event(call_id, None, b"", None)
        try:
            method = self._methods[method_id]
            refusal = self._limit.refusal(method.path, len(self._running))
            if refusal is None:
                return _Event(call_id, method, data, NativeContext(*details))
            fail(front, call_id, *refusal)
        except Exception as error:  # this thread must not end: it serves every caller
            logs.get("calls").error("unexpected exception", exc_info=error)
            fail(front, call_id, grpc.StatusCode.INTERNAL, "the call could not be taken")
        return None

    def _take(self, front: NativeGrpcFront) -> None:
        self._is_told = False  # before looking, so that nothing is overlooked
        while self._arrived:
            for call_id, method, data, context in self._arrived.popleft():
                if method is None or context is None:
                    # Forgotten here, because a task that has not begun runs no `finally`.
                    task = self._running.pop(call_id, None)
                    if task is not None:
                        task.cancel()
                elif self._stopping:
                    fail(front, call_id, *_STOPPING)
                else:
                    answer = self._answer(call_id, method, data, context)
                    self._running[call_id] = self._loop.create_task(answer)

    async def _answer(
        self, call_id: int, method: NativeMethod, data: bytes, context: NativeContext
    ) -> None:
        try:
            await method.answer(call_id, data, context)
        finally:
            self._running.pop(call_id, None)


class _Event(NamedTuple):
    """A call that begins, or one whose caller has left."""

    call_id: int
    method: NativeMethod | None
    """None: the caller has left."""
    data: bytes
    context: NativeContext | None

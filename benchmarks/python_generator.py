"""A generator that reads gRPC's status, and stands in for h2load where that is missing.

`python -m benchmarks.python_generator ADDRESS PATH MESSAGE_FILE --log-file LOG` with `--calls` and
`--in-flight` (a closed loop), or with `--rate` (an open loop, until it is terminated). A line of
the log is the start in microseconds since 1970, 200 or gRPC's code, and the microseconds it took.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TextIO

import grpc.aio

OK = 200
OPTIONS = (("grpc.enable_retries", 0),)


async def closed_loop(call: Callable[[], Awaitable[None]], calls: int, in_flight: int) -> None:
    """Make so many calls, with so many at a time."""
    numbers = iter(range(calls))

    async def caller() -> None:
        for _ in numbers:
            await call()

    await asyncio.gather(*(caller() for _ in range(in_flight)))


async def open_loop(call: Callable[[], Awaitable[None]], rate: float) -> None:
    """Begin so many calls a second for ever; one that is late is begun at once."""
    running: set[asyncio.Task[None]] = set()
    due = time.perf_counter()
    while True:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        task = asyncio.ensure_future(call())
        running.add(task)
        task.add_done_callback(running.discard)
        due += 1 / rate


async def main(arguments: argparse.Namespace, log: TextIO) -> None:
    """Call until the calls are made, or for ever."""
    message = arguments.message.read_bytes()
    async with grpc.aio.insecure_channel(arguments.address, options=OPTIONS) as channel:
        method = channel.unary_unary(arguments.path)

        async def call() -> None:
            begin, start, status = time.time(), time.perf_counter(), OK
            try:
                await method(message, timeout=arguments.deadline)
            except grpc.aio.AioRpcError as error:
                status = error.code().value[0]
            seconds = time.perf_counter() - start
            log.write(f"{begin * 1e6:.0f}\t{status}\t{seconds * 1e6:.0f}\n")

        await channel.channel_ready()
        if arguments.rate:
            await open_loop(call, arguments.rate)
        else:
            await closed_loop(call, arguments.calls, arguments.in_flight)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("path")
    parser.add_argument("message", type=Path)
    parser.add_argument("--log-file", type=Path, required=True)
    parser.add_argument("--calls", type=int, default=0)
    parser.add_argument("--in-flight", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--deadline", type=float, default=30.0)
    return parser.parse_args()


if __name__ == "__main__":
    options = _arguments()
    with options.log_file.open("w", buffering=1) as lines:
        asyncio.run(main(options, lines))

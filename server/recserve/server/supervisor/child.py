"""One child process: started with a control line, watched, stopped."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from recserve.server.control import Message, ParentControl


class Child:
    """A running Python module of ours, and the line to it."""

    def __init__(self, process: asyncio.subprocess.Process, control: ParentControl) -> None:
        self._process = process
        self._control = control

    @classmethod
    async def start(
        cls, module: str, argument: str, environment: dict[str, str] | None = None
    ) -> "Child":
        """Run `python -m module FD ARGUMENT` with one end of a control line as FD.

        Args:
            module: What to run.
            argument: What it is told.
            environment: Its variables. Default: those of this process.
        """
        control, theirs = await ParentControl.pair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the working folder must not shadow installed packages
                "-m",
                module,
                str(theirs.fileno()),
                argument,
                stdin=asyncio.subprocess.DEVNULL,
                env=environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a Ctrl-C is for the supervisor, which then drains us
            )
        return cls(process, control)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def send(self, **message: object) -> None:
        """Tell the child something."""
        self._control.send(**message)

    async def receive(self) -> Message | None:
        """Return its next message, or None when it has ended."""
        return await self._control.receive()

    async def until_ended(self) -> int:
        """Return its exit status once it has ended, whatever it says meanwhile."""
        return await self._process.wait()

    async def watch(self, on_message: Callable[[Message], Awaitable[None]]) -> int:
        """Hand over its messages until it ends; return its exit status (negative: a signal)."""
        while (message := await self._control.receive()) is not None:
            await on_message(message)
        status = await self._process.wait()
        self._control.close()
        return status

    async def stop(self, patience_seconds: float) -> None:
        """Let go of the line, and kill what has not ended in time."""
        self._control.close()
        try:
            await asyncio.wait_for(self._process.wait(), patience_seconds)
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End it now."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)

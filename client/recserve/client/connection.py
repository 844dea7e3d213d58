"""The blocking client's connection, one for each process."""

import threading
from typing import TYPE_CHECKING

import grpc

from recserve.client.forks import forks
from recserve.client.session import Session

if TYPE_CHECKING:
    from recserve.client.wire.stubs import Stubs


class Connection:
    """The channel and its stubs. It connects at the first call.

    A child process must not use its parent's channel, since the threads that serve it are not
    there, nor close it, which would shut down the socket that both have. So a child makes one
    of its own, and forgets the parent's.

    `_lock` guards `_channel` and `_stubs`.

    Args:
        session: The client's session.

    Raises:
        OSError: A certificate file cannot be read.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._parents: list[grpc.Channel] = []
        self._channel: grpc.Channel | None
        self._stubs: Stubs | None
        self._connect()
        forks.tell(self)

    @property
    def stubs(self) -> "Stubs":
        """The stubs of this process."""
        stubs = self._stubs
        if stubs is None:
            with self._lock:
                stubs = self._stubs or self._connect()
        return stubs

    def close(self) -> None:
        """Close this process's channel."""
        with self._lock:
            if self._channel is not None:
                self._channel.close()

    def before_fork(self) -> None:
        """See `Forkable.before_fork`: calls of other threads go on."""

    def after_fork_in_parent(self) -> None:
        """See `Forkable.after_fork_in_parent`."""

    def after_fork_in_child(self) -> None:
        """See `Forkable.after_fork_in_child`."""
        self._lock = threading.Lock()
        self._session.forked()
        if self._channel is not None:
            self._parents.append(self._channel)
        self._channel = self._stubs = None

    def _connect(self) -> "Stubs":
        from recserve.client.wire.channels import blocking_channel
        from recserve.client.wire.stubs import Stubs

        self._channel = blocking_channel(self._session)
        self._stubs = Stubs(self._channel)
        return self._stubs

"""What becomes of clients and senders in a process that forks."""

import os
import threading
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something that threads use and that a child process inherits."""

    def before_fork(self) -> None:
        """Get into a state that can be copied, and stay in it."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Begin afresh: this thread is the only one, and a lock of another is held for ever."""


class Forks:
    """Tells those whom it knows of each fork, while they live.

    `_lock` guards `_forking`, and is held while the process forks: one fork at a time.
    """

    def __init__(self) -> None:
        self._known: weakref.WeakSet[Forkable] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._forking: list[Forkable] = []

    def tell(self, forkable: Forkable) -> None:
        """Let it know of forks."""
        self._known.add(forkable)

    def before(self) -> None:
        """The process is about to fork."""
        self._lock.acquire()
        self._forking = list(self._known)
        for each in self._forking:
            each.before_fork()

    def after_in_parent(self) -> None:
        """It has forked, and this is the parent."""
        for each in self._forking:
            each.after_fork_in_parent()
        self._forking = []
        self._lock.release()

    def after_in_child(self) -> None:
        """It has forked, and this is the child."""
        self._lock = threading.RLock()
        for each in self._forking:
            each.after_fork_in_child()
        self._forking = []


forks = Forks()
if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(
        before=forks.before,
        after_in_parent=forks.after_in_parent,
        after_in_child=forks.after_in_child,
    )

"""Locks that a forked child finds free, whichever thread of its parent held them."""

import os
import threading
import weakref

__all__ = ["Guard"]


class Guard:
    """The lock of one object.

    A signal handler runs in the thread it interrupts, so that thread may take the lock again.
    """

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        GUARDS.add(weakref.ref(self, GUARDS.discard))


# No WeakSet, which runs Python code where a guard ends: an interrupt would be lost there.
GUARDS: "set[weakref.ref[Guard]]" = set()


def _renew() -> None:
    for reference in tuple(GUARDS):
        guard = reference()
        if guard is not None:
            guard.lock = threading.RLock()


# What the locks guard is whole in the child: it is changed while the interpreter is held, and so does whoever forks.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)

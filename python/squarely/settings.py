"""Threads and instruction sets. Both change speed only, never a bit of an exact result."""

from __future__ import annotations

from squarely import _core

__all__ = ["get_num_threads", "get_target", "set_num_threads", "set_target", "targets"]


def set_num_threads(count: int) -> None:
    """Set how many threads large arrays are read with.

    Parameters
    ----------
    count : int
        A positive number, or 0 for the default: the cores this process may use (its affinity mask and, in a container,
        its quota), and never more than OMP_NUM_THREADS or threadpoolctl allow. At import, the environment variable
        SQUARELY_NUM_THREADS is read instead. Small arrays and forked children always use one thread.

    Raises
    ------
    ValueError
        Where count is negative.

    Examples
    --------
    >>> import squarely
    >>> squarely.set_num_threads(1)
    >>> squarely.get_num_threads()
    1
    >>> squarely.set_num_threads(0)
    """
    _core.set_num_threads(count)


def get_num_threads() -> int:
    """Return how many threads a large array would be read with now.

    Examples
    --------
    >>> import squarely
    >>> squarely.get_num_threads() >= 1
    True
    """
    return _core.get_num_threads()


def targets() -> tuple[str, ...]:
    """Return the instruction sets this machine can run, the best last.

    Examples
    --------
    >>> import squarely
    >>> squarely.targets()[0]
    'plain'
    """
    return _core.targets()


def get_target() -> str:
    """Return the instruction set in use.

    Examples
    --------
    >>> import squarely
    >>> squarely.get_target() in squarely.targets()
    True
    """
    return _core.get_target()


def set_target(name: str) -> None:
    """Choose the instruction set by name.

    Parameters
    ----------
    name : str
        One of `targets()`, or an empty string for the best of them. At import, the environment variable
        SQUARELY_TARGET is read instead.

    Raises
    ------
    ValueError
        Where this machine has no such target; the message names those it has.

    Examples
    --------
    >>> import squarely
    >>> squarely.set_target("plain")
    >>> squarely.get_target()
    'plain'
    >>> squarely.set_target("")
    """
    _core.set_target(name)

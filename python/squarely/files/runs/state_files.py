"""Files that hold sums: those of files, of an accumulator and of groups."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from squarely.files.errors import FileError, one_line
from squarely.files.runs.atomic_write import check_can_be_written, write_atomically

# What the byte forms of `FileStates`, `Accumulator` and `GroupedAccumulator` begin with.
STATES = OF_FILES, OF_ACCUMULATOR, OF_GROUPS = b"sqfs", b"sqac", b"sqga"

State = TypeVar("State")


def save_state(path: str | os.PathLike[str], state: bytes) -> None:
    """Write a state, which takes the place of another state and of nothing else."""
    check_may_be_replaced(os.fspath(path))
    write_atomically(os.fspath(path), state)


def load_state(path: str | os.PathLike[str], from_bytes: Callable[[bytes], State]) -> State:
    """Return what is in a file, or refuse it by its name."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            return from_bytes(file.read())
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{name}: there is no such file") from error
    except OSError as error:
        raise FileError(f"{name}: the file cannot be read: {one_line(error.strerror or error)}") from error
    except ValueError as error:
        raise FileError(f"{name}: {error}") from error


def check_may_be_replaced(path: str) -> None:
    """Refuse a path where a state cannot be written, or where it would take the place of anything but a state."""
    check_can_be_written(path)
    try:
        with open(path, "rb") as file:
            is_state = file.read(len(OF_FILES)) in STATES
    except FileNotFoundError:
        return
    except OSError as error:
        raise FileError(f"{path}: the file cannot be read: {one_line(error.strerror or error)}") from error
    if not is_state:
        raise FileError(f"{path}: this file is there already and is no state of squarely; name another, or delete it")

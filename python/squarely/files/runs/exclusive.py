"""One run at a time: a lock beside a file, which the system lets go of when the process ends, however it ends."""

import contextlib
import os
from collections.abc import Iterator

from squarely.files.errors import FileError


@contextlib.contextmanager
def alone_with(path: str) -> Iterator[None]:
    """Refuse to go on where another run holds the file."""
    try:
        import fcntl
    except ImportError:  # a system without such locks
        yield
        return
    folder, name = os.path.split(path)
    lock = os.path.join(folder, f".{name}.lock")  # hidden: a folder that is scored may hold the file
    while True:
        with open(lock, "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FileError(
                    f"{path}: another run is using this checkpoint; wait until it ends, or name another"
                ) from error
            except OSError:  # a filesystem without locks
                yield
                return
            # A run that ended since the file was opened has taken it away, and a third would lock another.
            if not _is_at(lock, file.fileno()):
                continue
            try:
                yield
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(lock)
            return


def _is_at(path: str, opened: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(opened))
    except FileNotFoundError:
        return False

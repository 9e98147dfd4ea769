"""Files that are there whole or not at all."""

import contextlib
import os
import threading

from squarely.files.errors import FileError, one_line


def write_atomically(path: str, content: bytes) -> None:
    """Write a file so that whoever looks, also after a crash, sees what was there before or all that is new."""
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.{threading.get_ident()}")
    try:
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileNotFoundError):
                os.chmod(temporary, os.stat(path).st_mode & 0o777)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise FileError(f"{path}: the file cannot be written: {one_line(error.strerror or error)}") from error


def check_can_be_written(path: str) -> None:
    """Refuse, before the work begins, a path at which no file can be written."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        raise FileError(f"{path}: this is a folder, and a file is to be written")
    if not os.path.isdir(folder):
        raise FileError(f"{path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise FileError(f"{path}: the folder {folder} may not be written to")

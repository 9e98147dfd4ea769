"""The bytes in a file, unpacked where it is a .gz or a .zip."""

import contextlib
import gzip
import os
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from squarely.files.errors import ContentError, one_line
from squarely.files.formats.data_file import DataFile


@contextlib.contextmanager
def open_unpacked(source: DataFile) -> Iterator[tuple[Any, Callable[[], float]]]:
    """Open the text of a CSV file, unpacked, and say how much of the file was read."""
    with source.open() as file:
        size = source.size()
        opener = {".gz": _gzip, ".zip": _zip}.get(os.path.splitext(source.path)[1].lower(), contextlib.nullcontext)
        with opener(file) as content:
            yield content, lambda: file.tell() / size


def _gzip(file: Any) -> Any:
    return gzip.GzipFile(fileobj=file)


@contextlib.contextmanager
def _zip(file: Any) -> Iterator[Any]:
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise ContentError(f"the archive must hold exactly one file, and it holds {len(members)}")
        try:
            content = archive.open(members[0])
        except RuntimeError as error:  # encrypted, or a compression that Python lacks
            raise ContentError(f"the archive cannot be unpacked: {one_line(error)}") from error
        with content:
            yield content

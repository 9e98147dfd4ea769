"""A file to read, in the local filesystem or in one of pyarrow."""

import errno
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from squarely.files.formats.standard_input import StandardInput


class DataFile(NamedTuple):
    """A file to read, and the columns that only the names of its folders hold."""

    path: str
    filesystem: Any = None  # None: the local one, without pyarrow between
    keys: Mapping[str, str | None] = MappingProxyType({})
    info: Any = None  # what its filesystem says of it, where that may be a request over the network

    def size(self) -> int:
        if self.filesystem is None:
            return os.path.getsize(self.path)
        if self.info.size is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such file")
        return int(self.info.size)

    def open(self) -> Any:
        """Return the bytes of the file, readable from any place in it."""
        if self.filesystem is None:
            return open(self.path, "rb", buffering=0)
        return self.filesystem.open_input_file(self.path)

    def lasts(self) -> bool:
        """Say whether the file can be read again, and by a later run; standard input cannot."""
        return not isinstance(self.filesystem, StandardInput)

    @property
    def name(self) -> str:
        """What has an ending that says what is in the file; standard input is CSV unless another format is named."""
        return self.path if self.lasts() else f"{self.path}.csv"

    def place(self) -> str:
        """Return what no other file has."""
        return os.path.realpath(self.path) if self.filesystem is None else f"{self.filesystem.type_name}:{self.path}"

    def modified(self) -> int:
        """Return when the file was last changed, in nanoseconds, and 0 where its filesystem does not know."""
        if self.filesystem is None:
            return os.stat(self.path).st_mtime_ns
        return int(self.info.mtime_ns or 0)

    def version(self) -> tuple[int, ...]:
        """Return what is another after the file was written to or replaced, as far as its filesystem knows."""
        if self.filesystem is None:
            status = os.stat(self.path)
            return status.st_size, status.st_mtime_ns, status.st_ino
        info = self.filesystem.get_file_info(self.path)
        return info.size or 0, info.mtime_ns or 0

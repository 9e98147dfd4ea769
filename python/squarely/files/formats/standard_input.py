"""Standard input as a filesystem of one file, which is read from front to back."""

import sys
from types import SimpleNamespace
from typing import Any

from squarely.files.errors import ContentError

NAME = "standard input"
LAST_BYTES = 8
KEPT_BYTES = 32 << 20  # that can be read again: the first rows, in which the columns are looked up


class StandardInput:
    """What of a pyarrow filesystem is asked for. The beginning of the file is kept, for whoever opens it again."""

    type_name = "process"

    def __init__(self) -> None:
        self._kept = b""
        self._is_past = False

    def get_file_info(self, _: str) -> Any:
        return SimpleNamespace(size=0, mtime_ns=0)

    def open_input_file(self, _: str) -> "_Opened":
        if self._is_past:
            raise ContentError("standard input can be read once")
        return _Opened(self)

    def read(self, begin: int, length: int) -> bytes:
        """Return what lies at a place: kept, or the next that comes."""
        if begin < len(self._kept):
            return self._kept[begin : begin + length]
        read = sys.stdin.buffer.read(length)
        if not self._is_past:
            self._kept += read
        if len(self._kept) > KEPT_BYTES:
            self._kept, self._is_past = b"", True
        return read


class _Opened:
    """Standard input, read from its beginning."""

    def __init__(self, source: StandardInput) -> None:
        self._source = source
        self._place = 0
        self.closed = False
        self.last = b""  # bytes that were read

    def __enter__(self) -> "_Opened":
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def read(self, length: int) -> bytes:
        whole = b""
        while len(whole) < length and (read := self._source.read(self._place, length - len(whole))):
            self._place += len(read)
            whole += read
        self.last = (self.last + whole[-LAST_BYTES:])[-LAST_BYTES:]
        return whole

    def tell(self) -> int:
        return self._place

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

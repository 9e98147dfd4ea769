"""The text in a file, unpacked and as UTF-8."""

import codecs
import contextlib
import gzip
import importlib
import os
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import ContentError, one_line
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.reading import ReadingOptions

ANY_READ_BYTES = 1 << 20
# What archivers put beside the file, besides the folder __MACOSX: properties of files, and what folders look like.
COMPANIONS = ("._", ".DS_Store", "Thumbs.db", "desktop.ini")


@contextlib.contextmanager
def open_text(source: DataFile, reading: ReadingOptions) -> Iterator[tuple[Any, Callable[[], float]]]:
    """Open the text of a file as UTF-8, unpacked, and say how much of the file was read."""
    with source.open() as file:
        size = max(source.size(), 1)
        ending = os.path.splitext(reading.named(source.name))[1].lower()
        if ending == ".zip" and not source.lasts():
            raise ContentError("an input in this format is read from its end; name the file")
        with PACKINGS.get(ending, contextlib.nullcontext)(file) as content:
            is_utf_8 = codecs.lookup(reading.encoding).name == "utf-8"
            yield content if is_utf_8 else _Recoded(content, reading.encoding), lambda: min(file.tell() / size, 1.0)


def skip_bytes(content: Any, offset: int) -> None:
    """Go to a place in a text that was just opened: by reading, where it is made of something else."""
    seekable = getattr(content, "seekable", None)
    if seekable is not None and seekable():
        content.seek(offset)
        return
    while offset > 0 and (skipped := content.read(min(offset, ANY_READ_BYTES))):
        offset -= len(skipped)


class _Recoded:
    """A text in another encoding as UTF-8."""

    def __init__(self, content: Any, encoding: str) -> None:
        self._content = content
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._rest = b""

    def read(self, length: int) -> bytes:
        while len(self._rest) < length and (block := self._content.read(length)):
            self._rest += self._decoder.decode(block).encode()
        if len(self._rest) < length:
            self._rest += self._decoder.decode(b"", final=True).encode()
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken


class _Xz:
    """What is packed as xz, stream after stream. Python's own file ends without a word before what is no stream."""

    def __init__(self, file: Any) -> None:
        self._lzma: Any = importlib.import_module("lzma")  # not every Python was built with it
        self._file = file
        self._packed = b""
        self._unpacker: Any = None

    def read(self, length: int) -> bytes:
        while self._has_stream():
            if self._unpacker.needs_input:
                self._packed = self._packed or self._file.read(ANY_READ_BYTES)
                if not self._packed:
                    raise EOFError("the packed text ends in the middle")
            packed, self._packed = self._packed, b""
            try:
                unpacked: bytes = self._unpacker.decompress(packed, length)
            except self._lzma.LZMAError as error:
                raise ContentError(f"the packed text is damaged: {one_line(error)}") from error
            if self._unpacker.eof:
                self._packed, self._unpacker = self._unpacker.unused_data, None
            if unpacked:
                return unpacked
        return b""

    def _has_stream(self) -> bool:
        while self._unpacker is None:
            self._packed = self._packed or self._file.read(ANY_READ_BYTES)
            if not self._packed:
                return False
            self._packed = self._packed.lstrip(b"\0")  # padding between streams
            if self._packed:
                self._unpacker = self._lzma.LZMADecompressor(self._lzma.FORMAT_XZ)
        return True


@contextlib.contextmanager
def _zip(file: Any) -> Iterator[Any]:
    with zipfile.ZipFile(file) as archive:
        members = [one for one in archive.infolist() if not one.is_dir() and not _is_companion(one.filename)]
        if len(members) != 1:
            raise ContentError(f"the archive must hold exactly one file, and it holds {len(members)}")
        try:
            content = archive.open(members[0])
        except (RuntimeError, NotImplementedError) as error:  # encrypted, or a compression that Python lacks
            raise ContentError(f"the archive cannot be unpacked: {one_line(error)}") from error
        with content:
            yield content


def _is_companion(name: str) -> bool:
    return name.startswith("__MACOSX/") or os.path.basename(name).startswith(COMPANIONS)


def _by_pyarrow(codec: str, file: Any) -> Any:
    pyarrow = import_extra("pyarrow")
    native = file if isinstance(file, pyarrow.NativeFile) else pyarrow.PythonFile(file, mode="r")
    return pyarrow.CompressedInputStream(native, codec)


PACKINGS: dict[str, Callable[[Any], contextlib.AbstractContextManager[Any]]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": partial(_by_pyarrow, "bz2"),
    ".xz": lambda file: contextlib.nullcontext(_Xz(file)),
    ".zst": partial(_by_pyarrow, "zstd"),
    ".zip": _zip,
}

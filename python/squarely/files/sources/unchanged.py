"""Files that are read as they were when their sections were planned, or refused."""

from collections.abc import Iterable

from squarely.files.errors import FileError
from squarely.files.formats.data_file import DataFile

Versions = tuple[tuple[int, ...], ...]


def versions(files: Iterable[DataFile]) -> Versions:
    """Return what changes when one of the files does."""
    return tuple(file.version() for file in files)


def check_unchanged(files: Iterable[DataFile], planned: Versions) -> None:
    """Refuse files that were written to or replaced: what was read may be of both, and neither as a whole."""
    for file, before in zip(files, planned, strict=True):
        if file.version() != before:
            raise FileError(f"{file.path}: the file was changed or replaced while the files were read; run it again")

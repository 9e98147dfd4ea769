"""The files in a folder and the folders in it, all of them or a refusal."""

import fnmatch
import glob
import os
import posixpath
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from squarely.extras import import_extra
from squarely.files.errors import FileError
from squarely.files.formats.data_file import DataFile

HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
IGNORED_PREFIXES = ("_", ".")  # of names in a folder that hold no data: _SUCCESS, .crc, and what is being written
IGNORED_SUFFIX = ".sq"  # of states and checkpoints, as the documentation names them

SEVEN_DIGITS = "[0-9]" * 7
# Tables whose files do not all count: patterns of what is in them, what they are, and how to read what counts.
LOGGED_TABLES = (
    (("_delta_log",), "a Delta table", "pass deltalake.DeltaTable(folder).to_pyarrow_dataset()"),
    (
        ("metadata/*.metadata.json", "metadata/version-hint.text"),
        "an Iceberg table",
        "read it with pyiceberg, as docs/files.md of squarely shows",
    ),
    ((".hoodie",), "a Hudi table", "read it with a library of Hudi, and pass the rows in chunks"),
    (
        tuple(f"{kind}_{SEVEN_DIGITS}*" for kind in ("base", "delta", "delete_delta")),
        "a transactional table of Hive",
        "export the rows with a query",
    ),
)


class Entry(NamedTuple):
    """What a listing has: a file, a folder, or neither, as a link that leads nowhere."""

    path: str
    kind: str
    info: Any = None


def files_in_folder(folder: str, filesystem: Any) -> list[DataFile]:
    """Return the files in a folder and the folders in it, sorted, with the keys that folders named key=value hold."""
    entries = sorted(_local_entries(folder) if filesystem is None else _entries_elsewhere(folder, filesystem))
    inside = {entry.path: _inside(entry.path, folder) for entry in entries}
    refuse_logged_table(folder, filesystem, inside.values())
    files = []
    for path, kind, info in entries:
        segments = inside[path].split("/")
        if any(segment.startswith(IGNORED_PREFIXES) for segment in segments) or path.endswith(IGNORED_SUFFIX):
            continue
        if kind == "other":
            raise FileError(f"{path}: this is in the folder and is no file, or a link that leads nowhere; remove it")
        if kind == "file":
            files.append(DataFile(path, filesystem, _keys(segments[:-1]), info))
    if not files:
        raise FileNotFoundError(f"{folder}: there are no files in this folder")
    return files


def refuse_logged_table(folder: str, filesystem: Any = None, inside: Iterable[str] = ()) -> None:
    """Refuse a folder that is, is in, or holds a table of which a log says which files count."""
    paths = [f"/{path}/" for path in inside]
    above = [] if filesystem is not None else [glob.escape(one) for one in _above(folder)]
    for markers, kind, advice in LOGGED_TABLES:
        for marker in markers:
            is_inside = any(fnmatch.fnmatchcase(path, f"*/{marker}/*") for path in paths)
            if is_inside or any(glob.glob(os.path.join(one, marker)) for one in above):
                raise FileError(f"{folder}: this is {kind}, whose log says which of its files count; {advice}")


def _above(folder: str) -> Iterator[str]:
    """Yield a folder and all that it is in."""
    path = os.path.realpath(folder)
    while True:
        yield path
        if os.path.dirname(path) == path:
            return
        path = os.path.dirname(path)


def _local_entries(folder: str) -> Iterator[Entry]:
    """List by Python: pyarrow leaves out links that lead nowhere, and fails at names that are not UTF-8."""
    for parent, folders, names in os.walk(folder, onerror=_cannot_be_listed, followlinks=True):
        for name in folders:
            path = os.path.join(parent, name)
            if os.path.islink(path) and os.path.realpath(path) in _above(parent):
                raise FileError(f"{path}: this link leads to a folder that it is in; remove it")
            yield Entry(path, "folder")
        for name in names:
            path = os.path.join(parent, name)
            yield Entry(path, "file" if os.path.isfile(path) else "other")


def _cannot_be_listed(error: OSError) -> None:
    raise FileError(f"{error.filename}: the folder cannot be read: {error.strerror}") from error


def _entries_elsewhere(folder: str, filesystem: Any) -> Iterator[Entry]:
    fs = import_extra("pyarrow.fs")
    kinds = {fs.FileType.File: "file", fs.FileType.Directory: "folder"}
    for info in filesystem.get_file_info(fs.FileSelector(folder, recursive=True)):
        yield Entry(info.path, kinds.get(info.type, "other"), info)


def _inside(path: str, folder: str) -> str:
    return posixpath.relpath(path.replace(os.sep, "/"), folder.replace(os.sep, "/"))


def _keys(folders: list[str]) -> dict[str, str | None]:
    pairs = (folder.split("=", 1) for folder in folders if "=" in folder)
    decoded = {key: urllib.parse.unquote(value) for key, value in pairs}
    return {key: None if value == HIVE_NULL else value for key, value in decoded.items()}

"""From what the caller names to the files to read."""

from __future__ import annotations

import glob
import os
import posixpath
from collections.abc import Iterable
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import FileError, one_line
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.standard_input import NAME, StandardInput
from squarely.files.sources.folders import files_in_folder, refuse_logged_table
from squarely.files.sources.waiting import asked


def expand_paths(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the files that paths, folders and patterns name, sorted in each, checked to exist and to be named once.

    Examples
    --------
    >>> from squarely.files import expand_paths
    >>> expand_paths("no-such-file.csv")
    Traceback (most recent call last):
    FileNotFoundError: no-such-file.csv: there is no such file
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    files = [file for path in given for file in data_files(path)]
    if not files:
        raise ValueError("paths is empty: name at least one file")
    seen: set[str] = set()
    for file in files:
        check_named_once(file, seen)
    return [file.path for file in files]


def check_named_once(file: DataFile, seen: set[str]) -> None:
    """Refuse a file that is among those seen, and add it to them."""
    place = file.place()
    if place in seen:
        raise FileError(f"{file.path}: this file is named twice, and its rows would count twice")
    seen.add(place)


def data_files(given: str | os.PathLike[str], filesystem: Any = None) -> list[DataFile]:
    """Return the files that one path, pattern, folder or URI names."""
    path = os.fspath(given)
    if path == "-" and filesystem is None:
        passing = StandardInput()
        return [DataFile(NAME, passing, info=passing.get_file_info(NAME))]
    if filesystem is None and "://" in path and not os.path.exists(path):
        filesystem, path = _from_uri(path)
    if filesystem is not None:
        filesystem, path = innermost(as_filesystem(filesystem), path)
        if filesystem is not None:
            return asked(path, partial(_files_elsewhere, path, filesystem))
    if os.path.isdir(path):
        return files_in_folder(path, None)
    if os.path.exists(path):  # a file may have brackets in its name
        return [DataFile(path)]
    if not glob.has_magic(path):
        raise FileNotFoundError(f"{path}: there is no such file")
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        raise FileNotFoundError(f"{path}: no file matches this pattern")
    for folder in sorted({os.path.dirname(match) or "." for match in matches}):
        refuse_logged_table(folder)
    return [file for match in matches for file in _matched(path, match)]


def as_filesystem(filesystem: Any) -> Any:
    """Return a pyarrow filesystem, also of a URI that names one."""
    fs = import_extra("pyarrow.fs")
    if isinstance(filesystem, str):
        whole, base = _from_uri(filesystem)
        return fs.SubTreeFileSystem(base, whole) if base else whole
    if not isinstance(filesystem, fs.FileSystem):
        raise TypeError(
            f"filesystem must be a pyarrow.fs.FileSystem or a URI, not {type(filesystem).__name__}; one of fsspec is "
            "passed as pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(filesystem))"
        )
    return filesystem


def _from_uri(uri: str) -> tuple[Any, str]:
    pyarrow, fs = import_extra("pyarrow"), import_extra("pyarrow.fs")
    try:
        filesystem, path = fs.FileSystem.from_uri(uri)
    except (pyarrow.ArrowException, OSError) as error:
        raise FileError(f"{uri}: pyarrow knows no filesystem for this URI: {one_line(error)}") from error
    return filesystem, str(path)


def innermost(filesystem: Any, path: str) -> tuple[Any, str]:
    """Return a path without the filesystem where that is a local one: mapping the file needs a plain path."""
    fs = import_extra("pyarrow.fs")
    inner, inner_path = filesystem, path
    while isinstance(inner, fs.SubTreeFileSystem):
        inner, inner_path = inner.base_fs, posixpath.join(inner.base_path, inner_path.lstrip("/"))
    return (None, inner_path) if isinstance(inner, fs.LocalFileSystem) else (filesystem, path)


def _files_elsewhere(path: str, filesystem: Any) -> list[DataFile]:
    fs = import_extra("pyarrow.fs")
    info = filesystem.get_file_info(path)
    if info.type == fs.FileType.Directory:
        return files_in_folder(path, filesystem)
    if info.type == fs.FileType.NotFound:
        hint = "; patterns are for local files, so name the folder" if glob.has_magic(path) else ""
        raise FileNotFoundError(f"{path}: there is no such file in the {filesystem.type_name} filesystem{hint}")
    return [DataFile(path, filesystem, info=info)]


def _matched(pattern: str, path: str) -> list[DataFile]:
    if not os.path.isdir(path):
        return [DataFile(path)]
    return [] if "**" in pattern else files_in_folder(path, None)

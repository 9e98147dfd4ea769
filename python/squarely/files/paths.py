"""From what the caller names to the files to read."""

import glob
import os
from collections.abc import Iterable

from squarely.files.errors import FileError


def expand_paths(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the files that paths and patterns name, patterns sorted, each checked to exist and named once.

    Examples
    --------
    >>> from squarely.files import expand_paths
    >>> expand_paths("no-such-file.csv")
    Traceback (most recent call last):
    FileNotFoundError: no-such-file.csv: there is no such file
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    files = [file for path in given for file in _expand(os.fspath(path))]
    if not files:
        raise ValueError("paths is empty: name at least one file")
    seen: set[str] = set()
    for file in files:
        if os.path.isdir(file):
            raise IsADirectoryError(f"{file}: this is a directory; name the files in it, as in '{file}/*.parquet'")
        place = os.path.realpath(file)
        if place in seen:
            raise FileError(f"{file}: this file is named twice, and its rows would count twice")
        seen.add(place)
    return files


def _expand(path: str) -> list[str]:
    if os.path.exists(path):  # a file may have brackets in its name
        return [path]
    if not glob.has_magic(path):
        raise FileNotFoundError(f"{path}: there is no such file")
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        raise FileNotFoundError(f"{path}: no file matches this pattern")
    return matches

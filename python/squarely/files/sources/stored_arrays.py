"""Arrays that are read some rows at a time: .npy files, memory maps, and arrays that a library keeps on disk."""

import contextlib
import mmap
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from squarely.files.errors import FileError, one_line
from squarely.files.formats.table import BATCH_ROWS
from squarely.files.sources.paths import data_files


class StoredArray(NamedTuple):
    """An array that is read some rows at a time."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk: int  # rows that are best read together
    pieces: Callable[[int, int, int], Iterator[Any]]
    """Yields the rows from one number to another, so many at a time."""
    file: str | None = None  # that it is all of


def stored_array(side: Any, filesystem: Any) -> StoredArray | None:
    """Return an array on disk, also of the path of a .npy file, and nothing of an array in memory."""
    if isinstance(side, str | os.PathLike):
        return _npy(os.fspath(side), filesystem)
    if isinstance(side, np.memmap):
        return _mapped(side)
    chunks = getattr(side, "chunks", None)
    is_cut = isinstance(chunks, tuple) and bool(chunks) and all(isinstance(length, int) for length in chunks)
    if is_cut or type(side).__module__.partition(".")[0] == "h5py":
        return _library_array(side, chunks[0] if is_cut and chunks else BATCH_ROWS)
    return None


def _npy(given: str, filesystem: Any) -> StoredArray:
    if not given.lower().endswith(".npy"):
        raise FileError(f"{given}: a pair is of .npy files or of arrays; files of tables are named one by one")
    found = data_files(given, filesystem)
    path, elsewhere = found[0].path, found[0].filesystem
    if len(found) > 1:
        raise FileError(f"{given}: one side of a pair must be one .npy file, and this names {len(found)} files")
    if elsewhere is not None:
        raise FileError(f"{given}: a .npy file is mapped, so it must be in the local filesystem")
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise FileError(f"{path}: the file is damaged or not what its name says: {one_line(error)}") from error
    except OSError as error:
        raise FileError(f"{path}: the file cannot be read: {one_line(error.strerror or error)}") from error
    if not isinstance(mapped, np.memmap):
        raise FileError(f"{path}: this holds arrays with names; rename it to end in .npz, and name them as columns")
    if more := os.path.getsize(path) - mapped.offset - mapped.nbytes:
        raise FileError(f"{path}: the file holds {more} bytes after its first array; save each array to its own file")
    pieces = partial(_npy_pieces, path, mapped.dtype, int(mapped.offset))
    return StoredArray(path, mapped.shape, mapped.dtype, 1, pieces, path)


def _npy_pieces(path: str, dtype: np.dtype[Any], offset: int, first: int, last: int, step: int) -> Iterator[Any]:
    with open(path, "rb") as file:  # mapped: to read them instead would take twice to three times as long
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    yield from _in_steps(np.frombuffer(mapped, dtype, last, offset), mapped, first, last, step)


def _mapped(array: "np.memmap[Any, Any]") -> StoredArray:
    # What a copy-on-write map holds is nowhere else.
    mapped = getattr(array, "_mmap", None) if array.mode != "c" else None
    name = str(array.filename) if array.filename else "memmap"
    return StoredArray(name, array.shape, array.dtype, 1, partial(_in_steps, array, mapped))


def _in_steps(array: Any, mapped: Any, first: int, last: int, step: int) -> Iterator[Any]:
    """Yield rows, some at a time. Pages of a map that were read leave this process; they stay in the system's cache."""
    for start in range(first, last, step):
        yield np.asarray(array[start : min(start + step, last)])
        if hasattr(mapped, "madvise"):
            mapped.madvise(mmap.MADV_DONTNEED)


def _library_array(array: Any, chunk: int) -> StoredArray:
    pieces = partial(_in_steps, array, None)
    return StoredArray(_library_name(array), tuple(array.shape), np.dtype(array.dtype), chunk, pieces)


def _library_name(array: Any) -> str:
    with contextlib.suppress(Exception):  # only a name, and an h5py file may be closed already
        if hasattr(array, "file"):
            return f"{array.file.filename}:{array.name}"
        return str(getattr(array, "store_path", "") or array.name)
    return type(array).__name__


def array_in_memory(side: Any, name: str) -> StoredArray:
    """Return an array in memory as one on disk is read: beside one that is."""
    array = np.asarray(side)
    return StoredArray(f"{name} in memory", array.shape, array.dtype, 1, partial(_in_steps, array, None))

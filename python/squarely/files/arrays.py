"""Pairs of arrays: .npy files, arrays that a library keeps on disk, and chunks in memory."""

import contextlib
import math
import mmap
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from squarely.files.errors import FileError, one_line
from squarely.files.paths import data_files
from squarely.files.source import Chunk, Names, Source
from squarely.files.table import BATCH_ROWS, Position, Section

SECTION_ROWS = 1 << 20


class StoredArray(NamedTuple):
    """An array that is read some rows at a time."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk: int  # rows that are best read together
    pieces: Callable[[int, int, int], Iterator[Any]]
    """Yields the rows from one number to another, so many at a time."""
    file: str | None = None  # that it is all of


def pair_source(item: Any, number: int, given: tuple[str | None, Any, str | None], filesystem: Any) -> Source:
    """Return a pair of arrays, or three with weights, as what can be scored."""
    true, pred, weight = given
    y_true, y_pred = item[:2]
    predictions = _named_predictions(y_pred, pred, f"pair {number}")
    weights = item[2] if len(item) == 3 else None
    if weight is not None and weights is None:
        raise FileError(f"pair {number}: weight={weight!r} asks for weights: pass (y_true, y_pred, weights)")
    weight_name = None if weights is None else weight or "sample_weight"
    names = Names(true or "y_true", weight_name, tuple(predictions))
    sides = [y_true, *([] if weights is None else [weights]), *predictions.values()]
    stored = [_stored(side, filesystem) for side in sides]
    if all(one is None for one in stored):
        return _passing(sides, number, names)
    arrays = [one or _in_memory(side, name) for one, side, name in zip(stored, sides, names.columns, strict=True)]
    return _stored_pair(arrays, number, names)


def _named_predictions(y_pred: Any, pred: Any, pair: str) -> dict[str, Any]:
    asked = None if pred is None else [pred] if isinstance(pred, str) else list(dict.fromkeys(pred))
    found = dict(y_pred) if isinstance(y_pred, Mapping) else {asked[0] if asked else "y_pred": y_pred}
    if asked is not None and set(asked) != set(found):
        raise FileError(
            f"{pair}: pred names {', '.join(map(repr, asked))}, and the pair holds {', '.join(map(repr, found))}; "
            "several predictions are passed as (y_true, {name: y_pred, ...})"
        )
    if not found:
        raise FileError(f"{pair}: there is no prediction in it")
    return {name: found[name] for name in asked or found}


# --------------------------------------------------------------------------------------------------- chunks in memory


def _passing(sides: list[Any], number: int, names: Names) -> Source:
    rows = _length(sides[0])
    size = sum(int(getattr(side, "nbytes", 0)) for side in sides)

    def read(_: Section, __: Position, ___: bool) -> Iterator[Chunk]:
        yield Chunk(tuple(sides), rows, Position(rows), 1.0)

    return Source(f"pair {number}", (), size, names, (Section(),), read, is_passing=True)


def _length(side: Any) -> int:
    return len(side) if hasattr(side, "__len__") else int(np.size(side))


# ----------------------------------------------------------------------------------------------------- arrays on disk


def _stored_pair(arrays: list[StoredArray], number: int, names: Names) -> Source:
    named = list(dict.fromkeys(one.name for one in arrays))
    where = " and ".join(named)
    for one, column in zip(arrays, names.columns, strict=True):
        _check_array(one, column, where)
    rows = arrays[0].shape[0]
    for one, column in zip(arrays, names.columns, strict=True):
        if one.shape[0] != rows:
            raise FileError(f"{where}: {names.true!r} has {rows} rows, and {column!r} has {one.shape[0]}")
    step = max(one.chunk * math.ceil(BATCH_ROWS / one.chunk) for one in arrays)
    long = step * math.ceil(SECTION_ROWS / step)
    sections = tuple(
        Section(first, min(first + long, rows), first, min(long, rows - first) / rows) for first in range(0, rows, long)
    )
    files = tuple(dict.fromkeys(one.file or one.name for one in arrays))
    size = sum(one.dtype.itemsize * math.prod(one.shape) for one in arrays)
    are_files = all(one.file is not None for one in arrays)
    identity = tuple((path, os.path.getsize(path), os.stat(path).st_mtime_ns) for path in files) if are_files else None
    return Source(where, files, size, names, sections, partial(_read, where, arrays, step), identity)


def _check_array(array: StoredArray, column: str, where: str) -> None:
    if len(array.shape) != 1 and array.shape[1:] != (1,):
        raise FileError(
            f"{where}: {column!r} has the shape {array.shape}; files are scored one output at a time, so pass a pair "
            "for each output, or the arrays to squarely.Accumulator"
        )
    if array.dtype.kind in "cOSUMm":
        raise FileError(f"{where}: {column!r} holds values of type {array.dtype}, not real numbers")


def _read(
    where: str, arrays: list[StoredArray], step: int, section: Section, position: Position, _: bool
) -> Iterator[Chunk]:
    row = section.first
    try:
        for pieces in zip(*(one.pieces(section.first, section.last, step) for one in arrays), strict=True):
            length = len(pieces[0])
            for first in range(0, length, BATCH_ROWS):
                batch = tuple(piece[first : first + BATCH_ROWS].reshape(-1) for piece in pieces)
                rows = row + first + len(batch[0]) - section.first
                yield Chunk(batch, len(batch[0]), Position(rows), rows / (section.last - section.first))
            row += length
    except FileError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError) as error:  # what libraries raise for a chunk that is damaged
        raise FileError(f"{where}: the arrays cannot be read after row {row}: {one_line(error)}") from error


def _stored(side: Any, filesystem: Any) -> StoredArray | None:
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
    pieces = partial(_npy_pieces, path, mapped.dtype, int(mapped.offset))
    return StoredArray(path, mapped.shape, mapped.dtype, 1, pieces, path)


def _npy_pieces(path: str, dtype: np.dtype[Any], offset: int, first: int, last: int, step: int) -> Iterator[Any]:
    with open(path, "rb") as file:
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


def _in_memory(side: Any, name: str) -> StoredArray:
    array = np.asarray(side)
    return StoredArray(f"{name} in memory", array.shape, array.dtype, 1, partial(_in_steps, array, None))

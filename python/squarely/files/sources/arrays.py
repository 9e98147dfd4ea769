"""Pairs of arrays, or three with weights: on disk, read in sections, or chunks in memory, which pass by."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from squarely.columns.frame_of_models import models_in
from squarely.files.errors import FileError, one_line
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import BATCH_ROWS, Position, Section
from squarely.files.sources.missing_numbers import without_missing
from squarely.files.sources.source import Chunk, Names, Source
from squarely.files.sources.stored_arrays import StoredArray, array_in_memory, stored_array
from squarely.files.sources.unchanged import Versions, check_unchanged, versions

SECTION_ROWS = 1 << 20


def pair_source(
    item: Any,
    number: int,
    given: tuple[str | None, Any, str | None],
    filesystem: Any,
    reading: ReadingOptions,
) -> Source:
    """Return a pair of arrays, or three with weights, as what can be scored."""
    true, pred, weight = given
    y_true, y_pred = item[:2]
    if not isinstance(y_pred, Mapping):
        y_pred = models_in(y_true, y_pred) or y_pred
    predictions = _named_predictions(y_pred, pred, f"pair {number}")
    weights = item[2] if len(item) == 3 else None
    if weight is not None and weights is None:
        raise FileError(f"pair {number}: weight={weight!r} asks for weights: pass (y_true, y_pred, weights)")
    weight_name = None if weights is None else weight or "sample_weight"
    is_single = isinstance(pred, str) or (pred is None and not isinstance(y_pred, Mapping))
    names = Names(true or "y_true", weight_name, tuple(predictions), is_single)
    sides = [y_true, *([] if weights is None else [weights]), *predictions.values()]
    stored = [stored_array(side, filesystem) for side in sides]
    if all(one is None for one in stored):
        if reading.given():
            raise ValueError(f"reading is for files, and pair {number} is of arrays in memory")
        return _passing(sides, number, names)
    arrays = [one or array_in_memory(side, name) for one, side, name in zip(stored, sides, names.columns, strict=True)]
    return _stored_pair(arrays, names, reading.numbers)


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


def _passing(sides: list[Any], number: int, names: Names) -> Source:
    rows = _length(sides[0])
    size = sum(int(getattr(side, "nbytes", 0)) for side in sides)

    def read(_: Section, __: Position, ___: int) -> Iterator[Chunk]:
        yield Chunk(tuple(sides), rows, Position(rows), 1.0)

    return Source(f"pair {number}", (), size, names, (Section(),), read, is_passing=True)


def _length(side: Any) -> int:
    return len(side) if hasattr(side, "__len__") else int(np.size(side))


def _stored_pair(arrays: list[StoredArray], names: Names, missing: Sequence[float]) -> Source:
    named = list(dict.fromkeys(one.name for one in arrays))
    where = " and ".join(named)
    guesses = arrays[1 if names.weight is None else 2 :]
    if any(_is_same_file(arrays[0], guess) for guess in guesses):
        raise FileError(f"{where}: truth and prediction are one file, which would be scored against itself")
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
    on_disk = [DataFile(one.file) for one in arrays if one.file is not None]
    read = partial(_read, where, arrays, missing, step, on_disk, versions(on_disk))
    return Source(where, files, size, names, sections, read, identity)


def _is_same_file(one: StoredArray, other: StoredArray) -> bool:
    return (
        one.file is not None and other.file is not None and os.path.realpath(one.file) == os.path.realpath(other.file)
    )


def _check_array(array: StoredArray, column: str, where: str) -> None:
    if len(array.shape) != 1 and array.shape[1:] != (1,):
        raise FileError(
            f"{where}: {column!r} has the shape {array.shape}; files are scored one output at a time, so pass a pair "
            "for each output, or the arrays to squarely.Accumulator"
        )
    if array.dtype.kind in "cOSUMm":
        raise FileError(f"{where}: {column!r} holds values of type {array.dtype}, not real numbers")


def _read(
    where: str,
    arrays: list[StoredArray],
    missing: Sequence[float],
    step: int,
    on_disk: list[DataFile],
    planned: Versions,
    section: Section,
    _: Position,
    __: int,
) -> Iterator[Chunk]:
    row = section.first
    try:
        check_unchanged(on_disk, planned)
        for pieces in zip(*(one.pieces(section.first, section.last, step) for one in arrays), strict=True):
            length = len(pieces[0])
            for first in range(0, length, BATCH_ROWS):
                batch = tuple(
                    without_missing(piece[first : first + BATCH_ROWS].reshape(-1), missing) for piece in pieces
                )
                rows = row + first + len(batch[0]) - section.first
                yield Chunk(batch, len(batch[0]), Position(rows), rows / (section.last - section.first))
            row += length
        check_unchanged(on_disk, planned)
    except FileError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError) as error:  # what libraries raise for a chunk that is damaged
        raise FileError(f"{where}: the arrays cannot be read after row {row}: {one_line(error)}") from error

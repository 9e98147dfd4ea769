"""From what the caller passes as `paths` to sources, all at once or as an iterator brings them."""

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import Any

from squarely.files.errors import FileError
from squarely.files.formats.reading import ReadingOptions
from squarely.files.sources.arrays import pair_source
from squarely.files.sources.arrow_streams import has_stream, stream_source
from squarely.files.sources.datasets import dataset_sources, is_dataset
from squarely.files.sources.partition_keys import kinds_of_keys
from squarely.files.sources.paths import check_named_once, data_files
from squarely.files.sources.source import Names, Source
from squarely.files.sources.tables import table_source


def plan(
    paths: Any, asked: tuple[str | None, Any, str | None], by: Any, filesystem: Any, reading: ReadingOptions
) -> tuple[Names, Iterable[Source]]:
    """Return what the columns are called, and the sources in order.

    They are a list where `paths` is complete, and an iterator where it is one or may be long.
    """
    is_one = isinstance(paths, str | os.PathLike) or is_dataset(paths) or has_stream(paths)
    items = [paths] if is_one else paths
    if isinstance(items, dict) or not isinstance(items, Iterable):
        raise TypeError(
            f"paths must be a path, a dataset or an iterable of paths and pairs, not {type(paths).__name__}"
        )
    found = _with_same_names(_sources(items, asked, keys_asked(by), filesystem, reading))
    first = next(found, None)
    if first is None:
        raise ValueError("paths is empty: name at least one file")
    sources = itertools.chain([first], found)
    # All of them first: a wrong name in the last file should not cost an hour of reading.
    return first.names, list(sources) if isinstance(items, list | tuple | set | frozenset) else sources


def _with_same_names(sources: Iterable[Source]) -> Iterator[Source]:
    names = None
    for source in sources:
        names = names or source.names
        if source.names != names:
            raise FileError(
                f"{source.name}: what came before has {', '.join(names.columns)}, and this has "
                f"{', '.join(source.names.columns)}"
            )
        yield source


def _sources(
    items: Iterable[Any],
    asked: tuple[str | None, Any, str | None],
    by: tuple[str, ...],
    filesystem: Any,
    reading: ReadingOptions,
) -> Iterator[Source]:
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        if isinstance(item, tuple | list) and len(item) in (2, 3):
            if by:
                raise FileError(
                    f"pair {number}: by={by[0]!r} names a column, and a pair has none; pass a table, or the arrays to "
                    "squarely.GroupedAccumulator"
                )
            yield pair_source(item, number, asked, filesystem, reading)
        elif isinstance(item, str | os.PathLike):
            names = names_of_columns(*asked, by, str(item))
            files = data_files(item, filesystem)
            for file in files:
                check_named_once(file, seen)
            kinds = kinds_of_keys(files) if by else {}
            for file in files:
                yield table_source(file, names, reading, kinds)
        elif has_stream(item):
            name = f"{type(item).__name__} {number}"
            yield stream_source(item, name, names_of_columns(*asked, by, name), reading)
        elif is_dataset(item):
            yield from dataset_sources(item, names_of_columns(*asked, by, "dataset"), reading)
        else:
            raise TypeError(
                f"paths[{number - 1}] is {_described(item)}, and it must be a path, a pyarrow dataset or a pair "
                "(y_true, y_pred); one pair is passed as [(y_true, y_pred)]"
            )


def _described(item: Any) -> str:
    is_sized = isinstance(item, tuple | list)
    return f"a {type(item).__name__}" + (f" of {len(item)}" if is_sized else "")


def keys_asked(by: Any, option: str = "by") -> tuple[str, ...]:
    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    if by is not None and not names:
        what = "column of keys" if option == "by" else "column"
        raise ValueError(f"{option} is empty: name at least one {what}, or leave it out")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{option} names columns of the files, and this is a {type(name).__name__}")
        if names.count(name) > 1:
            raise ValueError(f"{option} names the column {name!r} twice")
    return names


def names_of_columns(true: str | None, pred: Any, weight: str | None, by: tuple[str, ...], path: str) -> Names:
    if true is None or pred is None:
        raise FileError(f"{path}: a table needs true= and pred=, the names of its columns")
    predictions = (pred,) if isinstance(pred, str) else tuple(dict.fromkeys(pred))
    if not predictions:
        raise ValueError("pred is empty: name at least one column with predictions")
    if true in predictions:
        raise FileError(
            f"{path}: true and pred both name the column {true!r}, which would be scored against itself; name the "
            "column with predictions, in a file that has both side by side"
        )
    return Names(true, weight, predictions, isinstance(pred, str), by)

"""Frames of truth and predictions, joined by ids into columns that go with each other row by row."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from squarely.arguments import Unmatched
from squarely.extras import import_extra
from squarely.files.errors import ContentError
from squarely.files.formats.reading import AS_NAMED
from squarely.files.formats.table import Position
from squarely.files.sources.joins import Tables, join_plan
from squarely.files.sources.keys import check_keys, keys_in, keys_named
from squarely.files.sources.schema import type_of_column

ROW = "number of the row, to be joined"
UNNAMED_INDEX = "__index_level_"  # what pyarrow calls the rows of a pandas frame


class Joined(NamedTuple):
    """What `evaluate` scores: columns of equal length."""

    y_true: Any
    y_pred: Any
    sample_weight: Any
    where: Any
    by: Any


def joined_frames(
    truth: Any,
    prediction: Any,
    on: str | Sequence[str],
    unmatched: Unmatched,
    sample_weight: Any,
    where: Any,
    by: Any,
) -> Joined:
    """Return the columns of frames whose rows belong together by their ids, in the order of the truth.

    What is neither id, weight, mask nor key is scored: one column of truth, one or more of a frame of predictions.
    """
    ids = [on] if isinstance(on, str) else list(on)
    labels = [] if by is None else [by] if isinstance(by, str) else by
    named = [one for one in (sample_weight, where) if one is not None]
    if not all(isinstance(one, str) for one in (*ids, *named)) or not _are_names(labels):
        raise TypeError("with on=, sample_weight, where and by name columns of the frame of truth")
    table = _table(truth, "y_true")
    with _told("y_true"):
        keys = keys_named(labels, table.column_names)
        check_keys(table.schema, keys)
        for name in (*ids, *named):
            type_of_column(table.schema, name)
    others = {*ids, *named, *(key.column for key in keys)}
    true = _only([name for name in table.column_names if name not in others], "y_true")
    single = not isinstance(prediction, Mapping)
    guesses = {"y_pred": prediction} if single else {str(name): frame for name, frame in prediction.items()}
    tables = {name: _table(frame, name) for name, frame in guesses.items()}
    for name, one in tables.items():
        with _told(name):
            for column in ids:
                type_of_column(one.schema, column)
    rows_of_truth, *rows = _joined_rows(table, tables, ids, unmatched)
    columns: dict[str, Any] = {}
    for (name, one), taken in zip(tables.items(), rows, strict=True):
        rest = [column for column in one.column_names if column not in ids]
        if not single:
            rest = [_only(rest, name)]
        elif not rest:
            _only(rest, name)
        columns |= {column if single else name: one.column(column).take(taken).combine_chunks() for column in rest}
    rows_of = {
        name: table.column(name).take(rows_of_truth).combine_chunks()
        for name in dict.fromkeys([true, *named, *(key.column for key in keys)])
    }
    with _told("y_true"):
        found = keys_in(import_extra("pyarrow").RecordBatch.from_pydict(rows_of), keys)
    return Joined(
        rows_of[true],
        next(iter(columns.values())) if single and len(columns) == 1 else columns,
        None if sample_weight is None else rows_of[sample_weight],
        None if where is None else rows_of[where],
        found,
    )


def _are_names(keys: Any) -> bool:
    return isinstance(keys, list | tuple) and all(isinstance(one, str) for one in keys)


def _table(frame: Any, name: str) -> Any:
    pyarrow = import_extra("pyarrow")
    if callable(getattr(frame, "collect", None)) and not hasattr(frame, "__arrow_c_stream__"):
        frame = frame.collect()
    if not hasattr(frame, "__arrow_c_stream__"):
        raise TypeError(f"with on=, {name} must be a frame that has the ids, not {type(frame).__name__}")
    table = pyarrow.table(frame)
    return table.select([one for one in table.column_names if not one.startswith(UNNAMED_INDEX)])


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """Say of which frame it is what is refused, as evaluate refuses its arguments."""
    try:
        yield
    except ContentError as error:
        raise ValueError(f"{name}: {error}") from None


def _only(columns: Sequence[str], name: str) -> str:
    if len(columns) != 1:
        has = ", ".join(map(repr, columns)) or "none"
        raise ValueError(f"{name}: one column beside the ids is to be scored, and there are {len(columns)}: {has}")
    return columns[0]


def _joined_rows(table: Any, tables: Mapping[str, Any], ids: Sequence[str], unmatched: Unmatched) -> list[Any]:
    """Return the numbers of the rows that belong together, of the truth and of every table of predictions."""
    numbered = [_numbered(one, ids) for one in (table, *tables.values())]
    asked = Tables(numbered[0], dict(zip(tables, numbered[1:], strict=True)), ids, unmatched, role="y_true")
    _, [source] = join_plan(asked, (ROW, ROW, None), None, None, AS_NAMED)
    threads = import_extra("pyarrow").cpu_count()
    chunks = [chunk.columns for chunk in source.read(source.sections[0], Position(), threads)]
    rows = [np.concatenate(column).astype(np.int64) for column in zip(*chunks, strict=True)]
    rows = rows or [np.empty(0, np.int64)] * len(numbered)
    order = np.argsort(rows[0])
    return [column[order] for column in rows]


def _numbered(table: Any, ids: Sequence[str]) -> Any:
    return table.select(list(dict.fromkeys(ids))).append_column(ROW, [np.arange(table.num_rows, dtype=np.float64)])

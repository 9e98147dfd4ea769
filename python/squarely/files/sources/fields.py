"""Columns inside of columns: r.y is the field y of the structs in the column r, where no column has that name."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.formats.table import Piece, Position, Section, Table


def with_fields(table: Table, columns: Sequence[str]) -> Table:
    """Return a table with one more column for each field of a struct that is asked for."""
    pyarrow = import_extra("pyarrow")
    paths, schema = {}, table.schema
    for name in dict.fromkeys(columns):
        if name in table.schema.names or "." not in name:
            continue
        path = name.split(".")
        kind = _type_at(table.schema, path)
        if kind is not None:
            paths[name] = path
            schema = schema.append(pyarrow.field(name, kind))
    return table._replace(schema=schema, pieces=partial(_pieces, table, paths)) if paths else table


def _type_at(schema: Any, path: Sequence[str]) -> Any:
    types = import_extra("pyarrow.types")
    kind = schema.field(path[0]).type if schema.names.count(path[0]) == 1 else None
    for name in path[1:]:
        if kind is None or not types.is_struct(kind) or kind.get_field_index(name) < 0:
            return None
        kind = kind.field(kind.get_field_index(name)).type
    return kind


def _pieces(
    table: Table,
    paths: dict[str, list[str]],
    columns: Sequence[str],
    section: Section,
    position: Position,
    threads: int,
) -> Iterator[Piece]:
    pyarrow = import_extra("pyarrow")
    outer = [paths[name][0] if name in paths else name for name in columns]
    for piece in table.pieces(outer, section, position, threads):
        batch = {name: _column(piece.batch, paths.get(name, [name])) for name in columns}
        yield piece._replace(batch=pyarrow.RecordBatch.from_pydict(batch))


def _column(batch: Any, path: Sequence[str]) -> Any:
    """Return a column or what is in it; a field is missing where the struct around it is."""
    compute = import_extra("pyarrow.compute")
    column = batch.column(path[0])
    return compute.struct_field(column, path[1:]) if path[1:] else column

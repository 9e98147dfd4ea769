"""pyarrow's datasets: their files where these can be read as they are, else what a scanner of pyarrow makes of them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from squarely.extras import import_extra
from squarely.files.errors import FileError, told_in_one_sentence
from squarely.files.formats import arrow, csv_text, format_of, orc, parquet
from squarely.files.formats.data_file import DataFile
from squarely.files.formats.reading import ReadingOptions
from squarely.files.formats.table import Position, Section, batch_rows
from squarely.files.sources.arrow_numbers import to_numpy
from squarely.files.sources.keys import check_keys, keys_in, keys_named
from squarely.files.sources.paths import as_filesystem, innermost
from squarely.files.sources.schema import check_columns
from squarely.files.sources.source import Chunk, Names, Source
from squarely.files.sources.tables import open_table, table_source

# Formats of pyarrow's datasets, and ours that read the same, where the name of a file tells them too.
READ_ALIKE = {
    "ParquetFileFormat": parquet.FORMAT,
    "CsvFileFormat": csv_text.FORMAT,
    "IpcFileFormat": arrow.FORMAT,
    "OrcFileFormat": orc.FORMAT,
}


def is_dataset(item: Any) -> bool:
    """Say whether this is a dataset, without importing pyarrow for what cannot be one."""
    return any(base.__module__ == "pyarrow._dataset" and base.__name__ == "Dataset" for base in type(item).__mro__)


def dataset_sources(dataset: Any, names: Names, reading: ReadingOptions) -> Iterator[Source]:
    """Yield one source for each fragment of a dataset, in its order, or one for all where rows are filtered."""
    if others := set(reading.given()) - {"na"}:
        named = ", ".join(sorted(others))
        raise ValueError(f"a dataset says itself how its files are read; leave out {named} in reading")
    try:
        fragments = list(dataset.get_fragments())
    except ValueError:  # how a dataset with a filter says that its fragments would not be what it holds
        files = tuple(getattr(dataset, "files", ()))
        yield _scanned(dataset, dataset, files, names, reading)
        return
    for fragment in fragments:
        file = _plain_file(fragment)
        path = getattr(fragment, "path", None)
        files = () if path is None else (str(path),)
        if file is None or not _reads_the_same(fragment, file, reading):
            yield _scanned(dataset, fragment, files, names, reading)
        else:
            yield table_source(file, names, reading, _kinds_of_keys(dataset.schema, file))


def _kinds_of_keys(schema: Any, file: DataFile) -> dict[str, Any]:
    """Return what the dataset says that the names of folders are."""
    types = import_extra("pyarrow.types")
    found = {name: schema.field(name).type for name in file.keys if name in schema.names}
    return {name: kind.value_type if types.is_dictionary(kind) else kind for name, kind in found.items()}


def _plain_file(fragment: Any) -> DataFile | None:
    """Return the file of a fragment that our readers read as the dataset means it."""
    ds, csv = import_extra("pyarrow.dataset"), import_extra("pyarrow.csv")
    if not isinstance(fragment, ds.FileFragment):
        return None
    ours = READ_ALIKE.get(type(fragment.format).__name__)
    if ours is None or format_of(str(fragment.path)) is not ours:
        return None
    if isinstance(fragment, ds.ParquetFileFragment):
        with told_in_one_sentence(str(fragment.path)):
            is_whole = fragment.num_row_groups == fragment.metadata.num_row_groups
        if not is_whole:  # the dataset has only some of the row groups of the file
            return None
    form = fragment.format
    if isinstance(form, ds.CsvFileFormat):
        scan = form.default_fragment_scan_options
        is_usual = form.parse_options.equals(csv.ParseOptions()) and (
            scan is None or (scan.read_options.equals(csv.ReadOptions()) and _has_usual_missing_values(scan))
        )
        if not is_usual:
            return None
    filesystem, path = innermost(as_filesystem(fragment.filesystem), fragment.path)
    info = None if filesystem is None else filesystem.get_file_info(path)
    keys = ds.get_partition_keys(fragment.partition_expression)
    return DataFile(path, filesystem, {key: None if value is None else str(value) for key, value in keys.items()}, info)


def _reads_the_same(fragment: Any, file: DataFile, reading: ReadingOptions) -> bool:
    """Say whether we find the columns that a dataset finds, which keeps to itself which encoding it was given."""
    ds = import_extra("pyarrow.dataset")
    if not isinstance(fragment.format, ds.CsvFileFormat):
        return True
    try:
        with open_table(file, (), reading) as table:
            return list(table.schema.names)[: len(fragment.physical_schema)] == list(fragment.physical_schema.names)
    except FileError:
        return False


def _has_usual_missing_values(scan: Any) -> bool:
    csv = import_extra("pyarrow.csv")
    usual, given = csv.ConvertOptions(), scan.convert_options
    return (usual.null_values, usual.decimal_point) == (given.null_values, given.decimal_point)


def _scanned(dataset: Any, part: Any, files: tuple[str, ...], names: Names, reading: ReadingOptions) -> Source:
    """Return a fragment, or a whole dataset with a filter, as pyarrow reads it."""
    ds = import_extra("pyarrow.dataset")
    name = f"{files[0]} and {len(files) - 1} more" if len(files) > 1 else files[0] if files else "dataset"
    schema = dataset.schema
    if not is_dataset(part) and isinstance(getattr(part, "format", None), ds.CsvFileFormat):
        schema = _of_numbers(schema, names)
    with told_in_one_sentence(name):
        check_columns(schema, names.columns)
        check_keys(schema, keys_named(names.by, schema.names))
    sizes = part.filesystem.get_file_info(list(files)) if files else []
    size = sum(int(info.size or 0) for info in sizes)
    return Source(name, files, size, names, (Section(),), partial(_scan, part, schema, names, name, reading))


def _buffered(part: Any) -> dict[str, Any]:
    """Have Parquet read a buffer at a time: by default whole row groups, and those after them, are in memory."""
    ds = import_extra("pyarrow.dataset")
    if not isinstance(getattr(part, "format", None), ds.ParquetFileFormat):
        return {}
    options = ds.ParquetFragmentScanOptions(
        pre_buffer=False, use_buffered_stream=True, buffer_size=parquet.DISTANT_BUFFER_BYTES
    )
    return {"fragment_scan_options": options}


def _of_numbers(schema: Any, names: Names) -> Any:
    """Have text read as float64: a type that was inferred may have rounded it before."""
    pyarrow, types = import_extra("pyarrow"), import_extra("pyarrow.types")
    for name in names.columns:
        index = schema.get_field_index(name)
        if index >= 0 and not types.is_dictionary(schema.field(index).type):
            schema = schema.set(index, pyarrow.field(name, pyarrow.float64()))
    return schema


def _scan(
    part: Any,
    schema: Any,
    names: Names,
    name: str,
    reading: ReadingOptions,
    _: Section,
    __: Position,
    threads: int,
) -> Iterator[Chunk]:
    keys = keys_named(names.by, schema.names)
    columns = list(dict.fromkeys([*names.columns, *(key.column for key in keys)]))
    rows = 0
    with told_in_one_sentence(name, lambda: f" after data row {rows}"):
        scanner = part.scanner(
            **({} if is_dataset(part) else {"schema": schema}),
            columns=columns,
            batch_size=batch_rows(len(columns)),
            batch_readahead=1,  # otherwise sixteen batches, each of them a whole row group, are in memory
            fragment_readahead=1,
            use_threads=threads > 1,
            **_buffered(part),
        )
        for batch in scanner.to_batches():
            rows += batch.num_rows
            if batch.num_rows:
                read = tuple(to_numpy(column, batch.column(column), reading.numbers) for column in names.columns)
                yield Chunk(read, batch.num_rows, Position(rows), 0.0, keys_in(batch, keys, reading.numbers))

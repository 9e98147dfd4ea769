"""Scores of predictions that live in files: Parquet, CSV and Arrow, read in batches.

Only the named columns are read, a batch at a time, so the memory in use does not grow with the file.
"""

import codecs
import contextlib
import csv
import difflib
import glob
import gzip
import importlib
import io
import itertools
import math
import mmap
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import squarely
from squarely.validation import NanPolicy, Summation

BATCH_ROWS = 65_536  # two float64 columns of a batch fit the L2 cache: what is decoded is scored while it is warm
CSV_BLOCK_BYTES = 1 << 20  # larger blocks parse no faster; blocks of 256 KiB are a quarter slower
CSV_ROW_BYTES = 16 << 20  # the longest row; beyond it, an unclosed quote is more likely than a row
CSV_QUOTED_FIELD = re.compile(rb'(?:^|[,\r\n])(?P<quoted>"[^"]*(?:""[^"]*)*(?:"|\Z))')
PARQUET_BUFFER_BYTES = 1 << 20  # without it a column is read whole, a row group at a time, whatever its size
LISTED_COLUMNS = 20  # column names spelled out in an error message
SHOWN_CHARACTERS = 200  # of a message or a value that another library or the file supplies

ARROW_FILE_MAGIC = b"ARROW1"
ARROW_FILE_PREFIX_BYTES = 8  # the magic and two bytes of padding; what follows is the stream format
ARROW_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"

Column = NDArray[np.float64] | NDArray[np.float32]


class FileError(ValueError):
    """A file that cannot be scored. The message begins with the name of the file."""


class MissingValueError(FileError):
    """A NaN or an empty value where the NaN policy does not allow one."""


class InfiniteValueError(FileError):
    """An infinity where the NaN policy does not let it through."""


class Progress(NamedTuple):
    """How far a score over files has come."""

    path: str  # the file being read
    bytes_read: float  # of all files together, in proportion to the rows where a file is read by rows
    bytes_total: int
    rows: int  # read so far, over all files


@dataclass(frozen=True)
class ColumnScore:
    """What one prediction column scored."""

    metrics: dict[str, float]
    count: int  # pairs scored
    omitted: int  # pairs left out by the NaN policy
    digest: str


@dataclass(frozen=True)
class FileScores:
    """What `score_files` found: one score for each prediction column, over all files together."""

    files: list[str]
    true: str
    rows: int
    predictions: dict[str, ColumnScore]


class Batch(NamedTuple):
    """Some rows of the named columns, and the fraction of the file that is read after them."""

    columns: tuple[Column, ...]
    fraction: float


class _Table(NamedTuple):
    """An open file: the names and types of its columns, and a way to read some of them."""

    schema: Any
    batches: Callable[[Sequence[str]], Iterator[tuple[Any, float]]]


class _ContentError(Exception):
    """Content that cannot be scored, in a sentence that still lacks the name of the file."""


class _InexactError(Exception):
    """A value that has no float64 equal to it."""


def score_files(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    true: str,
    pred: str | Sequence[str],
    metrics: Sequence[str] = ("mean_squared_error",),
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    progress: Callable[[Progress], object] | None = None,
) -> FileScores:
    r"""Score prediction columns against a truth column over one or more files.

    Parameters
    ----------
    paths : path or iterable of paths
        Parquet (``.parquet``, ``.pq``), CSV (``.csv``, ``.csv.gz``, ``.csv.zip``) or Arrow IPC files and streams
        (``.arrow``, ``.arrows``, ``.feather``, ``.ipc``). Patterns such as ``part-*.csv`` are expanded, sorted.
    true : str
        Name of the column with the true values.
    pred : str or sequence of str
        Names of the columns with predictions. The truth is read once for all of them.
    metrics : sequence of str
        Names as in `squarely.metric_names`.
    nan_policy : {"raise", "omit", "omit_true", "propagate"}
        What a NaN or an empty value does, as in `squarely.Accumulator`.
    summation : {"exact", "kahan", "pairwise"}
        How sums are formed. With ``"exact"`` the order of the files does not matter.
    progress : callable, optional
        Called with a `Progress` after every batch.

    Returns
    -------
    FileScores
        The rows read and, for each prediction column, its metrics, counts and digest.

    Raises
    ------
    FileError
        If a file is damaged, lacks a column, or holds something other than numbers. Nothing is returned for the
        other files.
    FileNotFoundError, IsADirectoryError
        If a path is not that of a file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from squarely.files import score_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "predictions.csv"
    ...     _ = path.write_text("y,model\n3,2.5\n-0.5,0\n2,2\n7,8\n")
    ...     scores = score_files(path, true="y", pred="model")
    >>> scores.predictions["model"].metrics
    {'mean_squared_error': 0.375}
    """
    files = expand_paths(paths)
    predictions = [pred] if isinstance(pred, str) else list(dict.fromkeys(pred))
    columns = [true, *predictions]
    for path in files:  # all of them first: a wrong name in the last file should not cost an hour of reading
        with _open_table(path, columns):
            pass
    accumulators = {
        name: squarely.Accumulator(metrics=tuple(metrics), nan_policy=nan_policy, summation=summation)
        for name in predictions
    }
    rows = 0
    for path, batch_start, batch in _tracked_batches(files, columns, progress):
        truth, *guesses = batch.columns
        rows += len(truth)
        for name, guess in zip(predictions, guesses, strict=True):
            try:
                accumulators[name].update(truth, guess)
            except ValueError as error:
                raise _refusal(path, batch_start, (true, truth), (name, guess), nan_policy, error) from error
    scores = {name: _score(files, rows, name, accumulators[name]) for name in predictions}
    return FileScores(files=files, true=true, rows=rows, predictions=scores)


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


def read_batches(path: str, columns: Sequence[str]) -> Iterator[Batch]:
    """Yield the named columns of a file, some rows at a time, as float64 or float32 arrays.

    Missing values become NaN; a value that float64 cannot hold exactly is refused.
    """
    with _open_table(path, columns) as table:
        for arrow_batch, fraction in table.batches(columns):
            yield Batch(tuple(_to_numpy(name, arrow_batch.column(name)) for name in columns), fraction)


def _expand(path: str) -> list[str]:
    if os.path.exists(path):  # a file may have brackets in its name
        return [path]
    if not glob.has_magic(path):
        raise FileNotFoundError(f"{path}: there is no such file")
    matches = sorted(glob.glob(path, recursive=True))
    if not matches:
        raise FileNotFoundError(f"{path}: no file matches this pattern")
    return matches


def _tracked_batches(
    files: Sequence[str], columns: Sequence[str], progress: Callable[[Progress], object] | None
) -> Iterator[tuple[str, int, Batch]]:
    """Yield every batch of every file with the file's name and the number of rows before it in that file."""
    sizes = [os.path.getsize(path) for path in files]
    bytes_before = rows = 0
    for path, size in zip(files, sizes, strict=True):
        batch_start = 0
        for batch in read_batches(path, columns):
            yield path, batch_start, batch
            batch_start += len(batch.columns[0])
            if progress is not None:
                progress(Progress(path, bytes_before + batch.fraction * size, sum(sizes), rows + batch_start))
        bytes_before += size
        rows += batch_start


def _score(files: Sequence[str], rows: int, name: str, accumulator: "squarely.Accumulator") -> ColumnScore:
    where = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    if rows == 0:
        raise FileError(f"{where}: there are no rows to score")
    if accumulator.count == 0:
        raise FileError(f"{where}: no pair is left to score for column {name!r}: every row has a missing value")
    metrics = {metric: float(value) for metric, value in accumulator.compute().items()}
    return ColumnScore(metrics, int(accumulator.count), int(accumulator.omitted), accumulator.digest())


def _refusal(
    path: str,
    batch_start: int,
    true: tuple[str, Column],
    pred: tuple[str, Column],
    nan_policy: NanPolicy,
    error: ValueError,
) -> FileError:
    """Say which value made an update fail; looked up only now, so that good data is never searched."""
    scored = ~np.isnan(true[1]) if nan_policy == "omit_true" else np.ones(len(true[1]), np.bool_)
    for refused, kind, description in (
        (np.isnan, MissingValueError, "a missing value or NaN"),
        (np.isinf, InfiniteValueError, "an infinite value"),
    ):
        for name, column in (true, pred):
            found = refused(column) & scored
            if found.any():
                row = batch_start + int(found.argmax()) + 1
                return kind(f"{path}: column {name!r} has {description} in data row {row}")
    return FileError(f"{path}: columns {true[0]!r} and {pred[0]!r} cannot be scored: {_one_line(error)}")


# --- what a file may be: one function that opens it, one that reads it ---


@contextlib.contextmanager
def _open_table(path: str, columns: Sequence[str]) -> Iterator[_Table]:
    """Open a file and check its columns; whatever then goes wrong in reading is told in one sentence."""
    opener = next((opener for suffix, opener in _OPENERS.items() if path.lower().endswith(suffix)), None)
    if opener is None:
        raise FileError(f"{path}: the name must end in one of {', '.join(_OPENERS)}")
    pyarrow = _pyarrow()
    try:
        if os.path.getsize(path) == 0:
            raise _ContentError("the file is empty")
        with opener(path) as table:
            _check_columns(table.schema, columns)
            yield table
    except _ContentError as error:
        raise FileError(f"{path}: {error}") from error
    except pyarrow.lib.ArrowCancelled as error:  # how pyarrow reports Ctrl-C where it handles signals itself
        raise KeyboardInterrupt from error
    except OSError as error:
        raise FileError(f"{path}: the file cannot be read: {_one_line(error.strerror or error)}") from error
    except (pyarrow.ArrowException, zipfile.BadZipFile, zlib.error, EOFError, UnicodeError, csv.Error) as error:
        raise FileError(f"{path}: the file is damaged or not what its name says: {_one_line(error)}") from error


@contextlib.contextmanager
def _open_parquet(path: str) -> Iterator[_Table]:
    parquet = _pyarrow("pyarrow.parquet")
    with parquet.ParquetFile(
        path, buffer_size=PARQUET_BUFFER_BYTES, pre_buffer=False, page_checksum_verification=True
    ) as file:
        yield _Table(file.schema_arrow, partial(_parquet_batches, file))


def _parquet_batches(file: Any, columns: Sequence[str]) -> Iterator[tuple[Any, float]]:
    rows = 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(dict.fromkeys(columns))):
        rows += batch.num_rows
        yield batch, rows / file.metadata.num_rows


@contextlib.contextmanager
def _open_arrow(path: str) -> Iterator[_Table]:
    with open(path, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    pyarrow, ipc = _pyarrow(), _pyarrow("pyarrow.ipc")
    content = pyarrow.py_buffer(mapped)
    if mapped[: len(ARROW_FILE_MAGIC)] == ARROW_FILE_MAGIC:
        reader = ipc.open_file(content)
        # A file is a stream between a prefix and a footer. Read as one it stays in place even where only some columns
        # are wanted; the file reader would copy those of a whole record batch, which may be the whole file.
        stream = content.slice(ARROW_FILE_PREFIX_BYTES)
        yield _Table(reader.schema, partial(_arrow_batches, mapped, stream, reader.num_record_batches))
    elif mapped[-len(ARROW_END_OF_STREAM) :] != ARROW_END_OF_STREAM:
        raise _ContentError("the file is not in the Arrow format, or it was cut short: it lacks the end marker")
    else:
        yield _Table(ipc.open_stream(content).schema, partial(_arrow_batches, mapped, content, None))


def _arrow_batches(
    mapped: mmap.mmap, stream: Any, expected: int | None, columns: Sequence[str]
) -> Iterator[tuple[Any, float]]:
    pyarrow, ipc = _pyarrow(), _pyarrow("pyarrow.ipc")
    schema = ipc.open_stream(stream).schema
    fields = [schema.get_field_index(name) for name in dict.fromkeys(columns)]
    source = pyarrow.BufferReader(stream)
    reader = ipc.open_stream(source, options=ipc.IpcReadOptions(included_fields=fields))
    found = 0
    while expected is None or found < expected:
        start = source.tell()
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        found += 1
        batch.validate()  # that the buffers are as long as the rows need: a damaged file must not be read past its end
        for rows in range(0, batch.num_rows, BATCH_ROWS):
            piece = batch.slice(rows, BATCH_ROWS)
            position = start + (source.tell() - start) * (rows + piece.num_rows) / batch.num_rows
            yield piece, position / stream.size
            if hasattr(mapped, "madvise"):  # pages that were read leave this process; they stay in the system's cache
                mapped.madvise(mmap.MADV_DONTNEED)
    if expected is not None and found != expected:
        raise pyarrow.ArrowInvalid(f"{found} record batches where the footer promises {expected}")


@contextlib.contextmanager
def _open_csv(path: str) -> Iterator[_Table]:
    pyarrow = _pyarrow()
    with _csv_content(path) as (content, _):
        names = _csv_header(next(_row_blocks(content), b""))[0]
    # Text has no types: any column may hold numbers, and its conversion will tell.
    yield _Table(pyarrow.schema([(name, pyarrow.float64()) for name in names]), partial(_csv_batches, path))


def _csv_batches(path: str, columns: Sequence[str]) -> Iterator[tuple[Any, float]]:
    """Cut the text into blocks of whole rows and have pyarrow parse one after another.

    Its own reader of blocks calls Python from a thread in the background when the text comes from a Python file, as
    that of a zip does, and a program that ends meanwhile is aborted.
    """
    with _csv_content(path) as (content, fraction):
        blocks = _row_blocks(content)
        names, first = _csv_header(next(blocks, b""))
        rows = 0
        for block in itertools.chain([first], blocks):
            if block.strip(b"\r\n"):
                batch = _parse_rows(block, rows, names, columns)
                rows += batch.num_rows
                yield batch, fraction()


@contextlib.contextmanager
def _csv_content(path: str) -> Iterator[tuple[Any, Callable[[], float]]]:
    """Open the text of a CSV file, unpacked, and say how much of the file was read."""
    with open(path, "rb", buffering=0) as file:
        size = os.path.getsize(path)
        opener = {".gz": _gzip_content, ".zip": _zip_content}.get(
            os.path.splitext(path)[1].lower(), contextlib.nullcontext
        )
        with opener(file) as content:
            yield content, lambda: file.tell() / size


def _gzip_content(file: Any) -> Any:
    return gzip.GzipFile(fileobj=file)


@contextlib.contextmanager
def _zip_content(file: Any) -> Iterator[Any]:
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise _ContentError(f"the archive must hold exactly one file, and it holds {len(members)}")
        try:
            content = archive.open(members[0])
        except RuntimeError as error:  # encrypted, or a compression that Python lacks
            raise _ContentError(f"the archive cannot be unpacked: {_one_line(error)}") from error
        with content:
            yield content


def _row_blocks(content: Any) -> Iterator[bytes]:
    rest = b""
    while block := content.read(CSV_BLOCK_BYTES):
        rest += block
        end = _end_of_rows(rest)
        if end > 0:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > CSV_ROW_BYTES:
            raise _ContentError(f"a row is longer than {CSV_ROW_BYTES} bytes; a quote may lack its partner")
    if rest:
        yield rest


def _end_of_rows(text: bytes) -> int:
    """Return where the last whole row of a text that starts with a row ends: after a line break outside quotes."""
    quotes = _field_quotes(text)
    line_break = text.rfind(b"\n")
    while line_break >= 0 and (before := np.searchsorted(quotes, line_break)) % 2:
        line_break = text.rfind(b"\n", 0, quotes[before - 1])
    return line_break + 1


def _field_quotes(text: bytes) -> NDArray[np.intp]:
    """Return where quoted fields open and close, in turns. Inside a field a doubled quote may count as both."""
    characters = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(characters == ord('"'))
    opening = quotes[::2]
    before = np.where(opening > 0, characters[opening - 1], ord("\n"))
    # Quotes alternate as long as each one that should open a field starts one, or doubles the quote before it.
    if np.isin(before, np.frombuffer(b',\r\n"', np.uint8)).all():
        return quotes
    # Some quote is a character like others, as in: 3.5" disk. This is 50 times slower, and rarely needed.
    fields = CSV_QUOTED_FIELD.finditer(text)
    return np.array([edge for field in fields for edge in (field.start("quoted"), field.end() - 1)], np.intp)


def _csv_header(block: bytes) -> tuple[list[str], bytes]:
    """Split the first block into the names of the columns and the rows below them."""
    text = block.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    end = text.find(b"\n") + 1 or len(text)
    while _end_of_rows(text[:end]) < end < len(text):  # a name may have a line break, in quotes
        end = text.find(b"\n", end) + 1 or len(text)
    names = next(csv.reader(io.StringIO(text[:end].decode(), newline="")), [])
    return names, text[end:]


def _parse_rows(block: bytes, rows_before: int, names: Sequence[str], columns: Sequence[str]) -> Any:
    pyarrow, arrow_csv = _pyarrow(), _pyarrow("pyarrow.csv")
    wanted = list(dict.fromkeys(columns))
    try:
        return (
            arrow_csv.read_csv(
                pyarrow.py_buffer(block),
                # Threads gain little, where two columns of many are converted, and lose the row of an error.
                arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=2 * CSV_ROW_BYTES),
                arrow_csv.ParseOptions(newlines_in_values=True),
                # Types guessed from a block could differ from the next, or be integers that were rounded before.
                arrow_csv.ConvertOptions(include_columns=wanted, column_types=dict.fromkeys(wanted, pyarrow.float64())),
            )
            .combine_chunks()
            .to_batches()[0]
        )
    except pyarrow.ArrowInvalid as error:
        raise _csv_refusal(error, rows_before, names) from error


def _csv_refusal(error: Exception, rows_before: int, names: Sequence[str]) -> Exception:
    """Say what pyarrow says of some rows with the name of the column, and rows counted from the first."""
    message = str(error)
    if ragged := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message):
        row, expected, found = map(int, ragged.groups())
        return _ContentError(f"data row {rows_before + row} has {found} fields where the header has {expected}")
    if text := re.search(r"In CSV column #(\d+): Row #(\d+): .*invalid value '(.*)'", message, re.DOTALL):
        column, row, value = names[int(text[1])], rows_before + int(text[2]), _one_line(text[3])
        return _ContentError(f"column {column!r} holds {value!r} in data row {row}, which is not a number")
    return error


_OPENERS: dict[str, Callable[[str], contextlib.AbstractContextManager[_Table]]] = {
    ".parquet": _open_parquet,
    ".pq": _open_parquet,
    ".csv": _open_csv,
    ".csv.gz": _open_csv,
    ".csv.zip": _open_csv,
    ".arrow": _open_arrow,
    ".arrows": _open_arrow,
    ".feather": _open_arrow,
    ".ipc": _open_arrow,
}


# --- what a column may be ---


def _check_columns(schema: Any, columns: Sequence[str]) -> None:
    for name in columns:
        count = schema.names.count(name)
        if count == 0:
            raise _ContentError(_no_such_column(name, schema.names))
        if count > 1:
            raise _ContentError(f"there are {count} columns named {name!r}; rename all but one")
        kind = schema.field(name).type
        if not _is_numeric(kind):
            raise _ContentError(f"column {name!r} holds {_type_name(kind)}, not numbers")


def _no_such_column(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    suggestion = f" Did you mean {close[0]!r}?" if close else ""
    listed = ", ".join(repr(known) for known in names[:LISTED_COLUMNS])
    more = f" and {len(names) - LISTED_COLUMNS} more" if len(names) > LISTED_COLUMNS else ""
    return f"there is no column {name!r}.{suggestion} The columns are {listed}{more}"


def _is_numeric(kind: Any) -> bool:
    types = _pyarrow("pyarrow.types")
    if types.is_dictionary(kind):
        return _is_numeric(kind.value_type)
    tests = (types.is_floating, types.is_integer, types.is_boolean, types.is_decimal, types.is_null)
    return any(test(kind) for test in tests)


def _type_name(kind: Any) -> str:
    return "text" if "string" in str(kind) else f"values of type {kind}"


def _to_numpy(name: str, array: Any) -> Column:
    """Return the same numbers as float64 or float32, in place where they are that already and none is missing."""
    pyarrow, types = _pyarrow(), _pyarrow("pyarrow.types")
    if types.is_dictionary(array.type):
        array = array.dictionary_decode()
    try:
        if types.is_decimal(array.type):
            return _decimals(array)
        if types.is_integer(array.type):
            array = _integers(array)
    except _InexactError as error:
        raise _ContentError(
            f"column {name!r} holds {error}, which float64 cannot hold exactly; cast the column to float64 first "
            "if its rounded values are meant"
        ) from error
    if not types.is_floating(array.type):
        array = array.cast(pyarrow.float64())
    column: Column = array.to_numpy(zero_copy_only=array.null_count == 0)  # nulls become NaN in the copy
    return column.astype(np.float32) if column.dtype == np.float16 else column


def _integers(array: Any) -> Any:
    pyarrow = _pyarrow()
    with contextlib.suppress(pyarrow.ArrowInvalid):
        return array.cast(pyarrow.float64())
    # pyarrow refuses whatever exceeds 2**53, also what float64 holds exactly, such as 2**60.
    values = array.drop_null().to_numpy()
    rounded = values.astype(np.float64)
    exact = rounded < 2.0 ** (8 * values.itemsize - (values.dtype.kind == "i"))  # or converting back overflows
    exact[exact] = rounded[exact].astype(values.dtype) == values[exact]
    if not exact.all():
        raise _InexactError(values[exact.argmin()])
    return array.cast(pyarrow.float64(), safe=False)


def _decimals(array: Any) -> NDArray[np.float64]:
    values = array.to_pylist()
    for value in values:
        if value is not None and float(value) != value:  # Python compares a float and a Decimal exactly
            raise _InexactError(value)
    return np.array([math.nan if value is None else float(value) for value in values])


def _one_line(message: object) -> str:
    text = " ".join(str(message).split())
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def _pyarrow(module: str = "pyarrow") -> Any:
    """Import pyarrow where it is used: scores of arrays need neither it nor the time it takes to import."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError("reading files needs pyarrow: pip install 'squarely[cli]'") from error

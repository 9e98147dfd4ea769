"""Parquet: batches of rows, decoded from one buffer at a time."""

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from squarely.files.pyarrow_modules import import_pyarrow
from squarely.files.table import BATCH_ROWS, Table

BUFFER_BYTES = 1 << 20  # without it a column is read whole, a row group at a time, whatever its size


@contextlib.contextmanager
def open_parquet(path: str) -> Iterator[Table]:
    parquet = import_pyarrow("pyarrow.parquet")
    with parquet.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False, page_checksum_verification=True) as file:
        yield Table(file.schema_arrow, partial(_batches, file))


def _batches(file: Any, columns: Sequence[str]) -> Iterator[tuple[Any, float]]:
    rows = 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(dict.fromkeys(columns))):
        rows += batch.num_rows
        yield batch, rows / file.metadata.num_rows

"""Tables written in every format that squarely reads, and read back."""

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile

import numpy as np
import pytest

from squarely.files import read_batches

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
orc = pytest.importorskip("pyarrow.orc")

SUFFIXES = (
    *("parquet", "csv", "csv.gz", "csv.zip", "arrow", "feather", "ipc", "arrows"),
    *("parq", "orc", "npz", "jsonl", "jsonl.gz", "tsv", "txt", "csv.bz2", "csv.xz", "csv.zst"),
)
PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}


def write_table(path, columns, batch_rows=1000, **parquet_options):
    """Write columns as the format that the suffix names."""
    table = pa.table(columns)
    name = path.name
    if name.endswith((".parquet", ".parq")):
        parquet.write_table(table, path, row_group_size=batch_rows, **parquet_options)
    elif name.endswith((".arrow", ".feather", ".ipc", ".arrows")):
        new = pa.ipc.new_stream if name.endswith(".arrows") else pa.ipc.new_file
        with new(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=batch_rows)
    elif name.endswith(".orc"):
        orc.write_table(table, path, stripe_size=1 << 16)
    elif name.endswith(".npz"):
        np.savez_compressed(path, **{name: table.column(name).to_numpy() for name in table.column_names})
    elif ".jsonl" in name:
        write_text(path, "".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    else:
        write_text(path, csv_text(table, "\t" if ".tsv" in name else ","))
    return path


def csv_text(table, separator=","):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        writer.writerow(["" if value is None else value for value in row])
    return text.getvalue()


def write_text(path, text):
    content = text if isinstance(text, bytes) else text.encode()
    content = PACKERS.get(path.suffix, bytes)(content)
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("table.csv", content)
    else:
        path.write_bytes(content)
    return path


def random_columns(rows=2500, dtype=np.float64):
    generator = np.random.default_rng(7)
    truth = generator.normal(size=rows).astype(dtype)
    return {
        "carrier": ["UA", 'B6, "Blue"', "a\nb", "DL", "AA"] * (rows // 5),
        "truth": truth,
        "model": truth + generator.normal(size=rows).astype(dtype) * dtype(1e-3),
        "naive": generator.normal(size=rows).astype(dtype),
    }


def read_columns(path, *columns):
    batches = [batch.columns for batch in read_batches(str(path), columns)]
    return [np.concatenate(parts) for parts in zip(*batches, strict=True)]

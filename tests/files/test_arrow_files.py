"""Arrow files hold what their footer says, and streams end with a mark: nothing more, nothing less."""

import numpy as np
import pytest

from inputs.written_tables import pa, random_columns, write_table
from squarely.files import FileError, score_files
from squarely.files.formats import arrow

ipc = pytest.importorskip("pyarrow.ipc")

COLUMNS = {"true": "truth", "pred": ["model", "naive"]}


@pytest.fixture
def expected(tmp_path):
    return score_files(write_table(tmp_path / "expected.parquet", random_columns()), **COLUMNS).digest


@pytest.mark.parametrize("copied_bytes", [0, 1 << 40], ids=["mapped", "copied"])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_batches_score_the_same_mapped_and_copied(tmp_path, monkeypatch, expected, copied_bytes, compression):
    monkeypatch.setattr(arrow, "COPIED_BATCH_BYTES", copied_bytes)
    table = pa.table(random_columns())
    options = ipc.IpcWriteOptions(compression=compression)
    with ipc.new_file(tmp_path / "t.arrow", table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=100)
    assert score_files(tmp_path / "t.arrow", **COLUMNS).digest == expected


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_a_file_of_polars_is_read(tmp_path, expected, compression):
    polars = pytest.importorskip("polars")
    frame = polars.from_arrow(pa.table(random_columns())).with_columns(polars.col("carrier").cast(polars.Categorical))
    frame.write_ipc(tmp_path / "t.arrow", compression=compression)
    assert score_files(tmp_path / "t.arrow", **COLUMNS).digest == expected


def test_dictionaries_are_those_of_the_footer(tmp_path):
    column = pa.array([1.0, 2.0, 1.0, 4.0]).dictionary_encode()
    path = write_table(tmp_path / "t.arrow", {"y": column, "p": np.zeros(4)}, batch_rows=2)
    report = score_files(path, true="y", pred="p", metrics="sum_squared_error")
    assert report["sum_squared_error"] == 22.0


def test_several_streams_in_one_file_are_refused(tmp_path):
    path = write_table(tmp_path / "t.arrows", random_columns())
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(FileError, match=r"t.arrows: the first stream ends \d+ bytes before the file; name each"):
        score_files(path, **COLUMNS)


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_several_files_in_one_are_refused(tmp_path, suffix):
    path = write_table(tmp_path / f"t.{suffix}", random_columns())
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(FileError, match=rf"t.{suffix}: several .* files were put together in this one; name each"):
        score_files(path, **COLUMNS)


def test_a_file_without_the_end_mark_of_a_stream_is_read_by_its_footer(tmp_path, expected):
    path = write_table(tmp_path / "t.arrow", random_columns())
    content = path.read_bytes()
    assert content.count(arrow.END_OF_STREAM) == 1
    path.write_bytes(content.replace(arrow.END_OF_STREAM, b"\x01" * 8))
    assert score_files(path, **COLUMNS).digest == expected


def test_batches_that_the_footer_leaves_out_are_no_rows(tmp_path):
    path = write_table(tmp_path / "t.arrow", {"y": np.zeros(50), "p": np.ones(50)}, batch_rows=10)
    content = path.read_bytes()
    footer = content[-arrow.FOOTER_END_BYTES - int.from_bytes(content[-10:-6], "little") :]
    all_five, four = (number.to_bytes(4, "little") for number in (5, 4))
    assert footer.count(all_five) == 1
    path.write_bytes(content.removesuffix(footer) + footer.replace(all_five, four))
    assert score_files(path, true="y", pred="p").rows == 40

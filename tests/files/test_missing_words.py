"""Words and numbers that mean a missing value: words in text, numbers as numbers in every format."""

import numpy as np
import pytest

from inputs.written_tables import SUFFIXES, pa, write_table, write_text
from squarely.files import InfiniteValueError, ReadingOptions, score_files

ds = pytest.importorskip("pyarrow.dataset")


def counted(paths, *na, **columns):
    columns = columns or {"true": "y", "pred": "p"}
    reading = ReadingOptions(na=na)
    report = score_files(paths, **columns, nan_policy="omit", metrics="sum_squared_error", reading=reading)
    return report["sum_squared_error"], report.count, report.omitted


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("na", [(-999,), ("-999",), (-999.0,), ("-9.99e2", "x")])
def test_a_number_is_missing_in_every_format(tmp_path, suffix, na):
    path = write_table(tmp_path / f"t.{suffix}", {"y": [1.0, -999.0, 3.0, 4.0], "p": [2, 2, -999, 6]})
    assert counted(path, *na) == (5.0, 2, 2)


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_a_number_is_compared_as_the_type_of_the_column_has_it(tmp_path, kind):
    values = pa.array(np.array([1, -999.9, 3], kind.to_pandas_dtype()))
    path = write_table(tmp_path / "t.arrow", {"y": values, "p": [1.0, 1.0, 1.0]})
    assert counted(path, "-999.9") == (4.0, 2, 1)


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint8(), pa.int64(), pa.uint64(), pa.decimal128(25, 2), pa.bool_()])
def test_numbers_that_a_column_cannot_hold_change_nothing(tmp_path, kind):
    path = write_table(tmp_path / "t.parquet", {"y": pa.array([1, 0]).cast(kind), "p": [1.0, 2.0]})
    assert counted(path, -999, 0.5, 1e30, "2e400", "-inf", "nan", 2**64) == (4.0, 2, 0)


def test_the_largest_integer_may_mean_missing(tmp_path):
    columns = {"y": pa.array([2**63 - 1, 1]), "p": pa.array([1, 2**64 - 1], pa.uint64())}
    path = write_table(tmp_path / "t.parquet", {**columns, "q": [1.0, 3.0]})
    assert counted(path, str(2**63 - 1), true="y", pred="q") == (4.0, 1, 1)
    assert counted(path, 2**64 - 1, true="p", pred="q") == (0.0, 1, 1)


@pytest.mark.parametrize("word", [".", "-", "missing", "n.d.", "NA "])
def test_a_word_is_missing_in_text(tmp_path, word):
    path = write_text(tmp_path / "t.csv", f'y,p\n{word},1\n1, {word}\n3,4\nNA,\n"{word}",1\n')
    assert counted(path, word) == (1.0, 1, 4)


@pytest.mark.parametrize("cell", ["", " ", "     ", " " * 63, "NA", " NA", '" "', "#N/A", "NULL", "nan", "NAN", "-nan"])
def test_a_cell_of_blanks_or_of_usual_words_is_missing(tmp_path, cell):
    path = write_text(tmp_path / "t.csv", f"y,p\n{cell},1\n3,4\n")
    assert counted(path) == (1.0, 1, 1)


def test_arrays_and_datasets_have_missing_numbers_too(tmp_path):
    np.save(tmp_path / "y.npy", np.array([1, -999, 3], np.int16))
    np.save(tmp_path / "p.npy", np.array([1.0, 2.0, -999.0]))
    pair = (tmp_path / "y.npy", tmp_path / "p.npy")
    assert counted([pair], -999) == (0.0, 1, 2)
    table = pa.table({"y": [1, -999, 3], "p": [1.0, 2.0, -999.0]})
    assert counted(ds.dataset(table), -999) == (0.0, 1, 2)
    with pytest.raises(ValueError, match=r"a dataset says itself how its files are read; leave out decimal in reading"):
        score_files(ds.dataset(table), true="y", pred="p", reading=ReadingOptions(decimal=","))


def test_an_integer_beside_missing_ones_is_never_rounded(tmp_path):
    np.save(tmp_path / "y.npy", np.array([-999, 2**53 + 1]))
    np.save(tmp_path / "p.npy", np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match=r"is more than float64 holds exactly"):
        counted([(tmp_path / "y.npy", tmp_path / "p.npy")], -999)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_an_infinity_is_missing_only_where_it_is_named(tmp_path, kind):
    np.save(tmp_path / "y.npy", np.array([1, np.inf], kind))
    np.save(tmp_path / "p.npy", np.array([1.0, 2.0]))
    pair = (tmp_path / "y.npy", tmp_path / "p.npy")
    np.savez(tmp_path / "t.npz", y=np.load(pair[0]), p=np.load(pair[1]))
    assert counted([pair], "inf") == counted(tmp_path / "t.npz", "inf") == (0.0, 1, 1)
    for paths in ([pair], tmp_path / "t.npz"):
        with pytest.raises(InfiniteValueError):
            counted(paths, 1e300)


@pytest.mark.parametrize("kind", ["i1", "u1", "i8", "u8", "?"])
def test_integers_in_array_files_are_compared_as_they_are(tmp_path, kind):
    np.save(tmp_path / "y.npy", np.array([1, 0, 1], kind))
    np.save(tmp_path / "p.npy", np.array([1.0, 2.0, 3.0]))
    pair = (tmp_path / "y.npy", tmp_path / "p.npy")
    assert counted([pair], -999, 0.5, 1e30, 2**64, "-inf") == (8.0, 3, 0)
    assert counted([pair], 0.0) == (4.0, 2, 1)

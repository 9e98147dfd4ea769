"""JSON lines, ORC, arrays with names, and columns inside of columns."""

import json
import warnings
import zipfile

import numpy as np
import pytest

from inputs.written_tables import orc, parquet, write_table, write_text
from squarely.files import FileError, ReadingOptions, score_files
from squarely.files.formats import csv_rows, npz


def squares(path, true="y", pred="p", **options):
    report = score_files(path, true=true, pred=pred, metrics="sum_squared_error", **options)
    return report["sum_squared_error"], report.rows, report.omitted


# --- JSON lines ---


@pytest.mark.parametrize(
    "text",
    [
        '{"y":1,"p":2}\n{"y":3,"p":5.5}\n',
        '\ufeff{"y":1,"p":2}\r\n\r\n{"p":5.5,"y":3,"new":{"a":[1]}}',
        '{"p":2,"y":1,"other":"a"}\n{"y":3,"p":5.5,"other":7}\n',
        '{"y":10e-1,"p":2}\n{"y":3.0e0,"p":55e-1}\n',
    ],
)
def test_objects_are_rows_whatever_else_is_in_them(tmp_path, text):
    assert squares(write_text(tmp_path / "t.jsonl", text)) == (7.25, 2, 0)


def test_true_and_false_are_numbers(tmp_path):
    path = write_text(tmp_path / "t.jsonl", '{"y":true,"p":0.5}\n{"y":false,"p":1}\n{"y":null,"p":1}\n')
    assert squares(path, nan_policy="omit") == (1.25, 3, 1)


def test_a_missing_key_is_a_missing_value(tmp_path):
    path = write_text(tmp_path / "t.ndjson", '{"y":1,"p":2}\n{"y":null,"p":2}\n{"p":2}\n{"y":NaN,"p":1}\n')
    assert squares(path, nan_policy="omit") == (1.0, 4, 3)


def test_lines_are_whole_wherever_the_text_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 32)
    text = "".join(json.dumps({"y": number, "p": number + 1, "s": 'a "{\n'}) + "\n" for number in range(200))
    path = write_text(tmp_path / "t.jsonl", text)
    assert squares(path) == (200.0, 200, 0)
    assert squares(path, checkpoint=tmp_path / "c.sq", checkpoint_seconds=0) == (200.0, 200, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"y":1,"p":2}]', "this is one array of JSON; write an object a line, as pandas does with lines=True"),
        ('{"y":1,"p":2}\n{"y":"NA","p":2}\n', "column 'y' holds a string in data row 2, not a number"),
        ('{"y":1,"p":2}\n{"y":1,"p":2\n', "data row 2 cannot be read: "),
        ('{"y":1,"p":2}\n{"y":1,"y":2,"p":2}\n', "data row 2 cannot be read: Column.* was specified twice"),
        ('{"y":"a","p":2}\n', "column 'y' holds text, not numbers"),
        ('{"x":1}\n', "there is no column 'y'"),
        (" \n", "there is nothing in it"),
    ],
)
def test_json_that_is_no_rows_of_numbers_is_refused(tmp_path, text, message):
    with pytest.raises(FileError, match=rf"t.jsonl: {message}"):
        squares(write_text(tmp_path / "t.jsonl", text))


# --- fields of structs ---


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows", "orc", "jsonl"])
def test_a_field_of_a_struct_is_a_column(tmp_path, suffix):
    rows = [{"y": 1.0, "deep": {"z": 5}}, None, {"y": None, "deep": {"z": 6}}]
    path = write_table(tmp_path / f"t.{suffix}", {"r": rows, "p": [2.0, 3.0, 4.0]})
    assert squares(path, true="r.y", nan_policy="omit") == (1.0, 3, 2)
    assert squares(path, true="p", pred="r.deep.z", nan_policy="omit") == (13.0, 3, 1)
    with pytest.raises(FileError, match=r"there is no column 'r.x'"):
        squares(path, true="r.x")
    with pytest.raises(FileError, match=r"column 'r.deep' holds values of type struct.*, not numbers"):
        squares(path, true="r.deep")


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_column_with_a_point_in_its_name_comes_first(tmp_path, suffix):
    path = write_table(tmp_path / f"t.{suffix}", {"r": [{"y": 1.0}], "r.y": [3.0], "p": [2.0]})
    assert squares(path, true="r.y") == (1.0, 1, 0)


# --- ORC ---


def test_stripes_add_up_to_the_file(tmp_path):
    rows = 200_000
    path = write_table(tmp_path / "t.orc", {"y": np.arange(rows), "p": np.arange(rows) + 1.0, "s": ["a"] * rows})
    assert orc.ORCFile(path).nstripes > 1
    assert squares(path) == (float(rows), rows, 0)
    assert squares(path, checkpoint=tmp_path / "c.sq", checkpoint_seconds=0) == (float(rows), rows, 0)


# --- .npz ---


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", ["<f8", ">f8", "<f4", "<f2", ">i4", "u1", "?"])
def test_arrays_with_names_are_columns(tmp_path, monkeypatch, save, kind):
    monkeypatch.setattr(npz, "BATCH_ROWS", 100)
    y = (np.arange(250) % 2).astype(kind)
    save(tmp_path / "t.npz", y=y, p=np.ones((250, 1)), names=np.array(["a"]), picture=np.ones((3, 4)))
    assert squares(tmp_path / "t.npz") == (125.0, 250, 0)


def test_two_arrays_of_one_name_are_refused(tmp_path):
    np.savez(tmp_path / "t.npz", y=np.ones(3), p=np.ones(3))
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "t.npz", "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("y.npy", archive.read("y.npy"))
    with pytest.raises(FileError, match=r"there are 2 columns named 'y'"):
        squares(tmp_path / "t.npz")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": np.ones(3), "p": np.ones(4)}, "'y' has 3 rows, and 'p' has 4"),
        ({"y": np.ones(3), "p": np.ones((3, 2))}, r"the array 'p' has the shape \(3, 2\); files are scored one output"),
        ({"y": np.ones(3), "p": np.array(1.0)}, r"the array 'p' has the shape \(\)"),
        ({"y": np.ones(3), "p": np.array(["a", "b", "c"])}, "column 'p' holds text, not numbers"),
        ({"y": np.ones(3)}, "there is no column 'p'. .*The columns are 'y'"),
    ],
)
def test_arrays_that_are_no_columns_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(FileError, match=message):
        squares(tmp_path / "t.npz")


# --- what a file is by its content ---


@pytest.mark.parametrize(
    "suffix", ["parquet", "arrow", "arrows", "orc", "csv.gz", "csv.bz2", "csv.xz", "csv.zst", "csv.zip"]
)
@pytest.mark.parametrize("called", ["csv", "parquet", "csv.gz"])
def test_a_file_under_another_name_is_told_by_its_content_and_read_as_it_is_named(tmp_path, suffix, called):
    written = write_table(tmp_path / f"t.{suffix}", {"y": [1.0, 3.0], "p": [2.0, 5.5]})
    path = written.rename(tmp_path / f"other.{called}")
    if called != suffix:
        with pytest.raises(FileError) as caught:
            squares(path)
        if called != "csv.gz" or suffix not in ("csv.gz",):
            assert caught.value.options == {"input_format": suffix}
    assert squares(path, reading=ReadingOptions(input_format=suffix)) == (7.25, 2, 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04\x14\x00\x06\x00" + bytes(50), "an Excel workbook, .*; save it as CSV"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "an HDF5 file"),
        (b"SQLite format 3\0" + bytes(50), "an SQLite database, .*; export a query as CSV"),
        (b'{"y": 1, "p": 2}\n', "JSON, .*input_format='jsonl'"),
        ("y,p\n1,2\n".encode("utf-16"), "text in UTF-16, .*encoding='utf-16'"),
    ],
)
def test_a_table_of_another_kind_is_told(tmp_path, content, message):
    with pytest.raises(FileError, match=rf"t.csv: by its content this is {message}"):
        squares(write_text(tmp_path / "t.csv", content))


def test_names_of_columns_that_look_like_a_format_are_names(tmp_path):
    with pytest.raises(FileError, match=r"there is no column 'y'. The columns are 'ORC_ID', 'p'"):
        squares(write_text(tmp_path / "t.csv", "ORC_ID,p\n1,2\n"))


@pytest.mark.parametrize("suffix", ["parquet", "csv.gz", "arrow"])
def test_a_file_whose_name_says_nothing_is_told_by_its_content(tmp_path, suffix):
    path = write_table(tmp_path / f"t.{suffix}", {"y": [1.0], "p": [2.0]}).rename(tmp_path / "predictions")
    with pytest.raises(FileError, match=r"predictions: the name must end in .*; by its content this is ") as caught:
        squares(path)
    assert caught.value.options == {"input_format": suffix}


def test_a_summary_of_other_files_is_refused(tmp_path):
    path = write_table(tmp_path / "part.parquet", {"y": [1.0], "p": [2.0]})
    metadata = parquet.read_metadata(path)
    metadata.set_file_path("part.parquet")
    metadata.write_metadata_file(tmp_path / "whole.parquet")
    with pytest.raises(
        FileError, match=r"whole.parquet: this is a summary of other files; name those, or their folder"
    ):
        squares(tmp_path / "whole.parquet")


def test_an_input_format_that_is_none_is_refused(tmp_path):
    path = write_table(tmp_path / "t.csv", {"y": [1.0], "p": [2.0]})
    with pytest.raises(FileError, match=r"t.csv: input_format 'xlsx' must end in one of .parquet"):
        squares(path, reading=ReadingOptions(input_format="xlsx"))

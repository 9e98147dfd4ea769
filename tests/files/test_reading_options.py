"""Text is read as its owner wrote it, and what is refused is refused with the option that reads it."""

import codecs

import pytest

from inputs.written_tables import write_text
from squarely.files import FileError, FileStates, ReadingOptions, accumulate_files, score_files
from squarely.files.formats import csv_rows

# Each text, what one option or more make of it: the errors are 1 and 2.5, in two rows.
TEXTS = {
    "semicolons": ("y;p\n1;2\n3;5.5\n", {"separator": ";"}),
    "tabs": ("y\tp\n1\t2\n3\t5.5\n", {"separator": "\t"}),
    "bars": ("y|p\n1|2\n3|5.5\n", {"separator": "|"}),
    "blanks": ("   y     p\n 1.0   2.0\n 3.0   5.5\n", {"separator": " "}),
    "blanks and tabs": ("y\t p\n1\t\t2\n 3  5.5", {"separator": " "}),
    "decimal commas": ("y;p\n1,0;2\n3;5,5\n", {"separator": ";", "decimal": ","}),
    "decimal commas in quotes": ('y,p\n1,2\n3,"5,5"\n', {"decimal": ","}),
    "comments above": ("# made by\n# a model\ny,p\n1,2\n3,5.5\n", {"comment": "#"}),
    "lines above": ("made by a model\n\ny,p\n1,2\n3,5.5\n", {"skip_rows": 2}),
    "units below": ("y,p\nmm,mm\n1,2\n3,5.5\n", {"skip_rows_after_header": 1}),
    "units and types below": ("y,p\nmm,mm\nAvg,Smp\n1,2\n3,5.5\n", {"skip_rows_after_header": 2}),
    "UTF-16": ("y,p\n1,2\n3,5.5\n".encode("utf-16"), {"encoding": "utf-16"}),
    "all at once": (
        "# x\ny;p\nmm;mm\n1;2\n3;5,5\n",
        {"separator": ";", "comment": "#", "skip_rows_after_header": 1, "decimal": ","},
    ),
}


def squares(path, reading, **options):
    report = score_files(path, **{"true": "y", "pred": "p", **options}, metrics="sum_squared_error", reading=reading)
    return report["sum_squared_error"], report.rows, report.omitted


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_refused_is_read_with_the_options_that_the_refusal_names(tmp_path, name):
    text, options = TEXTS[name]
    path = write_text(tmp_path / "t.csv", text)
    assert squares(path, ReadingOptions(**options)) == (7.25, 2, 0)
    found = {}
    while found != options:
        with pytest.raises(FileError) as caught:
            squares(path, ReadingOptions(**found))
        assert caught.value.options.items() <= options.items() or "skip_rows_after_header" in caught.value.options
        assert f"add reading=ReadingOptions({next(iter(caught.value.options))}=" in str(caught.value)
        found.update(caught.value.options)


@pytest.mark.parametrize(
    ("text", "options", "columns"),
    [
        ("1,2\n3,5.5\n", {"header": False}, ("1", "2")),
        ("a note\n1,2\n3,5.5\n", {"header": False, "skip_rows": 1}, ("1", "2")),
        (" 1  2\n 3  5.5\n", {"header": False, "separator": " "}, ("1", "2")),
        ("caf\xe9,p\n1,2\n3,5.5\n".encode("latin-1"), {"encoding": "latin-1"}, ("caf\xe9", "p")),
        (codecs.BOM_UTF8 + b"y,p\n1,2\n3,5.5\n", {"comment": "#"}, ("y", "p")),
        (codecs.BOM_UTF8 + b"#\ny,p\n1,2\n3,5.5\n", {"comment": "#"}, ("y", "p")),
        ("y,p\n1,2\n3,5.5\n".encode("utf-16-be"), {"encoding": "utf-16-be"}, ("y", "p")),
        ("'y,1';p\n1;2\n3;5.5\n", {"quote": "'", "separator": ";"}, ("y,1", "p")),
        ('y,p,inch\n1,2,3"\n3,5.5,"4\n', {"quote": None}, ("y", "p")),
        ('y,p\n"1,000",1001\n"2,000,000.5",2000003\n', {"thousands": ","}, ("y", "p")),
        ("y;p\n1.000;1001\n2.000.000,5;2000003\n", {"thousands": ".", "decimal": ",", "separator": ";"}, ("y", "p")),
        ("y,p\nTrue,0\nfalse,2.5\n", {}, ("y", "p")),
        ("y,p\nTRUE,2\nFALSE,2.5\n", {}, ("y", "p")),
        ("y,p\n1,2\n# 7,8\n3,5.5\n#", {"comment": "#"}, ("y", "p")),
        ('y,p,n\n1,2,"a\n# b"\n# "c\n3,5.5,"\n"\n', {"comment": "#"}, ("y", "p")),
        ("y,p\n1,2\n// 7,8\n3,5.5\n", {"comment": "//"}, ("y", "p")),
    ],
)
def test_text_is_read_as_the_options_say(tmp_path, text, options, columns):
    path = write_text(tmp_path / "t.csv", text)
    assert squares(path, ReadingOptions(**options), true=columns[0], pred=columns[1]) == (7.25, 2, 0)


def test_a_text_without_a_header_is_told_by_its_numbers(tmp_path):
    path = write_text(tmp_path / "t.csv", "1,2\n3,5.5\n")
    with pytest.raises(FileError, match=r"add reading=ReadingOptions\(header=False\)$"):
        squares(path, ReadingOptions())


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ('y,p\n"1,5",2\n', {"thousands": ","}, r"'1,5' in data row 1, which is not a number with ',' between groups"),
        ('y,p\n"1234,567",2\n', {"thousands": ","}, r"'1234,567' in data row 1"),
        ('y,p\n"1,234,56",2\n', {"thousands": ","}, r"'1,234,56' in data row 1"),
        ('y,p\n1,2\n"1,2345",2\n', {"thousands": ","}, r"'1,2345' in data row 2"),
        ("y,p\n1,2\ntrue,2\n0.5,2\n", {}, r"column 'y' holds 'true' in data row 2, which is not a number"),
        ('y,p\n"1,234",2\n', {}, r"'1,234' in data row 1, which is not a number; add .*thousands=','\)"),
        ("y,p\n1,-\n", {}, r"'-' in data row 1, which is not a number; add .*na=\('-',\)\)"),
        ("y,p\n1,2\n3,4\n5,unknown\n", {}, r"'unknown' in data row 3, which is not a number$"),
        ("y,p\n1,2\n", {"skip_rows": 5}, r"below skip_rows=5 there is no header in the first \d+ bytes"),
        ("y,p\n1,2\n", {"skip_rows_after_header": 5}, r"there are no rows to score"),
        ("\n \n", {}, r"there is nothing in it"),
        ("y,p\n1,2\n".encode("utf-16-le"), {}, r"there is no column 'y'.* add .*encoding='utf-16-le'\)"),
        ("y,p\nmm,mm\n1,2\n3,x\n", {"skip_rows_after_header": 1}, r"'x' in data row 2"),
        ("#\ny,p\n\n1,2\n\n#\n3\n", {"comment": "#"}, r"data row 2 has 1 fields where the header has 2"),
        ("1,2\n3\n", {"header": False}, r"data row 2 has 1 fields where the first row has 2"),
        ("y,p\n1,2\n".encode("utf-16")[:-1], {"encoding": "utf-16"}, r"damaged .*or not what its name says"),
    ],
)
def test_text_that_cannot_be_read_is_refused_with_its_row(tmp_path, text, options, message):
    columns = {"true": "1", "pred": "2"} if options.get("header") is False else {}
    with pytest.raises(FileError, match=message):
        squares(write_text(tmp_path / "t.csv", text), ReadingOptions(**options), **columns)


@pytest.mark.parametrize("skipped", [0, 1, 2])
@pytest.mark.parametrize(
    "rows", ["US,1\n", "US,1\nAA,2\n9E,3\nUS,4\n", "US,1\n,2\nAA,3\n,4\n", "US,1\nAA,2\n5,3\nUS,4\n"]
)
def test_a_column_of_text_is_called_so_and_no_rows_are_skipped_in_vain(tmp_path, rows, skipped):
    path = write_text(tmp_path / "t.csv", "p,y\n" + "UA,0\n" * skipped + rows)
    sentence = r"'U[AS]' in data row 1, which is not a number\. The column holds text: `squarely columns FILE` shows"
    with pytest.raises(FileError, match=sentence) as caught:
        squares(path, ReadingOptions(skip_rows_after_header=skipped and skipped - 1))
    assert caught.value.options == {}


@pytest.mark.parametrize("options", [{}, {"comment": "#"}, {"encoding": "utf-16"}, {"separator": " "}])
def test_options_hold_in_every_block_and_after_a_resume(tmp_path, monkeypatch, options):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 64)
    rows = "".join(f"{number},{number + 1},'\n# x\n" for number in range(300)).replace(
        "# x\n", "# x\n" if "comment" in options else ""
    )
    text = f"y,p,n\n{rows}".replace(",", options.get("separator", ","))
    path = write_text(tmp_path / "t.csv", text.encode(options.get("encoding", "utf-8")))
    reading = ReadingOptions(**options)
    assert squares(path, reading) == (300.0, 300, 0)
    score_files(path, true="y", pred="p", reading=reading, checkpoint=tmp_path / "c.sq", checkpoint_seconds=0)
    assert FileStates.load(tmp_path / "c.sq").rows == 300


def test_a_checkpoint_of_other_options_is_refused(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n1,2\n")
    arguments = {"true": "y", "pred": "p", "checkpoint": tmp_path / "c.sq"}
    accumulate_files(path, **arguments, reading=ReadingOptions(na=("x", -9)))
    assert accumulate_files(path, **arguments, reading=ReadingOptions(na=("x", -9))).rows == 1
    with pytest.raises(
        FileError, match=r"c.sq: .* its files were read with \{'na': \['x', -9\]\}, and this run has \{\}"
    ):
        accumulate_files(path, **arguments)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"separator": "ab"}, ValueError, "separator must be one ASCII character, not 'ab'"),
        ({"separator": "\n"}, ValueError, "separator must be one ASCII character"),
        ({"decimal": "\xb7"}, ValueError, "decimal must be one ASCII character"),
        ({"thousands": "."}, ValueError, "thousands and decimal are both '.'; they must differ"),
        ({"skip_rows": -1}, ValueError, "skip_rows must be at least 0, not -1"),
        (
            {"encoding": "klingon"},
            ValueError,
            "encoding must be one that Python knows, such as 'latin-1', not 'klingon'",
        ),
        ({"comment": ""}, ValueError, "comment must be what such lines begin with, not ''"),
        ({"na": "NA"}, TypeError, r"na must be a tuple of words and numbers, not 'NA': write na=\('NA',\)"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        ReadingOptions(**options)


def test_arrays_in_memory_have_no_reading_options():
    with pytest.raises(ValueError, match=r"reading is for files, and pair 1 is of arrays in memory"):
        score_files([([1.0], [2.0])], reading=ReadingOptions(na=(1,)))

"""CSV in its many dresses: headers, missing values, and fields that are not numbers."""

import pytest

from inputs.written_tables import write_text
from squarely.files import FileError, ReadingOptions, score_files
from squarely.files.formats import csv_rows


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffy,p\n1,2\n",
        "y,p\r\n1,2\r\n",
        "\n\ny,p\n\n1,2\n\n",
        "y,p\n1,2",
        '"y","p"\n"1","2"\n',
        "y,p,name\n1,2,caf\u00e9\n",
        "y,p\n 1 , 2 \n",
        "y,p\r1,2\r",
        "y,p\r1,2",
        "\ry,p\r\r1,2\r\r",
    ],
    ids=[
        *("byte order mark", "CRLF", "blank lines", "no last line break", "quoted", "accents", "spaces"),
        *("CR", "CR, and none at the end", "CR and blank lines"),
    ],
)
def test_csv_comes_in_many_dresses(tmp_path, text):
    path = write_text(tmp_path / "t.csv", text)
    score = score_files(path, true="y", pred="p")
    assert (score["mse"], score.count) == (1.0, 1)


@pytest.mark.parametrize("empty", ["", "NA", "NaN", "null", "N/A", '""'])
def test_csv_spells_a_missing_value_in_many_ways(tmp_path, empty):
    path = write_text(tmp_path / "t.csv", f"y,p\n1,2\n{empty},3\n")
    score = score_files(path, true="y", pred="p", nan_policy="omit")
    assert (score.count, score.omitted) == (1, 1)


def test_a_column_that_starts_with_integers_may_go_on_with_fractions(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n" + "1,1\n" * 800_000 + "1.5,1\n")
    assert path.stat().st_size > csv_rows.BLOCK_BYTES
    score = score_files(path, true="y", pred="p", metrics=("sum_squared_error",))
    assert score["sum_squared_error"] == 0.25


def test_text_in_a_later_block_is_refused_with_its_row(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n" + "1,1\n" * 800_000 + "1,late\n")
    with pytest.raises(FileError, match=r"t.csv: column 'p' holds 'late' in data row 800001, which is not a number"):
        score_files(path, true="y", pred="p")


def test_a_ragged_row_is_refused_with_its_number(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p,q\n1,2,3\n1,2\n")
    with pytest.raises(FileError, match=r"t.csv: data row 2 has 2 fields where the header has 3"):
        score_files(path, true="y", pred="p")


@pytest.mark.parametrize("breaks", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("first", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("block_bytes", [1, 5, 8, 1 << 20])
def test_every_row_is_read_whatever_ends_it(tmp_path, monkeypatch, breaks, first, block_bytes):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", block_bytes)
    rows = breaks.join(f"{number},{number + 1}" for number in range(20))
    path = write_text(tmp_path / "t.csv", f"y,p{first}{rows}")
    report = score_files(path, true="y", pred="p", metrics="sum_squared_error")
    assert (report["sum_squared_error"], report.rows) == (20.0, 20)


def test_a_text_of_carriage_returns_in_a_list_is_read_whole(tmp_path):
    other = write_text(tmp_path / "a.csv", "y,p\n1,2\n")
    path = write_text(tmp_path / "b.csv", "y,p\r1,1.5\n2,2.5\n3,2\n")
    assert score_files([other, path], true="y", pred="p").rows == 4


@pytest.mark.parametrize("end", ['3,4,"b\n5,6,c\n', '3,4,"', '3,4,"b""\n', '3,5" disk,"c\n4,5,6\n'])
@pytest.mark.parametrize("block_bytes", [4, 1 << 20])
def test_a_quote_that_is_never_closed_swallows_no_row(tmp_path, monkeypatch, end, block_bytes):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", block_bytes)
    path = write_text(tmp_path / "t.csv", f"y,p,note\n1,2,a\n{end}")
    with pytest.raises(FileError, match=r"t.csv: a quote is opened near the end and never closed; add .*quote=None\)"):
        score_files(path, true="y", pred="p")


@pytest.mark.parametrize("breaks", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("block_bytes", [1, 3, 7, 1 << 20])
def test_comments_end_where_their_lines_do(tmp_path, monkeypatch, breaks, block_bytes):
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", block_bytes)
    lines = ['# "a', "y,p,n", "1,2,x", "# 7,8,9", '#"', '3,4,"x', '# no comment"', "# 5", "#"]
    path = write_text(tmp_path / "t.csv", breaks.join(lines))
    assert score_files(path, true="y", pred="p", reading=ReadingOptions(comment="#")).rows == 2

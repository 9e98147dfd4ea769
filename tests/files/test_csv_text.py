"""CSV in its many dresses: headers, missing values, and fields that are not numbers."""

import pytest

from inputs.written_tables import write_text
from squarely.files import FileError, score_files
from squarely.files.formats.csv_rows import BLOCK_BYTES


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
    ],
    ids=["byte order mark", "CRLF", "blank lines", "no last line break", "quoted", "accents", "spaces"],
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
    path = write_text(tmp_path / "t.csv", "y,p\n" + "1,1\n" * 400_000 + "1.5,1\n")
    assert path.stat().st_size > BLOCK_BYTES
    score = score_files(path, true="y", pred="p", metrics=("sum_squared_error",))
    assert score["sum_squared_error"] == 0.25


def test_text_in_a_later_block_is_refused_with_its_row(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n" + "1,1\n" * 400_000 + "1,late\n")
    with pytest.raises(FileError, match=r"t.csv: column 'p' holds 'late' in data row 400001, which is not a number"):
        score_files(path, true="y", pred="p")


def test_a_ragged_row_is_refused_with_its_number(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p,q\n1,2,3\n1,2\n")
    with pytest.raises(FileError, match=r"t.csv: data row 2 has 2 fields where the header has 3"):
        score_files(path, true="y", pred="p")

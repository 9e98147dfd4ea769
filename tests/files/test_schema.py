"""A column is refused by its name and type, before anything is read."""

import pytest

from inputs.written_tables import pa, write_table
from squarely.files import FileError, score_files


@pytest.mark.parametrize(
    ("column", "description"),
    [
        (["a", "b"], "text"),
        (pa.array(["a", "b"]).dictionary_encode(), "text"),
        (pa.array([1, 2], pa.timestamp("s")), "values of type timestamp"),
        (pa.array([[1.0], [2.0]]), "values of type list"),
    ],
    ids=["text", "categories", "times", "lists"],
)
def test_a_column_of_something_else_is_refused_before_it_is_read(tmp_path, column, description):
    path = write_table(tmp_path / "t.parquet", {"y": column, "p": [1.0, 2.0]})
    with pytest.raises(FileError, match=rf"t.parquet: column 'y' holds {description}.*, not numbers"):
        score_files(path, true="y", pred="p")


def test_a_missing_column_is_refused_with_the_closest_and_all(tmp_path):
    path = write_table(tmp_path / "t.csv", {"arr_delay": [1.0], "dep_delay": [2.0]})
    with pytest.raises(FileError) as caught:
        score_files(path, true="arr_dellay", pred="dep_delay")
    assert str(caught.value) == (
        f"{path}: there is no column 'arr_dellay'. Did you mean 'arr_delay'? The columns are 'arr_delay', 'dep_delay'"
    )


@pytest.mark.parametrize("suffix", ("parquet", "csv"))
def test_columns_in_one_word_are_told_apart(tmp_path, suffix):
    path = write_table(tmp_path / f"t.{suffix}", {"y": [1.0], "a": [2.0], "b": [3.0]})
    with pytest.raises(FileError) as caught:
        score_files(path, true="y", pred="a, b")
    assert str(caught.value) == (
        f"{path}: there is no column 'a, b'; for several predictions pass pred=['a', 'b'], or repeat --pred: "
        "--pred a --pred b"
    )
    with pytest.raises(FileError, match=r"there is no column 'a,z'\. .*The columns are"):
        score_files(path, true="y", pred="a,z")


def test_a_column_whose_name_has_a_comma_is_read(tmp_path):
    path = write_table(tmp_path / "t.parquet", {"y": [1.0], "a": [2.0], "b": [3.0], "a,b": [4.0]})
    assert score_files(path, true="y", pred="a,b", metrics="mse")["mse"] == 9.0


def test_of_a_thousand_columns_twenty_are_listed(tmp_path):
    path = write_table(tmp_path / "t.parquet", {f"x{number}": [1.0] for number in range(1000)})
    with pytest.raises(FileError, match=r"'x0', .*'x19' and 980 more$"):
        score_files(path, true="y", pred="x1")


@pytest.mark.parametrize("suffix", ("parquet", "csv", "arrow"))
def test_two_columns_of_one_name_are_refused(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    write_table(path, pa.Table.from_arrays([pa.array([1.0])] * 3, names=["y", "p", "y"]))
    with pytest.raises(FileError, match=r"there are 2 columns named 'y'"):
        score_files(path, true="y", pred="p")

"""Paths and patterns name files, each once and in order."""

import pytest

from inputs.written_tables import write_text
from squarely.files import FileError, expand_paths


def test_patterns_are_expanded_in_order(tmp_path):
    for name in ("part-2.csv", "part-1.csv", "part-1.parquet"):
        (tmp_path / name).touch()
    assert expand_paths(str(tmp_path / "part-*.csv")) == [str(tmp_path / f"part-{number}.csv") for number in (1, 2)]


def test_a_name_with_brackets_is_a_file_before_it_is_a_pattern(tmp_path):
    path = tmp_path / "table[1].csv"
    path.touch()
    assert expand_paths(path) == [str(path)]


def test_a_file_named_twice_is_refused(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n1,2\n")
    with pytest.raises(FileError, match=r"t.csv: this file is named twice"):
        expand_paths([path, tmp_path / "*.csv"])


def test_what_is_not_a_file_is_refused_by_kind(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none.csv: there is no such file"):
        expand_paths(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match=r"no file matches this pattern"):
        expand_paths(tmp_path / "none-*.csv")
    with pytest.raises(FileNotFoundError, match=r"there are no files in this folder"):
        expand_paths(tmp_path)
    with pytest.raises(ValueError, match=r"paths is empty"):
        expand_paths([])

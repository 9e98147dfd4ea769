"""A file that is changed or replaced while others are read is never scored by halves."""

import os

import numpy as np
import pytest

from inputs.written_tables import SUFFIXES, random_columns, write_table
from squarely.files import FileError, score_files
from squarely.files.runs import work

COLUMNS = {"true": "truth", "pred": "model"}
CHANGED = r"b\.{}: the file was changed or replaced while the files were read; run it again"


def score_and(monkeypatch, change, paths):
    """Score files one after another, with a change when the first rows of the first are scored."""
    update, changes = work._update, [change]

    def change_and_update(*arguments):
        while changes:
            changes.pop()()
        update(*arguments)

    monkeypatch.setattr(work, "_update", change_and_update)
    return score_files(paths, threads=1, **COLUMNS)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_replaced_while_an_earlier_one_is_read_is_refused(tmp_path, monkeypatch, suffix):
    first, second = (write_table(tmp_path / f"{name}.{suffix}", random_columns()) for name in "ab")
    new = write_table(tmp_path / f"c.{suffix}", {"truth": [1.0], "model": [2.0]})
    with pytest.raises(FileError, match=CHANGED.format(suffix)):
        score_and(monkeypatch, lambda: os.replace(new, second), [first, second])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_replaced_while_it_is_read_is_refused(tmp_path, monkeypatch, suffix):
    path = write_table(tmp_path / f"b.{suffix}", random_columns())
    new = write_table(tmp_path / f"c.{suffix}", {"truth": [1.0], "model": [2.0]})
    with pytest.raises(FileError, match=CHANGED.format(suffix)):
        score_and(monkeypatch, lambda: os.replace(new, path), [path])


def test_an_array_file_written_to_while_it_is_read_is_refused(tmp_path, monkeypatch):
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.ones(10))
    a, b = (str(tmp_path / f"{name}.npy") for name in "ab")

    def write():
        with open(b, "r+b") as file:
            file.seek(-8, os.SEEK_END)
            file.write(np.float64(7.0).tobytes())
        os.utime(b, ns=(0, 1))  # another time, however coarse the clock of the filesystem is

    with pytest.raises(FileError, match=CHANGED.format("npy")):
        score_and(monkeypatch, write, [(a, b)])


def test_a_file_of_the_same_size_and_time_is_another(tmp_path, monkeypatch):
    first, second = (write_table(tmp_path / f"{name}.csv", random_columns()) for name in "ab")
    new = write_table(tmp_path / "c.csv", random_columns())
    os.utime(new, ns=(second.stat().st_atime_ns, second.stat().st_mtime_ns))
    with pytest.raises(FileError, match=CHANGED.format("csv")):
        score_and(monkeypatch, lambda: os.replace(new, second), [first, second])


def test_a_file_that_grows_is_refused(tmp_path, monkeypatch):
    first, second = (write_table(tmp_path / f"{name}.csv", random_columns()) for name in "ab")

    def grow():
        with second.open("a") as file:
            file.write("AA,1,2,3\n")

    with pytest.raises(FileError, match=CHANGED.format("csv")):
        score_and(monkeypatch, grow, [first, second])


def test_an_array_file_replaced_meanwhile_is_refused(tmp_path, monkeypatch):
    for name in "abc":
        np.save(tmp_path / f"{name}.npy", np.ones(10))
    a, b, c = (str(tmp_path / f"{name}.npy") for name in "abc")
    csv = write_table(tmp_path / "first.csv", random_columns())
    with pytest.raises(FileError, match=CHANGED.format("npy")):
        score_and(monkeypatch, lambda: os.replace(c, b), [csv, (a, b)])

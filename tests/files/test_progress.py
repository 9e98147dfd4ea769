"""How far a run has come: what its watcher is told, and the bar."""

import io
import re
import sys

import pytest

pytest.importorskip("pyarrow")

from squarely.files import Progress, score_files
from squarely.files.runs.progress_bar import told


def watched_terminal(monkeypatch):
    pytest.importorskip("rich")
    written = io.StringIO()
    written.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setenv("TERM", "xterm")
    return written


def test_bytes_are_whole_numbers_and_end_with_all_of_them(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("y,p\n" + "1,2\n" * 100_001)
    seen = []
    score_files(path, true="y", pred="p", progress=seen.append)
    assert all(type(one.bytes_read) is int for one in seen)
    assert seen[-1] == Progress(str(path), path.stat().st_size, path.stat().st_size, 100_001)


def test_of_chunks_and_queries_nobody_knows_the_size(tmp_path):
    seen = []
    score_files((([1.0, 2.0], [1.0, 3.0]) for _ in range(3)), progress=seen.append)
    assert {one.bytes_total for one in seen} == {None}
    pytest.importorskip("duckdb")
    seen.clear()
    score_files(sql="SELECT 1.0 AS y, 2.0 AS p", true="y", pred="p", progress=seen.append)
    assert {one.bytes_total for one in seen} == {None}


def test_true_shows_a_bar_and_leaves_nothing_of_it(tmp_path, monkeypatch):
    terminal = watched_terminal(monkeypatch)
    path = tmp_path / "[t].csv"
    path.write_text("y,p\n1,2\n")
    score_files(path, true="y", pred="p", progress=True)
    assert "[t].csv" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")  # the line is erased


@pytest.mark.parametrize("progress", [True, False, None])
def test_where_nobody_watches_no_bar_is_written(tmp_path, progress, capfd):
    path = tmp_path / "t.csv"
    path.write_text("y,p\n1,2\n")
    assert score_files(path, true="y", pred="p", metrics="mse", progress=progress)["mse"] == 1.0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_the_bar_stays_in_one_line(columns, monkeypatch):
    terminal = watched_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", str(columns))
    with told(True) as show:
        show(Progress("/data/flights-of-the-year-2013.parquet", 3_500_000_000, 7_100_000_000, 123_456_789))
    shown = terminal.getvalue()
    assert "123,4" in shown
    assert "\x1b[1A" not in shown.split("123,4")[0]  # how a bar of two lines goes back to its first
    assert max(len(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)) for line in re.split(r"[\r\n]", shown)) <= columns

"""A run that ended is taken up where it was saved, and ends in the bits of a run that nobody disturbed."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from inputs.written_tables import random_columns, write_table, write_text
from instruments.reports import told
from instruments.stopped_runs import StoppedError, stopped_after
from squarely.files import FileError, FileStates, accumulate_files, score_files
from squarely.files.formats import parquet
from squarely.files.runs import work
from squarely.files.runs.exclusive import alone_with
from squarely.files.sources import arrays

pytest.importorskip("pyarrow")

COLUMNS = {"true": "y", "pred": "p", "metrics": ("mean_squared_error", "max_error")}


@pytest.fixture(autouse=True)
def small_sections(monkeypatch):
    monkeypatch.setattr(parquet, "SECTION_ROWS", 1000)
    monkeypatch.setattr(arrays, "SECTION_ROWS", 1000)
    monkeypatch.setattr(work, "PIECES_BEFORE_COMMIT", 2)


@pytest.fixture
def table(rng):
    truth = rng.standard_normal(250_000)
    return {"y": truth, "p": truth + rng.standard_normal(len(truth)) * 1e-3, "q": truth}


def rows_saved_after(monkeypatch, commits, checkpoint, paths, **options):
    """Score until so many pieces of work are saved, and return the rows in the checkpoint."""
    stopped_after(monkeypatch, commits, paths, checkpoint, **options)
    return FileStates.load(checkpoint).rows


def resumed(checkpoint, paths, **options):
    """Score to the end, and return the scores, the rows that were done before, and those read now."""
    seen = []
    scores = score_files(paths, checkpoint=checkpoint, progress=seen.append, **options)
    return told(scores), seen[0].rows, seen[-1].rows - seen[0].rows


@pytest.mark.parametrize("suffix", ["parquet", "csv", "csv.gz", "csv.zip", "arrow", "arrows"])
def test_a_file_is_taken_up_in_the_middle(tmp_path, table, monkeypatch, suffix):
    path = write_table(tmp_path / f"t.{suffix}", table, batch_rows=60_000 if "arrow" in suffix else 1000)
    for summation in ("exact", "kahan"):
        options = {**COLUMNS, "summation": summation}
        undisturbed = told(score_files(path, **options))
        checkpoint = tmp_path / f"{summation}.sq"
        saved = rows_saved_after(monkeypatch, 2, checkpoint, path, **options)
        assert 0 < saved < 250_000
        scores, before, read = resumed(checkpoint, path, **options)
        assert scores == undisturbed
        assert (before, read) == (saved, 250_000 - saved)


def test_npy_files_are_taken_up_in_the_middle(tmp_path, table, monkeypatch):
    for name, column in table.items():
        np.save(tmp_path / f"{name}.npy", column)
    pair = [(tmp_path / "y.npy", tmp_path / "p.npy")]
    undisturbed = told(score_files(pair, threads=3))
    saved = rows_saved_after(monkeypatch, 3, tmp_path / "c.sq", pair)
    assert resumed(tmp_path / "c.sq", pair) == (undisturbed, saved, 250_000 - saved)


def test_several_files_are_taken_up_between_and_inside(tmp_path, monkeypatch):
    columns = {"true": "truth", "pred": ["model", "naive"]}
    (tmp_path / "data" / "a=1").mkdir(parents=True)
    for number, suffix in enumerate(("csv", "parquet", "arrow", "csv.gz")):
        write_table(tmp_path / "data" / "a=1" / f"{number}.{suffix}", random_columns(), batch_rows=100)
    undisturbed = told(score_files(tmp_path / "data", **columns))
    for commits in range(7):
        checkpoint = tmp_path / f"{commits}.sq"
        if commits:
            rows_saved_after(monkeypatch, commits, checkpoint, tmp_path / "data", **columns)
        assert resumed(checkpoint, tmp_path / "data", threads=3, **columns)[0] == undisturbed


def test_a_finished_checkpoint_is_a_state_and_counts_once(tmp_path, table, monkeypatch):
    path = write_table(tmp_path / "t.parquet", table)
    checkpoint = tmp_path / "c.sq"
    undisturbed = told(score_files(path, **COLUMNS))
    assert told(score_files(path, checkpoint=checkpoint, **COLUMNS)) == undisturbed
    assert told(FileStates.load_all([checkpoint]).report()) == undisturbed
    content = checkpoint.read_bytes()
    monkeypatch.setattr(work, "score_section", None)  # nothing is read again
    scores, before, read = resumed(checkpoint, path, **COLUMNS)
    assert (scores, before, read) == (undisturbed, 250_000, 0)
    assert checkpoint.read_bytes() == content


def test_nothing_is_written_before_it_is_time(tmp_path, table, monkeypatch):
    path = write_table(tmp_path / "t.parquet", table)
    with monkeypatch.context() as patched:
        patched.setattr(work, "_update", lambda *_: (_ for _ in ()).throw(StoppedError))
        with pytest.raises(StoppedError):
            score_files(path, checkpoint=tmp_path / "c.sq", checkpoint_seconds=1e9, **COLUMNS)
    assert not (tmp_path / "c.sq").exists()


def test_an_interrupt_saves_what_is_done(tmp_path, table):
    path = write_table(tmp_path / "t.parquet", table)

    def interrupt(progress):
        raise KeyboardInterrupt

    checkpoint = tmp_path / "c.sq"
    with pytest.raises(KeyboardInterrupt):
        score_files(path, checkpoint=checkpoint, checkpoint_seconds=1e9, progress=interrupt, **COLUMNS)
    saved = FileStates.load(checkpoint).rows
    assert saved > 0
    assert resumed(checkpoint, path, **COLUMNS)[:2] == (told(score_files(path, **COLUMNS)), saved)


# --- what is refused ---


@pytest.fixture
def begun(tmp_path, table, monkeypatch):
    path = write_table(tmp_path / "t.parquet", table)
    rows_saved_after(monkeypatch, 2, tmp_path / "c.sq", [path], **COLUMNS)
    return path, tmp_path / "c.sq"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"true": "p", "pred": "y"}, r"this run has true 'p', and the checkpoint has 'y'"),
        ({"pred": ["p", "q"]}, r"this run has predictions p, q, and the checkpoint has p"),
        ({"metrics": ("r2_score",)}, r"this run has metrics r2_score, and the checkpoint has mean_squared_error, max"),
        ({"nan_policy": "omit"}, r"this run has nan_policy 'omit', and the checkpoint has 'raise'"),
        ({"summation": "pairwise"}, r"this run has summation 'pairwise', and the checkpoint has 'exact'"),
        ({"weight": "y"}, r"this run has weight 'y', and the checkpoint has None"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_checkpoint_of_other_arguments_is_refused(begun, options, message):
    path, checkpoint = begun
    content = checkpoint.read_bytes()
    with pytest.raises(FileError, match=rf"c.sq: this checkpoint is of another run: {message}.*; delete it to start"):
        score_files(path, checkpoint=checkpoint, **{**COLUMNS, **options})
    assert checkpoint.read_bytes() == content


def test_a_checkpoint_of_other_files_is_refused(begun, tmp_path, table):
    path, checkpoint = begun
    other = write_text(tmp_path / "other.csv", "y,p\n1,2\n")
    for paths in ([other], [path, other]):
        with pytest.raises(FileError, match=r"its files are others, or in another order: .*other.csv"):
            score_files(paths, checkpoint=checkpoint, **COLUMNS)


def test_a_checkpoint_of_a_file_that_changed_is_refused(begun):
    path, checkpoint = begun
    os.utime(path, ns=(1, 1))
    with pytest.raises(FileError, match=r"t.parquet has changed since .*; delete it to start anew"):
        score_files(path, checkpoint=checkpoint, **COLUMNS)


def test_a_checkpoint_of_other_sections_is_refused(tmp_path, table, monkeypatch):
    path = write_table(tmp_path / "t.parquet", table, batch_rows=1000)
    rows_saved_after(monkeypatch, 3, tmp_path / "c.sq", path, **COLUMNS)
    monkeypatch.setattr(parquet, "SECTION_ROWS", 2000)
    with pytest.raises(FileError, match=r"t.parquet was cut in another way, by another version of squarely; delete it"):
        score_files(path, checkpoint=tmp_path / "c.sq", **COLUMNS)


def test_a_checkpoint_that_has_not_ended_is_no_state_to_merge(begun):
    with pytest.raises(FileError, match=r"c.sq: this is the checkpoint of a run that has not ended; run it again"):
        FileStates.load_all([begun[1]])


def test_what_is_no_checkpoint_is_refused(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\n1,2\n")
    accumulate_files(path, **COLUMNS).save(tmp_path / "s.sq")
    with pytest.raises(FileError, match=r"s.sq: this state is no checkpoint; name another file, or delete it"):
        score_files(path, checkpoint=tmp_path / "s.sq", **COLUMNS)
    with pytest.raises(FileError, match=r"t.csv: this is no state that squarely saved"):
        score_files(path, checkpoint=path, **COLUMNS)
    with pytest.raises(FileError, match=r"none/c.sq: there is no folder .*none"):
        score_files(path, checkpoint=tmp_path / "none" / "c.sq", **COLUMNS)
    with pytest.raises(FileError, match=r"this is a folder, and a file is to be written"):
        score_files(path, checkpoint=tmp_path, **COLUMNS)


def test_what_a_later_run_cannot_know_again_is_refused(tmp_path):
    with pytest.raises(FileError, match=r"pair 1: checkpoint= needs files, which a later run can know again by path"):
        score_files([([1.0], [2.0])], checkpoint=tmp_path / "c.sq")
    with pytest.raises(ValueError, match=r"checkpoint='c.sq' needs a list of files, which a later run can check"):
        score_files(iter([([1.0], [2.0])]), checkpoint="c.sq")


# --- a process that is killed ---

UNTIL_KILLED = """
import sys, time
from squarely.files import score_files
from squarely.files.formats import parquet
from squarely.files.runs import work
work.PIECES_BEFORE_COMMIT = 1
parquet.SECTION_ROWS = 1000
path, checkpoint = sys.argv[1:]
commit = work.Totals.commit
def commit_and_wait(*arguments):
    commit(*arguments)
    while arguments[0].rows > 50_000:  # so that there is something left to do when the signal comes
        time.sleep(0.01)
work.Totals.commit = commit_and_wait
score_files(path, true="y", pred="p", metrics=("mean_squared_error", "max_error"), checkpoint=checkpoint,
            checkpoint_seconds=0)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_process_that_was_killed_is_taken_up(tmp_path, table, suffix):
    path = write_table(tmp_path / f"t.{suffix}", table, batch_rows=50_000)
    checkpoint = tmp_path / "c.sq"
    command = [sys.executable, "-c", UNTIL_KILLED, str(path), str(checkpoint)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while not checkpoint.exists():
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    saved = FileStates.load(checkpoint).rows
    scores, before, read = resumed(checkpoint, path, **COLUMNS)
    assert scores == told(score_files(path, **COLUMNS))
    assert (before, read) == (saved, 250_000 - saved)
    assert 0 < saved < 250_000


def test_two_runs_cannot_use_one_checkpoint_at_once(tmp_path, table):
    pytest.importorskip("fcntl")
    path = write_table(tmp_path / "t.parquet", table)
    seen = []

    def meanwhile(_):
        with pytest.raises(FileError, match="another run is using this checkpoint"):
            accumulate_files(path, **COLUMNS, checkpoint=tmp_path / "c.sq")
        seen.append(True)

    states = accumulate_files(path, **COLUMNS, checkpoint=tmp_path / "c.sq", progress=meanwhile)
    assert seen
    assert sorted(os.listdir(tmp_path)) == ["c.sq", "t.parquet"]
    assert accumulate_files(path, **COLUMNS, checkpoint=tmp_path / "c.sq").predictions == states.predictions


def test_a_run_that_ends_while_another_begins_leaves_the_checkpoint_to_one(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    flock, path = fcntl.flock, str(tmp_path / "c.sq")
    first = alone_with(path)
    first.__enter__()

    def flock_after_the_first_has_ended(file, how):
        monkeypatch.setattr(fcntl, "flock", flock)
        first.__exit__(None, None, None)
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", flock_after_the_first_has_ended)
    with alone_with(path), pytest.raises(FileError, match="another run is using this checkpoint"), alone_with(path):
        pass
    with alone_with(path):
        pass
    assert os.listdir(tmp_path) == []

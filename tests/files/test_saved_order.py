"""Metrics over order statistics in saved states and checkpoints: scores that are found are kept, and sums of a pass."""

import numpy as np
import pytest

import squarely
from inputs.written_tables import write_table
from instruments.stopped_runs import stopped_after
from squarely.files import FileError, FileStates, accumulate_files, score_files
from squarely.files.formats import parquet
from squarely.files.order import looks

pytest.importorskip("pyarrow")

METRICS = (
    "median_absolute_error",
    "mse",
    squarely.metric("trimmed_mean_squared_error", proportion=0.2),
    "d2_absolute_error_score",
    squarely.metric("d2_pinball_score", alpha=0.1),
)
COLUMNS = {"true": "y", "pred": "p"}


@pytest.fixture(autouse=True)
def small_sections(monkeypatch):
    monkeypatch.setattr(parquet, "SECTION_ROWS", 1000)
    monkeypatch.setattr(looks, "MOST_SAMPLED", 500)
    monkeypatch.setattr(looks, "MOST_KEPT", 2000)


@pytest.fixture
def columns():
    y, noise, w = np.random.default_rng(3).normal(size=(3, 20_000))
    return {"y": y, "p": y + noise, "q": -y, "w": abs(w)}


@pytest.fixture
def path(tmp_path, columns):
    return write_table(tmp_path / "t.parquet", columns, batch_rows=1000)


def told(report):
    return repr(report.to_dict()), report.count, report.digest, dict(report.notes)


def rows_by_pass(path, checkpoint, **options):
    """Score to the end, and return the report and how many rows each pass has read."""
    passes = {}
    report = score_files(
        path, checkpoint=checkpoint, progress=lambda o: passes.setdefault(o.pass_number, []).append(o.rows), **options
    )
    return report, {number: rows[-1] - (rows[0] if number == 1 else 0) for number, rows in passes.items()}


@pytest.mark.parametrize("weight", (None, "w"))
@pytest.mark.parametrize("commits", (1, 13, 20, 25))
def test_a_run_is_taken_up_in_any_pass(tmp_path, path, columns, monkeypatch, commits, weight):
    metrics = [one for one in METRICS if weight is None or "trimmed" not in str(one)]
    options = {**COLUMNS, "pred": ["p", "q"], "metrics": metrics, "weight": weight}
    undisturbed = told_all(score_files(path, **options))
    stopped_after(monkeypatch, commits, path, tmp_path / "c.sq", **options)
    report, rows = rows_by_pass(path, tmp_path / "c.sq", **options)
    assert told_all(report) == undisturbed
    assert rows[1] == max(0, 20_000 - 1000 * commits)
    assert rows[2] == 20_000
    expected = squarely.evaluate(
        columns["y"],
        {"p": columns["p"], "q": columns["q"]},
        sample_weight=None if weight is None else columns["w"],
        metrics=metrics,
    )
    assert repr(report.to_dict()) == repr(expected.to_dict())


def told_all(report):
    return repr(report.to_dict()), report.digest, dict(report.notes)


def test_a_run_that_has_ended_is_not_read_again(tmp_path, path):
    options = {**COLUMNS, "metrics": METRICS, "worst": 3}
    first = score_files(path, checkpoint=tmp_path / "c.sq", **options)
    again, rows = rows_by_pass(path, tmp_path / "c.sq", **options)
    assert told(again) == told(first)
    assert str(again.worst) == str(first.worst)
    assert rows == {1: 0}
    assert told(FileStates.load_all([tmp_path / "c.sq"]).report()) == told(first)


def test_a_checkpoint_in_between_has_no_scores(tmp_path, path, monkeypatch):
    options = {**COLUMNS, "metrics": METRICS}
    stopped_after(monkeypatch, 25, path, tmp_path / "c.sq", **options)
    with pytest.raises(FileError, match="the checkpoint of a run that has not ended"):
        FileStates.load_all([tmp_path / "c.sq"])
    with pytest.raises(FileError, match="median_absolute_error: this is the checkpoint of a run that has not ended"):
        FileStates.load(tmp_path / "c.sq").report()


def test_a_checkpoint_of_other_metrics_over_order_statistics_is_refused(tmp_path, path):
    score_files(path, checkpoint=tmp_path / "c.sq", **COLUMNS, metrics=["mse", "medae"])
    others = (["mse"], ["mse", "d2_absolute_error_score"], ["mse", "medae", "trimmed_mean_squared_error"])
    for metrics in others:
        with pytest.raises(FileError, match="this run has metrics over order statistics"):
            score_files(path, checkpoint=tmp_path / "c.sq", **COLUMNS, metrics=metrics)


@pytest.mark.filterwarnings("ignore:D.2 score is not well-defined")
@pytest.mark.parametrize("rows", (1, 5, 3000))
def test_saved_states_have_their_scores(tmp_path, rows):
    y, noise = np.random.default_rng(5).normal(size=(2, rows))
    states = accumulate_files([(y, y + noise)], metrics=METRICS)
    states.save(tmp_path / "s.sq")
    loaded = FileStates.load(tmp_path / "s.sq")
    assert told(loaded.report()) == told(states.report())
    assert loaded.report().metrics == states.report().metrics
    assert loaded.to_bytes() == states.to_bytes()


def test_scores_of_order_are_not_merged(tmp_path):
    y, p = np.random.default_rng(6).normal(size=(2, 10))
    with_median = accumulate_files([(y, p)], metrics=["mse", "medae"])
    alone = accumulate_files([(y, p)], metrics="mse")
    for one, other in ((with_median, alone), (alone, with_median), (with_median, with_median)):
        with pytest.raises(FileError, match="no sum that could be merged with those of other rows"):
            one.merge(other)


def test_damaged_scores_are_refused(tmp_path):
    y, p = np.random.default_rng(7).normal(size=(2, 10))
    data = accumulate_files([(y, p)], metrics=["mse", "medae"]).to_bytes()
    for at in range(0, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(ValueError, match="state"):
            FileStates.from_bytes(bytes(changed))

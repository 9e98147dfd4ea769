"""Scores of files are the scores of the arrays in them, or one sentence that says which value is at fault."""

import doctest
import math
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import squarely
from inputs.written_tables import SUFFIXES, pa, random_columns, read_columns, write_table, write_text
from squarely.files import FileError, InfiniteValueError, MissingValueError, score_files

METRICS = ("mean_squared_error", "root_mean_squared_error", "sum_squared_error")


def direct(truth, prediction, **options):
    return squarely.Accumulator(metrics=METRICS, **options).update(np.asarray(truth), np.asarray(prediction))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_scores_as_its_arrays_do(tmp_path, suffix):
    columns = random_columns()
    path = write_table(tmp_path / f"table.{suffix}", columns)
    scores = score_files(path, true="truth", pred=["model", "naive"], metrics=METRICS)
    assert scores.rows == 2500
    for name in ("model", "naive"):
        expected = direct(columns["truth"], columns[name])
        assert scores.to_dict()[name] == expected.compute()
        assert (scores.count[name], scores.omitted[name], scores.digest[name]) == (2500, 0, expected.digest())


@pytest.mark.parametrize("suffix", ("parquet", "arrow", "arrows"))
def test_float32_stays_float32(tmp_path, suffix):
    columns = random_columns(dtype=np.float32)
    path = write_table(tmp_path / f"table.{suffix}", columns)
    truth, model = read_columns(path, "truth", "model")
    assert truth.dtype == model.dtype == np.float32
    np.testing.assert_array_equal(truth, columns["truth"])
    scores = score_files(path, true="truth", pred="model", metrics=METRICS)
    assert scores.digest == direct(columns["truth"], columns["model"]).digest()


def test_the_order_of_files_does_not_matter(tmp_path):
    columns = random_columns()
    whole = direct(columns["truth"], columns["model"])
    paths = []
    for start, suffix in zip(range(0, 2500, 500), SUFFIXES, strict=False):
        part = {name: column[start : start + 500] for name, column in columns.items()}
        paths.append(write_table(tmp_path / f"part.{suffix}", part))
    digests = {
        score_files(order, true="truth", pred="model", metrics=METRICS).digest
        for order in (paths, paths[::-1], paths[2:] + paths[:2])
    }
    assert digests == {whole.digest()}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_values_are_left_out_where_asked(tmp_path, suffix):
    path = write_table(
        tmp_path / f"flights.{suffix}", {"arrival": [11.0, None, 33.0, -18.0], "departure": [2, 4, None, -1]}
    )
    score = score_files(path, true="arrival", pred="departure", metrics=METRICS, nan_policy="omit")
    assert score["sum_squared_error"] == 81 + 289
    assert (score.count, score.omitted) == (2, 2)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_value_is_refused_with_its_column_and_row(tmp_path, suffix):
    path = write_table(tmp_path / f"flights.{suffix}", {"arrival": [11.0, 20.0, 33.0], "departure": [2.0, None, 4.0]})
    with pytest.raises(
        MissingValueError, match=r"flights.*: column 'departure' has a missing value or NaN in data row 2"
    ):
        score_files(path, true="arrival", pred="departure")


def test_a_missing_prediction_is_refused_where_only_truth_may_be_missing(tmp_path):
    path = write_table(tmp_path / "t.parquet", {"y": [None, 1.0, 2.0], "p": [None, 1.0, None]})
    with pytest.raises(MissingValueError, match=r"column 'p' .* in data row 3"):
        score_files(path, true="y", pred="p", nan_policy="omit_true")


def test_an_infinite_value_is_refused_with_its_column_and_row(tmp_path):
    path = write_table(tmp_path / "t.csv", {"y": [1.0, 1.0], "p": [1.0, math.inf]})
    with pytest.raises(InfiniteValueError, match=r"column 'p' has an infinite value in data row 2"):
        score_files(path, true="y", pred="p", nan_policy="omit")


def test_missing_values_propagate_where_asked(tmp_path):
    path = write_table(tmp_path / "t.csv", {"y": [1.0, None], "p": [1.0, 2.0]})
    score = score_files(path, true="y", pred="p", nan_policy="propagate")
    assert math.isnan(score["mean_squared_error"])


def test_the_row_of_a_missing_value_is_counted_over_batches(tmp_path):
    truth = np.zeros(200_000)
    truth[150_000] = np.nan
    path = write_table(tmp_path / "t.parquet", {"y": truth, "p": np.zeros(200_000)})
    with pytest.raises(MissingValueError, match=r"data row 150001"):
        score_files(path, true="y", pred="p")


def test_a_column_is_never_scored_against_itself(tmp_path):
    truth = write_table(tmp_path / "truth.csv", {"SalePrice": [1.0, 2.0]})
    submission = write_table(tmp_path / "submission.csv", {"SalePrice": [1.5, 2.0]})
    for pred in ("SalePrice", ["SalePrice", "other"]):
        with pytest.raises(FileError, match=r"truth.csv: true and pred both name the column 'SalePrice', which"):
            score_files([truth, submission], true="SalePrice", pred=pred)


def test_progress_ends_with_all_bytes_and_all_rows(tmp_path):
    paths = [write_table(tmp_path / f"table.{suffix}", random_columns()) for suffix in SUFFIXES]
    seen = []
    score_files(paths, true="truth", pred="model", progress=seen.append)
    total = sum(path.stat().st_size for path in paths)
    assert [progress.rows for progress in seen] == sorted(progress.rows for progress in seen)
    assert seen[-1].rows == 2500 * len(SUFFIXES)
    assert {progress.bytes_total for progress in seen} == {total}
    assert all(0 < progress.bytes_read <= total for progress in seen)


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if "jsonl" not in suffix])
def test_a_table_without_rows_is_refused(tmp_path, suffix):
    path = write_table(tmp_path / f"t.{suffix}", {"y": pa.array([], pa.float64()), "p": pa.array([], pa.float64())})
    with pytest.raises(FileError, match=r"there are no rows to score"):
        score_files(path, true="y", pred="p")


def test_a_part_without_rows_adds_nothing(tmp_path):
    full = write_text(tmp_path / "part-0.csv", "y,p\n1,2\n")
    empty = write_text(tmp_path / "part-1.csv", "y,p\n")
    assert score_files([full, empty], true="y", pred="p").rows == 1


def test_a_table_with_nothing_but_missing_values_is_refused(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\nNA,2\n1,NA\n")
    with pytest.raises(FileError, match=r"t.csv: no pair is left to score for column 'p'"):
        score_files(path, true="y", pred="p", nan_policy="omit")


def test_a_table_with_nothing_but_missing_values_has_scores_where_they_propagate(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p\nNA,2\n1,NA\n")
    report = score_files(path, true="y", pred="p", nan_policy="propagate")
    assert (report.rows, report.count, report.omitted) == (2, 0, 2)
    assert all(math.isnan(report[name]) for name in report)


@pytest.mark.parametrize("nan_policy", ["raise", "omit", "propagate"])
def test_a_table_without_weight_is_refused_as_that(tmp_path, nan_policy):
    path = write_text(tmp_path / "t.csv", "y,p,w\n1,2,0\n1,3,0\n")
    with pytest.raises(FileError, match=r"t.csv: no pair is left .* column 'p': every row has the weight 0$"):
        score_files(path, true="y", pred="p", weight="w", nan_policy=nan_policy)


def test_a_table_with_missing_values_where_there_is_weight_is_refused_as_both(tmp_path):
    path = write_text(tmp_path / "t.csv", "y,p,w\n1,2,0\nNA,3,1\n")
    with pytest.raises(FileError, match=r"every row has a missing value or the weight 0$"):
        score_files(path, true="y", pred="p", weight="w", nan_policy="omit")


def test_the_last_file_is_checked_before_the_first_is_read(tmp_path):
    good = write_text(tmp_path / "a.csv", "y,p\n1,2\n")
    bad = write_text(tmp_path / "b.csv", "y,q\n1,2\n")
    seen = []
    with pytest.raises(FileError, match=r"b.csv: there is no column 'p'"):
        score_files([good, bad], true="y", pred="p", progress=seen.append)
    assert seen == []


def test_what_reads_files_is_imported_when_it_is_asked_for():
    code = (
        "import sys, squarely; before = 'squarely.files' in sys.modules, 'score_files' in dir(squarely);"
        "squarely.score_files([([1.0], [2.0])]); after = 'squarely.files' in sys.modules, 'pyarrow' in sys.modules;"
        "print(*before, *after)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False True True False\n"
    assert squarely.score_files is score_files
    with pytest.raises(AttributeError, match=r"module 'squarely' has no attribute 'score_file'"):
        _ = squarely.score_file


def test_the_page_about_files_is_true():
    page = pathlib.Path(__file__).parents[2] / "docs" / "files.md"
    results = doctest.testfile(str(page), module_relative=False)
    assert (results.failed, results.attempted > 0) == (0, True)


def test_the_value_that_is_told_is_the_one_the_policy_refuses(tmp_path):
    columns = {"y": [None, 1.0, 1.0, math.inf, 2.0], "p": [1.0, None, 1.0, None, math.inf]}
    path = write_table(tmp_path / "t.parquet", columns)
    with pytest.raises(InfiniteValueError, match=r"column 'p' has an infinite value in data row 5"):
        score_files(path, true="y", pred="p", nan_policy="omit")


def test_one_metric_may_be_named_alone():
    alone = score_files([([1.0, 2.0], [1.0, 4.0])], metrics="mean_error")
    assert alone.to_dict() == {"mean_error": 1.0}

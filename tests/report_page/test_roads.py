"""Pictures by every road: arrays, chunks, files, groups and Dask count the same, and say so by one digest."""

import numpy as np
import pytest

import squarely
from instruments.counted_arrays import distribution_of_arrays
from squarely.distribution.reading import distribution_of
from squarely.evaluation import report_of
from squarely.files import FileStates, accumulate_files
from squarely.report_page.saving import page_of

RANDOM = np.random.default_rng(12)
ROWS = 5_000
TRUTH = RANDOM.lognormal(2, 1, ROWS)
TRUTH[2_500] = -0.0
PREDICTION = TRUTH + RANDOM.normal(size=ROWS)
PREDICTION[1_700:1_800] = TRUTH[1_700:1_800]
KEYS = RANDOM.integers(5, size=ROWS)
EXPECTED = distribution_of_arrays(TRUTH, PREDICTION)
WHOLE = squarely.Accumulator(pictures=True).update(TRUTH, PREDICTION)


def assert_same(found, expected=EXPECTED):
    for one, other in zip(found, expected, strict=True):
        for own, others in zip(one, other, strict=True):
            np.testing.assert_array_equal(own, others)


@pytest.fixture
def table(tmp_path):
    text = "".join(f"{y!r},{p!r},{k}\n" for y, p, k in zip(TRUTH.tolist(), PREDICTION.tolist(), KEYS, strict=True))
    path = tmp_path / "table.csv"
    path.write_text("y,model,key\n" + text)
    return path


def test_arrays_and_chunks_count_the_same():
    assert_same(distribution_of(WHOLE))
    assert_same(distribution_of(squarely.evaluate(TRUTH, PREDICTION, pictures=True)))
    chunks = squarely.Accumulator(pictures=True)
    for rows in np.array_split(np.arange(ROWS), 13):
        chunks.update(TRUTH[rows], PREDICTION[rows])
    assert chunks.digest() == WHOLE.digest()


def test_files_count_the_same(table):
    report = squarely.score_files(table, true="y", pred="model", pictures=True)
    assert_same(distribution_of(report))
    assert report.digest == WHOLE.digest()


def test_saved_sums_of_files_have_their_pictures(table, tmp_path):
    states = accumulate_files(table, true="y", pred="model", pictures=True)
    states.save(tmp_path / "half.sq")
    twice = FileStates.load(tmp_path / "half.sq").merge(
        accumulate_files([(TRUTH, PREDICTION)], true="y", pred="model", pictures=True)
    )
    assert_same(
        distribution_of(twice.report()),
        distribution_of_arrays(np.tile(TRUTH, 2), np.tile(PREDICTION, 2)),
    )


def test_groups_have_pictures_each_and_together(table):
    grouped = squarely.GroupedAccumulator(pictures=True).update(TRUTH, PREDICTION, by=KEYS)
    assert grouped.overall().digest() == WHOLE.digest()
    assert_same(distribution_of(grouped[3]), distribution_of_arrays(TRUTH[KEYS == 3], PREDICTION[KEYS == 3]))
    assert_same(distribution_of(squarely.evaluate(TRUTH, PREDICTION, by=KEYS, pictures=True).overall))
    assert_same(distribution_of(squarely.score_files(table, true="y", pred="model", by="key", pictures=True).overall))


def test_dask_counts_the_same():
    da = pytest.importorskip("dask.array")
    y_true, y_pred = da.from_array(TRUTH, chunks=700), da.from_array(PREDICTION, chunks=333)
    assert squarely.dask.accumulate(y_true, y_pred, pictures=True).digest() == WHOLE.digest()
    assert_same(distribution_of(squarely.dask.evaluate(y_true, y_pred, pictures=True)))


def test_several_predictions_have_pictures_by_name():
    report = squarely.evaluate(TRUTH, {"model": PREDICTION, "zero": np.zeros(ROWS)}, pictures=True)
    assert_same(distribution_of(report, "model"))
    assert_same(distribution_of(report, "zero"), distribution_of_arrays(TRUTH, np.zeros(ROWS)))
    with pytest.raises(KeyError, match="There are those of model, zero"):
        distribution_of(report, "other")


def test_rows_that_do_not_count_are_in_no_picture():
    y_true = TRUTH.copy()
    y_true[::7] = np.nan
    where = np.arange(ROWS) % 3 > 0
    report = squarely.evaluate(y_true, PREDICTION, where=where, nan_policy="omit", pictures=True)
    counts = where & ~np.isnan(y_true)
    assert_same(distribution_of(report), distribution_of_arrays(TRUTH[counts], PREDICTION[counts]))


def test_scores_are_the_same_with_pictures():
    plain = squarely.evaluate(TRUTH, PREDICTION)
    assert squarely.evaluate(TRUTH, PREDICTION, pictures=True).to_dict() == plain.to_dict()
    assert plain.distributions == {}
    medians = squarely.evaluate(TRUTH, PREDICTION, metrics=["medae"], pictures=True)
    assert medians["medae"] == squarely.median_absolute_error(TRUTH, PREDICTION)
    assert_same(distribution_of(medians))


def test_a_report_without_pictures_says_what_to_do():
    with pytest.raises(ValueError, match="Make it with pictures=True"):
        squarely.evaluate(TRUTH, PREDICTION).plot()


def test_a_page_is_saved_whole_with_what_was_scored(tmp_path):
    path = tmp_path / "report.html"
    report = squarely.evaluate(TRUTH, PREDICTION, by=KEYS, pictures=True, worst=3)
    report.save(path, title="A <page>")
    text = path.read_text("utf-8")
    assert text.count("<svg") == 6 + 5  # and a bar a group
    assert "A &lt;page&gt;" in text
    assert "Worst rows" in text
    assert text.endswith("</html>\n")
    with pytest.raises(squarely.files.errors.FileError, match="there is no folder"):
        report.save(tmp_path / "no" / "report.html")


def test_the_share_of_the_largest_squares_is_told():
    squares = np.sort((TRUTH - PREDICTION) ** 2)[::-1]
    report = squarely.evaluate(TRUTH, PREDICTION, pictures=True)
    for part in (0.001, 0.01, 0.1):
        share = report.share_of_squares(part)
        assert share.least <= squares[: round(part * ROWS)].sum() / squares.sum() <= share.greatest
        assert share.greatest - share.least <= 0.02
    named = squarely.evaluate(TRUTH, {"model": PREDICTION}, pictures=True)
    assert named.share_of_squares(0.1) == {"model": share}


def test_scores_have_the_form_that_is_asked_for():
    report = squarely.evaluate([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0], metrics=("mse", "mae"))
    assert f"{report:.3f}" == "mean_squared_error  0.375\nmean_absolute_error 0.500\n4 pairs"
    assert format(report) == str(report)
    grouped = squarely.evaluate([1.0, 2.0], [1.5, 2.0], by=["a", "b"], metrics="mse")
    assert "0.25000" in f"{grouped:.5f}"
    outputs = squarely.evaluate([[1.0, 2.0]], [[1.5, 2.0]], metrics="mse", multioutput="raw_values")
    assert "[0.25 0.00]" in f"{outputs:.2f}"


@pytest.mark.parametrize(
    "shown",
    [
        squarely.evaluate([3.0, -0.5], [2.5, 0.1], metrics="mse"),
        squarely.Accumulator("mse").update([3.0, -0.5], [2.5, 0.1]),
        squarely.GroupedAccumulator("mse").update([3.0, -0.5], [2.5, 0.1], by=["a", "a"]),
        squarely.evaluate([3.0, -0.5], [2.5, 0.1], metrics="mse", by=["a", "a"]),
    ],
    ids=lambda shown: type(shown).__name__,
)
def test_a_notebook_shows_four_digits_and_all_on_hover(shown):
    assert '<td title="0.305">0.305</td>' in shown._repr_html_()
    assert "<script" not in shown._repr_html_()


def test_accumulators_that_have_seen_nothing_are_shown_all_the_same():
    assert "count=0" in squarely.Accumulator("mse")._repr_html_()
    assert "groups=0" in squarely.GroupedAccumulator("mse")._repr_html_()


def test_a_page_of_1e10_rows_is_as_large_as_one_of_1e4():
    few = squarely.Accumulator(pictures=True)
    for _ in range(2):
        few.update(TRUTH, PREDICTION)
    many = few
    for _ in range(20):  # each time twice as many
        many = many + many
    assert few.count == 1e4 and many.count == 2**20 * few.count > 1e10
    sizes = [len(page_of(report_of({"": one}, is_single=True), None).encode()) for one in (few, many)]
    assert sizes[1] < 1.05 * sizes[0] < 60_000

"""Windows: what entered and what left are exact states, and their difference is the window."""

import collections
import copy
import html
import itertools
import pickle

import ml_dtypes
import numpy as np
import pandas as pd
import pyarrow
import pytest
import xarray as xr

import squarely
from inputs.element_types import DTYPES
from squarely.arguments import NAN_POLICIES
from squarely.named_metrics import has_default

# Of sums, and of the largest error, the least and the greatest truth.
METRICS = ("mean_squared_error", "mean_absolute_error", "r2_score", "max_error", "normalized_root_mean_squared_error")


def fresh(metrics, y_true, y_pred, sample_weight=None, **configuration):
    return squarely.Accumulator(metrics, **configuration).update(y_true, y_pred, sample_weight=sample_weight)


def cut(rows, lengths):
    start = 0
    for length in itertools.cycle(lengths):
        if start >= rows:
            return
        yield slice(start, min(start + length, rows))
        start += length


@pytest.mark.parametrize("window", [1, 2, 100, 1024, 1500])
@pytest.mark.parametrize("lengths", [(1,), (7, 1, 300), (1024,), (2000, 3)], ids=str)
def test_a_window_of_rows_has_the_digest_of_a_fresh_accumulator(rng, window, lengths):
    y_true, y_pred = rng.standard_normal((2, 3000)) * 10.0 ** rng.integers(-30, 30, 3000)
    rolling = squarely.RollingAccumulator(METRICS, window=window)
    for rows in cut(3000, lengths):
        rolling.update(y_true[rows], y_pred[rows])
        if rows.stop % 5 == 0 or rows.stop > 2900:
            held = slice(max(0, rows.stop - window), rows.stop)
            expected = fresh(METRICS, y_true[held], y_pred[held])
            assert rolling.snapshot().digest() == expected.digest()
            assert rolling.count == expected.count


@pytest.mark.parametrize("window", [1, 3, 50])
def test_a_window_of_chunks_has_the_digest_of_a_fresh_accumulator(rng, window):
    y_true, y_pred = rng.standard_normal((2, 2000))
    rolling = squarely.RollingAccumulator(METRICS, window=window, unit="chunks")
    chunks = collections.deque(maxlen=window)
    for rows in cut(2000, (1, 30, 5)):
        chunks.append(rows)
        rolling.update(y_true[rows], y_pred[rows])
        held = slice(chunks[0].start, chunks[-1].stop)
        assert rolling.snapshot().digest() == fresh(METRICS, y_true[held], y_pred[held]).digest()


def test_nothing_remains_of_rows_that_have_left():
    rng = np.random.default_rng(5)
    rolling = squarely.RollingAccumulator(METRICS, window=10)
    size = 10.0 ** rng.integers(-100, 100, 20_000)
    y_true, y_pred = rng.standard_normal((2, 20_000)) * size
    for row in range(20_000):
        rolling.update(y_true[row : row + 1], y_pred[row : row + 1])
    # The largest numbers are 200 decades above the smallest: any rounding on the way would be all that is left.
    rolling.update([0.1] * 10, [0.2] * 10)
    assert rolling.snapshot().digest() == fresh(METRICS, [0.1] * 10, [0.2] * 10).digest()


@pytest.mark.parametrize("name", tuple(filter(has_default, squarely.metric_names("sums"))))
@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_every_metric_rolls(rng, name, unit):
    y_true, y_pred = rng.uniform(1, 2, (2, 500))
    rolling = squarely.RollingAccumulator(name, window={"rows": 106, "chunks": 4}[unit], unit=unit)
    for rows in cut(500, (3, 50)):
        rolling.update(y_true[rows], y_pred[rows])
    expected = fresh(name, y_true[-{"rows": 106, "chunks": 76}[unit] :], y_pred[-{"rows": 106, "chunks": 76}[unit] :])
    assert rolling[name] == expected[name]
    assert rolling.compute() == expected.compute()


@pytest.mark.parametrize("window", [0, -1, 2.0, True, None, "3"])
def test_a_window_that_is_no_positive_int_is_refused(window):
    with pytest.raises(ValueError, match=r"'window' parameter of RollingAccumulator must be an int in the range \[1"):
        squarely.RollingAccumulator(window=window)


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="'unit' parameter of RollingAccumulator"):
        squarely.RollingAccumulator(window=3, unit="days")


@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_a_chunk_that_is_refused_leaves_the_window_as_it_was(rng, unit):
    y_true, y_pred = rng.standard_normal((2, 100))
    rolling = squarely.RollingAccumulator(METRICS, window=30, unit=unit)
    for rows in cut(100, (9,)):
        rolling.update(y_true[rows], y_pred[rows])
    before = rolling.snapshot()
    for wrong in ([1.0, np.nan], [1.0, np.inf], [1.0], [[1.0, 2.0]], ["a", "b"], None, np.array([1j, 2])):
        with pytest.raises((ValueError, TypeError)):
            rolling.update([1.0, 2.0], wrong)
        with pytest.raises((ValueError, TypeError)):
            rolling.update([1.0, 2.0], [1.0, 2.0], sample_weight=[1.0, 2.0])
        assert rolling.snapshot() == before
    rolling.update(y_true[:5], y_pred[:5])
    assert rolling.count == {"rows": 30, "chunks": 105}[unit]


def test_weights_leave_with_their_rows(rng):
    y_true, y_pred, weights = rng.uniform(size=(3, 400))
    rolling = squarely.RollingAccumulator(METRICS, window=70)
    for rows in cut(300, (20, 11)):
        rolling.update(y_true[rows], y_pred[rows], sample_weight=weights[rows])
    rolling.update(y_true[300:330], y_pred[300:330], sample_weight=2.0)
    all_weights = np.concatenate([weights[260:300], np.full(30, 2.0)])
    expected = fresh(METRICS, y_true[260:330], y_pred[260:330], all_weights)
    assert rolling.snapshot() == expected


@pytest.mark.parametrize("nan_policy", ["omit", "propagate"])
def test_missing_and_infinite_values_leave_too(rng, nan_policy):
    y_true, y_pred = rng.standard_normal((2, 300))
    y_true[::7] = np.nan
    if nan_policy == "propagate":
        y_pred[150] = np.inf
    rolling = squarely.RollingAccumulator(METRICS, window=40, nan_policy=nan_policy)
    for rows in cut(300, (13,)):
        rolling.update(y_true[rows], y_pred[rows])
        held = slice(max(0, rows.stop - 40), rows.stop)
        expected = fresh(METRICS, y_true[held], y_pred[held], nan_policy=nan_policy)
        assert rolling.snapshot() == expected
        assert rolling.omitted == expected.omitted


def test_dtypes_may_change_from_chunk_to_chunk():
    whole, last = squarely.RollingAccumulator(METRICS, window=9), None
    for dtype in (*DTYPES, ">f8", np.int64):
        y_true, y_pred = np.arange(5).astype(dtype), np.arange(5)[::-1].astype(dtype)
        whole.update(y_true, y_pred)
        part = fresh(METRICS, y_true, y_pred)
        if last is not None:
            assert whole.snapshot() == fresh(METRICS, *last) + part
        last = y_true[1:], y_pred[1:]


def test_large_integers_leave_exactly():
    large = np.array([2**62 + 1, 2**62 + 3, -(2**62) - 1, 5])
    rolling = squarely.RollingAccumulator(METRICS, window=2).update(large, large[::-1])
    assert rolling.snapshot() == fresh(METRICS, large[2:], large[::-1][2:])


def test_fields_have_windows_too(rng):
    y_true, y_pred = rng.standard_normal((2, 50, 3, 4))
    rolling = squarely.RollingAccumulator(METRICS, window=20, multioutput="raw_values")
    for rows in cut(50, (7,)):
        rolling.update(y_true[rows], y_pred[rows])
    expected = fresh(METRICS, y_true[30:], y_pred[30:], multioutput="raw_values")
    assert rolling.snapshot() == expected
    np.testing.assert_array_equal(rolling["r2_score"], expected["r2_score"])


def test_what_the_caller_writes_later_does_not_reach_the_window():
    buffer, zeros = np.ones(4), np.zeros(4)
    rolling = squarely.RollingAccumulator("sum_squared_error", window=6).update(buffer, zeros)
    buffer[:] = 5.0
    assert rolling.update(buffer, zeros)["sum_squared_error"] == 2 * 1.0 + 4 * 25.0


def test_series_are_held_as_their_arrays():
    y_true, y_pred = pd.Series([1.0, 2.0, 3.0]), pd.Series([1, 1, 1])
    rolling = squarely.RollingAccumulator("sum_squared_error", window=2).update(y_true, y_pred)
    assert rolling["sum_squared_error"] == 5.0


def test_arrow_columns_in_one_piece_are_held_as_their_arrays():
    y_true, y_pred = pyarrow.array([1.0, 2.0, 3.0]), pyarrow.chunked_array([[1, 1, 1]])
    rolling = squarely.RollingAccumulator("sum_squared_error", window=2).update(y_true, y_pred)
    assert rolling["sum_squared_error"] == 5.0


def test_numbers_are_rows_too():
    rolling = squarely.RollingAccumulator("sum_squared_error", window=2)
    for y_pred in (9.0, 1.0, np.float64(2.0)):
        rolling.update(0.0, y_pred)
    assert rolling["sum_squared_error"] == 5.0
    assert rolling.update(1.0, 1.0, sample_weight=None)["sum_squared_error"] == 4.0
    assert "Input contains NaN" in words_of(lambda: rolling.update(np.nan, 1.0))
    assert rolling.update(1.0, np.array([1], ml_dtypes.bfloat16))["sum_squared_error"] == 0.0
    assert squarely.RollingAccumulator("sse", window=2).update(1.0, 3.0, sample_weight=0.5)["sse"] == 2.0


@pytest.mark.parametrize(
    "y_true",
    [
        pd.DataFrame({"a": [1, None], "b": [1.0, 2.0]}, dtype="Float64"),
        pd.Series([1, None], dtype="Int64"),
        np.ma.masked_less([1, 2], 2),
    ],
    ids=["frame", "nulls", "masked"],
)
def test_containers_whose_rows_cannot_be_held_are_refused(y_true):
    with pytest.raises(ValueError, match="a window of rows holds plain arrays"):
        squarely.RollingAccumulator(window=2, nan_policy="omit").update(y_true, np.ones(y_true.shape))
    chunks = squarely.RollingAccumulator(window=2, unit="chunks", nan_policy="omit").update(
        y_true, np.ones(y_true.shape)
    )
    assert np.sum(chunks.omitted) == 1


def test_rows_that_have_left_are_not_kept_in_memory():
    rolling = squarely.RollingAccumulator(window=100)
    for _ in range(2000):
        rolling.update(np.ones(50), np.zeros(50))
    assert rolling._core.bytes_held <= 2 * 2 * 8 * 1024


def test_a_window_of_single_rows_holds_their_numbers_and_little_more():
    rolling = squarely.RollingAccumulator("mean_squared_error", window=100_000)
    for _ in range(150_000):
        rolling.update(1.0, 2.0)
    assert 2 * 8 * 100_000 <= rolling._core.bytes_held <= 2 * 8 * 102_000


def test_rows_of_types_in_turn_are_not_given_room_for_many():
    rolling = squarely.RollingAccumulator("mean_squared_error", window=1000)
    for number in range(4000):
        rolling.update([1.0], [2.0 if number % 2 else 2])
    assert rolling._core.bytes_held <= 2 * 8 * 1600 * 16


@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_a_window_is_copied_and_pickled_with_what_it_holds(rng, unit):
    y_true, y_pred = rng.standard_normal((2, 100))
    rolling = squarely.RollingAccumulator(METRICS, window=3, unit=unit).update(y_true[:50], y_pred[:50])
    for other in (copy.deepcopy(rolling), pickle.loads(pickle.dumps(rolling))):
        for rows in cut(50, (1,)):
            other.update(y_true[50:][rows], y_pred[50:][rows])
        assert other.snapshot() == fresh(METRICS, y_true[-3:], y_pred[-3:])
    assert rolling.count == {"rows": 3, "chunks": 50}[unit]


def test_an_empty_window_has_no_score():
    rolling = squarely.RollingAccumulator("mean_squared_error", window=3)
    assert rolling.count == 0
    with pytest.raises(ValueError, match="has seen no pairs yet"):
        rolling.compute()
    with pytest.raises(KeyError, match="has no metric 'r2_score'"):
        rolling.update([1.0], [2.0])["r2_score"]


def test_reset_empties_the_window():
    for unit in ("rows", "chunks"):
        rolling = squarely.RollingAccumulator("sum_squared_error", window=3, unit=unit)
        rolling.update([1.0, 2.0], [5.0, 5.0]).reset()
        assert rolling.count == 0
        assert rolling.update([1.0], [3.0])["sum_squared_error"] == 4.0
        assert rolling.reset().update(np.ones((2, 3)), np.ones((2, 3)), sample_weight=2.0)["sum_squared_error"] == 0.0


def test_windows_of_several_machines_merge(rng):
    y_true, y_pred = rng.standard_normal((2, 100))
    here = squarely.RollingAccumulator(METRICS, window=10).update(y_true[:50], y_pred[:50])
    there = squarely.RollingAccumulator(METRICS, window=10).update(y_true[50:], y_pred[50:])
    rows = np.r_[40:50, 90:100]
    assert here.snapshot() + there.snapshot() == fresh(METRICS, y_true[rows], y_pred[rows])


def test_a_shallow_copy_of_a_window_shares_nothing(rng):
    y_true, y_pred = rng.standard_normal((2, 20))
    for unit in ("rows", "chunks"):
        rolling = squarely.RollingAccumulator(METRICS, window=3, unit=unit).update(y_true, y_pred)
        before = rolling.snapshot()
        copy.copy(rolling).update(y_true[:2], y_pred[:2]).update(y_true[:5], y_pred[:5])
        assert rolling.snapshot() == before
        rolling.update(y_true[:1], y_pred[:1])
        assert rolling.count == {"rows": 3, "chunks": 21}[unit]


@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_axes_of_other_names_are_refused(unit):
    y_true = xr.DataArray(np.ones((2, 2)), dims=("time", "cell"))
    y_pred = xr.DataArray(np.ones((2, 2)), dims=("cell", "time"))
    rolling = squarely.RollingAccumulator(window=2, unit=unit).update(y_true, y_true)
    with pytest.raises(ValueError, match="nothing is aligned by name"):
        rolling.update(y_true, y_pred)
    with pytest.raises(ValueError, match="nothing is aligned by name"):
        squarely.RollingAccumulator(window=2, unit=unit).update(y_true, y_pred)


def test_a_window_of_wide_rows_holds_few_more():
    rolling = squarely.RollingAccumulator(window=3, multioutput="raw_values")
    field = np.ones((1, 500, 20))
    for _ in range(30):
        rolling.update(field, field)
    assert rolling._core.bytes_held <= 2 * 9 * field.nbytes


def words_of(update):
    with pytest.raises(ValueError) as refused:
        update()
    return str(refused.value)


@pytest.mark.parametrize("unit", ["rows", "chunks"])
@pytest.mark.parametrize(
    "chunk",
    [
        ([1.0, np.nan], [1.0, 2.0], None),
        ([1.0, 2.0], [np.inf, 2.0], None),
        (np.full(9000, np.nan), np.ones(9000), None),
        (np.r_[np.inf, np.ones(9000)], np.ones(9001), None),
        ([1.0, 2.0], [1.0], None),
        ([1.0, 2.0], [1.0, 2.0], [1.0, 2.0]),
        ([[1.0, 2.0]], [[1.0, 2.0]], None),
        (["a"], ["b"], None),
    ],
    ids=["nan", "inf", "long nan", "long inf", "shorter", "weights", "outputs", "strings"],
)
def test_a_window_refuses_in_the_words_of_an_accumulator(unit, chunk):
    y_true, y_pred, sample_weight = chunk
    rolling = squarely.RollingAccumulator(METRICS, window=3, unit=unit).update([1.0], [2.0])
    accumulator = squarely.Accumulator(METRICS).update([1.0], [2.0])
    expected = words_of(lambda: accumulator.update(y_true, y_pred, sample_weight=sample_weight))
    words = words_of(lambda: rolling.update(y_true, y_pred, sample_weight=sample_weight))
    assert words == expected.replace("Accumulator.update", "RollingAccumulator.update")


@pytest.mark.parametrize("unit", ["rows", "chunks"])
@pytest.mark.parametrize("nan_policy", NAN_POLICIES)
@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused_under_every_policy(unit, nan_policy, weight):
    rolling = squarely.RollingAccumulator("mse", window=5, unit=unit, nan_policy=nan_policy)
    before = rolling.update([1.0, 2.0], [2.0, 2.0], sample_weight=[1.0, 3.0]).snapshot()
    for rows in (2, 9000):
        with pytest.raises(ValueError, match="sample_weight contains"):
            rolling.update(np.ones(rows), np.ones(rows), sample_weight=np.r_[np.ones(rows - 1), weight])
        assert rolling.snapshot() == before


@pytest.mark.parametrize("unit", ["rows", "chunks"])
@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_weights_of_rows_that_are_left_out_may_be_no_numbers(unit, weight):
    rolling = squarely.RollingAccumulator("mse", window=5, unit=unit, nan_policy="omit")
    accumulator = squarely.Accumulator("mse", nan_policy="omit")
    for one in (rolling, accumulator):
        one.update([1.0, np.nan], [2.0, 2.0], sample_weight=[1.0, weight])
        with pytest.raises(ValueError, match="sample_weight contains"):
            one.update([1.0, 2.0], [2.0, 2.0], sample_weight=[1.0, weight])
    assert rolling.snapshot() == accumulator


@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_weights_of_outputs_are_checked_with_the_first_chunk(unit):
    rolling = squarely.RollingAccumulator("mse", window=2, unit=unit, multioutput=[0.25, 0.75])
    assert "Custom weights" in words_of(lambda: rolling.update([1.0], [2.0]))
    assert "equally many custom weights" in words_of(lambda: rolling.update([[1.0] * 3], [[2.0] * 3]))
    assert rolling.update([[1.0, 1.0]], [[2.0, 3.0]])["mse"] == 3.25


@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_a_window_longer_than_any_stream_is_taken(unit):
    rolling = squarely.RollingAccumulator("mse", window=10**30, unit=unit).update([1.0], [2.0]).update([1.0], [2.0])
    assert (rolling.window, rolling.count) == (10**30, 2)


def test_what_a_subclass_keeps_goes_with_its_copies():
    for unit in ("rows", "chunks"):
        rolling = Named(METRICS, window=2, unit=unit).update([1.0, 2.0], [2.0, 2.0])
        rolling.name = ["station"]
        for other in (copy.copy(rolling), copy.deepcopy(rolling), pickle.loads(pickle.dumps(rolling))):
            assert (type(other), other.name) == (Named, ["station"])
            assert repr(other) == repr(rolling)
            assert other.snapshot() == rolling.snapshot()
        assert copy.copy(rolling).name is rolling.name
        assert copy.deepcopy(rolling).name is not rolling.name


@pytest.mark.parametrize("unit", ["rows", "chunks"])
def test_a_notebook_shows_the_scores_of_the_window(unit):
    rolling = squarely.RollingAccumulator(("mse", "max_error"), window=2, unit=unit)
    assert rolling._repr_html_() == f"<p>{html.escape(repr(rolling))}</p>"
    for difference in (9.0, 1.0, 2.0):
        rolling.update([1.0], [1.0 + difference])
    page = rolling._repr_html_()
    assert '<tr><th>mean_squared_error</th><td title="2.5">2.5</td></tr>' in page
    assert '<tr><th>max_error</th><td title="2.0">2</td></tr>' in page
    assert page.endswith(f"<p>2 pairs, 0 left out<br>in a window of 2 {unit}</p>")
    assert "in a window of 1 row<" in squarely.RollingAccumulator(window=1).update([1.0], [2.0])._repr_html_()


class Named(squarely.RollingAccumulator):
    pass

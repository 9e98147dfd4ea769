"""Every metric of arrays in C order, which are read some columns at a time, has the bits of each column alone."""

import functools
import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.element_types import DTYPES
from inputs.hard_data import MAKERS, Maker
from inputs.metric_parameters import PUBLIC, as_taken
from instruments.core_states import CoreState
from squarely import _core
from squarely.scoring import score

Array = npt.NDArray[Any]

# Several full blocks of 512, and a part of one. A call of more rows than of four blocks may do without a state.
FEW_ROWS, MANY_ROWS = 3 * 512 + 100, 5 * 512 + 100
MOMENTS = ("mean_squared_error", "mean_absolute_error", "mean_error", "r2_score", "explained_variance_score")
ASKED = [(name, _core.metrics[name].default) for name in (*MOMENTS, "max_error", "mean_squared_log_error")]


def sides(dtype: np.dtype[Any] | str, rows: int, outputs: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return positive numbers, which are in the domain of every metric, with bits in all places."""
    y_true = rng.lognormal(3, 1, (rows, outputs)).clip(1, 100)
    return y_true.astype(dtype), (y_true * rng.lognormal(0, 0.2, (rows, outputs))).clip(1, 120).astype(dtype)


# Drawing a thousand outputs takes longer than scoring them, and every metric and target has the same.
@functools.cache
def the_same_sides(dtype: np.dtype[Any] | str, rows: int, outputs: int) -> tuple[Array, Array]:
    drawn = sides(dtype, rows, outputs, np.random.default_rng(20260107 + outputs))
    for side in drawn:
        side.flags.writeable = False
    return drawn


def state_bytes(y_true: Array, y_pred: Array, summation: str = "exact", **options: Any) -> bytes:
    weighted = options.get("sample_weight") is not None
    state = CoreState(y_true.shape[1], summation, ASKED, weighted)
    return state.update(y_true, y_pred, **options).to_bytes()


def by_columns(y_true: Array, y_pred: Array, summation: str = "exact", **options: Any) -> bytes:
    # The Fortran order reads every column by itself.
    return state_bytes(np.asfortranarray(y_true), np.asfortranarray(y_pred), summation, **options)


def assert_scores_are_those_of_columns(
    name: str, parameter: float, y_true: Array, y_pred: Array, nan_policy: str = "raise", **options: Any
) -> None:
    asked = {**as_taken(name, parameter), **options, "nan_policy": nan_policy}
    raw = score(name, y_true, y_pred, multioutput="raw_values", **asked)
    chosen = some_columns(name, y_true.shape[1])
    columns = zip(y_true.T[chosen], y_pred.T[chosen], strict=True)
    alone = np.array([score(name, y, p, **asked) for y, p in columns])
    np.testing.assert_array_equal(raw[chosen], alone, f"{name} {parameter}, columns {chosen}")


def some_columns(name: str, outputs: int) -> list[int]:
    """Return all columns of a few, and of many the first, the middle one, the last, and others for every metric."""
    if outputs <= 24:
        return list(range(outputs))
    others = np.random.default_rng(sum(name.encode()) + outputs).integers(0, outputs, 20)
    return sorted({0, outputs // 2, outputs - 1, *others.tolist()})


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("outputs", [1, 2, 3, 5, 16, 17, 100])
def test_states_of_every_type_are_those_of_columns(target: str, dtype: np.dtype[Any], outputs: int) -> None:
    y_true, y_pred = the_same_sides(dtype, FEW_ROWS, outputs)
    assert state_bytes(y_true, y_pred) == by_columns(y_true, y_pred)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "int16", "uint8"])
def test_states_of_a_thousand_outputs_are_those_of_columns(target: str, dtype: str) -> None:
    y_true, y_pred = the_same_sides(dtype, FEW_ROWS, 1000)
    assert state_bytes(y_true, y_pred) == by_columns(y_true, y_pred)


@pytest.mark.parametrize("summation", ["exact", "kahan", "pairwise"])
@pytest.mark.parametrize("outputs", [2, 3, 17, 40])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int16"])
def test_weights_masks_and_sums_that_round_keep_the_order_of_rows(
    target: str, dtype: str, outputs: int, summation: str, rng: np.random.Generator
) -> None:
    y_true, y_pred = sides(dtype, FEW_ROWS, outputs, rng)
    weights = rng.uniform(0.5, 2, FEW_ROWS)
    for where in (None, rng.random((FEW_ROWS, outputs)) < 0.7):
        for sample_weight in (None, weights, weights.astype(np.float32)[::-1]):
            options = {"where": where, "sample_weight": sample_weight}
            assert state_bytes(y_true, y_pred, summation, **options) == by_columns(y_true, y_pred, summation, **options)


@pytest.mark.parametrize(
    ("bad", "outputs"),
    [
        *itertools.product([np.nan, np.inf, -np.inf, 1e30, 1e-30], [1, 2, 3, 5, 16, 17, 100]),
        (np.nan, 1000),
        (1e30, 1000),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_bad_value_in_the_middle_block_is_seen_in_its_own_column(
    target: str, dtype: str, outputs: int, bad: float
) -> None:
    y_true, y_pred = (side.copy() for side in the_same_sides(dtype, FEW_ROWS, outputs))
    y_true[512 + 301, outputs // 2] = bad
    y_pred[FEW_ROWS - 1, outputs - 1] = bad
    assert state_bytes(y_true, y_pred) == by_columns(y_true, y_pred)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("outputs", [2, 17, 40])
def test_integers_that_no_double_holds_are_those_of_columns(
    target: str, dtype: str, outputs: int, rng: np.random.Generator
) -> None:
    y_true, y_pred = sides(dtype, FEW_ROWS, outputs, rng)
    y_true[600, outputs - 1], y_pred[601, 1] = np.iinfo(dtype).max, np.iinfo(dtype).max - 1
    assert state_bytes(y_true, y_pred) == by_columns(y_true, y_pred)


@pytest.mark.parametrize(("name", "parameter"), PUBLIC)
def test_every_score_is_that_of_the_column_alone(target: str, name: str, parameter: float) -> None:
    if _core.metrics[name].takes_one_output:
        return
    for dtype in ("float64", "float32", "int32"):
        for outputs in (1, 2, 3, 5, 16, 17, 100):
            assert_scores_are_those_of_columns(name, parameter, *the_same_sides(dtype, MANY_ROWS, outputs))


@pytest.mark.parametrize("name", MOMENTS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_scores_of_a_thousand_outputs_are_those_of_columns(target: str, name: str, dtype: str) -> None:
    assert_scores_are_those_of_columns(name, 0.0, *the_same_sides(dtype, MANY_ROWS, 1000))


@pytest.mark.parametrize("name", MOMENTS)
@pytest.mark.parametrize("outputs", [2, 3, 17, 40, 130])
@pytest.mark.parametrize("order", ["C", "F"])
def test_scores_of_columns_that_need_another_way_stand_beside_the_others(
    target: str, name: str, outputs: int, order: str, rng: np.random.Generator
) -> None:
    y_true, y_pred = sides("float64", MANY_ROWS, outputs, rng)
    y_true[:, 0] = 0.1  # no variance
    y_pred[:, outputs // 2] = y_true[:, outputs // 2]  # no error
    y_true[1300, outputs - 1] = 1e200
    y_true, y_pred = (np.asarray(side, order=order) for side in (y_true, y_pred))
    assert_scores_are_those_of_columns(name, 0.0, y_true, y_pred)
    assert_scores_are_those_of_columns(name, 0.0, y_true, y_pred, sample_weight=rng.uniform(0.5, 2, MANY_ROWS))


@pytest.mark.parametrize("name", MOMENTS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("nan_policy", ["omit", "propagate"])
def test_scores_with_one_bad_value_are_those_of_columns(target: str, name: str, bad: float, nan_policy: str) -> None:
    if np.isinf(bad) and nan_policy != "propagate":
        return
    for dtype in ("float64", "float32"):
        for outputs in (2, 3, 5, 16, 17, 100):
            y_true, y_pred = (side.copy() for side in the_same_sides(dtype, MANY_ROWS, outputs))
            y_true[2 * 512 + 17, outputs // 2] = bad if dtype == "float64" else np.clip(bad, None, 3e38)
            assert_scores_are_those_of_columns(name, 0.0, y_true, y_pred, nan_policy)


def test_outputs_without_any_pair_have_no_score_and_the_others_theirs(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = sides("float64", MANY_ROWS, 20, rng)
    y_true[:, 7] = np.nan
    found = score("mean_absolute_error", y_true, y_pred, multioutput="raw_values", nan_policy="omit")
    assert np.isnan(found[7])
    rest = [i for i in range(20) if i != 7]
    assert found[rest].tolist() == [score("mean_absolute_error", y_true[:, i], y_pred[:, i]) for i in rest]


def test_parts_of_rows_and_reversed_ones_are_read_where_they_lie(target: str, rng: np.random.Generator) -> None:
    for dtype in ("float64", "float32", ">f8"):
        wide = sides(dtype, MANY_ROWS, 40, rng)
        for first, last, step in [(0, 2, 1), (37, 40, 1), (3, 36, 1), (0, 40, 2), (39, None, -1)]:
            y_true, y_pred = (side[:, first:last:step] for side in wide)
            for rows in (slice(None), slice(None, None, -1), slice(1, None, 2)):
                assert_scores_are_those_of_columns("r2_score", 0.0, y_true[rows], y_pred[rows])
            flat = np.ascontiguousarray(y_pred)
            assert_scores_are_those_of_columns("r2_score", 0.0, y_true, flat)
            assert_scores_are_those_of_columns("r2_score", 0.0, y_true, np.asfortranarray(flat))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("outputs", [3, 300])
def test_threads_share_rows_and_outputs(target: str, threads: int, outputs: int, rng: np.random.Generator) -> None:
    y_true, y_pred = sides("float64", 400_000 // outputs, outputs, rng)
    _core.set_num_threads(threads)
    for name in MOMENTS:
        assert_scores_are_those_of_columns(name, 0.0, y_true, y_pred)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("outputs", [3, 11])
def test_scores_of_hard_columns_are_those_of_columns(
    target: str, make: Maker, outputs: int, rng: np.random.Generator
) -> None:
    columns = [make(rng, MANY_ROWS) for _ in range(outputs)]
    y_true, y_pred = (np.stack([pair[side] for pair in columns], axis=1) for side in (0, 1))
    for name in MOMENTS:
        assert_scores_are_those_of_columns(name, 0.0, y_true, y_pred, "propagate")


@pytest.mark.parametrize("outputs", [2, 9, 70])
def test_columns_of_any_scale_that_grow_are_those_of_columns(
    target: str, outputs: int, rng: np.random.Generator
) -> None:
    y_true, y_pred = sides("float64", MANY_ROWS, outputs, rng)
    scales = 10.0 ** rng.uniform(-30, 30, outputs) * 10.0 ** np.linspace(0, 20, MANY_ROWS)[:, None]
    for name in MOMENTS:
        assert_scores_are_those_of_columns(name, 0.0, y_true * scales, y_pred * scales)


@pytest.mark.parametrize("name", MOMENTS)
def test_more_rows_than_lanes_hold_are_those_of_columns(target: str, name: str) -> None:
    assert_scores_are_those_of_columns(name, 0.0, *the_same_sides("float32", 580_001, 3))


@pytest.mark.parametrize("rows", [2048, 2049, 2055, 2111, 2112, 2113, 4095])
@pytest.mark.parametrize("outputs", [2, 3, 8, 63, 64, 65])
def test_any_number_of_rows_of_calls_is_read_to_its_end(target: str, rows: int, outputs: int) -> None:
    for dtype in ("float64", "int16"):
        assert_scores_are_those_of_columns("mean_absolute_error", 0.0, *the_same_sides(dtype, rows, outputs))


@pytest.mark.parametrize("outputs", [2, 3, 16, 100, 1100])
@pytest.mark.parametrize("multioutput", ["raw_values", "uniform_average"])
def test_a_report_has_the_scores_of_calls(target: str, outputs: int, multioutput: str) -> None:
    for dtype in ("float64", "int32"):
        y_true, y_pred = (side.copy() for side in the_same_sides(dtype, MANY_ROWS, outputs))
        y_true[:, 1] = y_true[0, 1]
        expected = {name: score(name, y_true, y_pred, multioutput=multioutput) for name in MOMENTS}
        for metrics in (MOMENTS, (*MOMENTS, "max_error")):
            report = squarely.evaluate(y_true, y_pred, metrics=metrics, multioutput=multioutput)
            for name in MOMENTS:
                np.testing.assert_array_equal(report[name], expected[name], name)
            assert report.count == MANY_ROWS * outputs

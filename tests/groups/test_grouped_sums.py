"""The rows of groups against accumulators of the same pairs: every kind of numbers, on every target."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import squarely

ROWS = 4_000  # eight blocks, of which the last is short

METRICS = {
    "squares": ("mse",),
    "sizes": ("mae",),
    "differences": ("mse", "mae", "mean_error"),
    "moments": ("r2", "pearson_correlation"),
    "extremes": ("r2", "max_error", "normalized_root_mean_squared_error"),
    "terms": ("mape", "mse"),
}

Array = npt.NDArray[Any]


def _pairs(kind: str) -> tuple[Array, Array]:
    rng = np.random.default_rng(20261130)
    truth = rng.normal(size=ROWS)
    prediction = truth + 0.3 * rng.normal(size=ROWS)
    middle = ROWS // 2
    if kind == "one large among small":
        truth[middle] = 1e200
    elif kind == "one small among large":
        truth[middle], prediction[middle] = 1e-300, -3e-308
    elif kind == "eight decades":
        truth = truth * 10.0 ** rng.integers(-4, 5, ROWS)
        prediction = truth * (1 + rng.normal(size=ROWS))
    elif kind == "sixty decades":
        truth = truth * 10.0 ** rng.uniform(-30, 30, ROWS)
        prediction = truth * (1 + 1e-3 * rng.normal(size=ROWS))
    elif kind == "sorted decades":
        truth = np.sort(truth * 10.0 ** rng.uniform(-150, 140, ROWS))
        prediction = truth * (1 + rng.normal(size=ROWS))
    elif kind == "subnormal":
        truth, prediction = truth * 1e-310, prediction * 1e-310
    elif kind == "whole":
        truth, prediction = np.round(truth), np.round(prediction)
    elif kind == "float32":
        return truth.astype(np.float32), prediction.astype(np.float32)
    elif kind == "large integers":
        whole = rng.integers(-(2**62), 2**62, ROWS)
        return whole, whole + rng.integers(-9, 9, ROWS)
    elif kind == "missing":
        truth[rng.random(ROWS) < 0.1] = np.nan
        prediction[middle] = np.nan
    elif kind == "zeros of two signs":
        truth, prediction = np.where(rng.random(ROWS) < 0.5, 0.0, -0.0), np.zeros(ROWS)
    return truth, prediction


KINDS = [
    "normal",
    "one large among small",
    "one small among large",
    "eight decades",
    "sixty decades",
    "sorted decades",
    "subnormal",
    "whole",
    "float32",
    "large integers",
    "missing",
    "zeros of two signs",
]


def _grouped(metrics: tuple[str, ...], truth: Array, prediction: Array, by: Array, **options: Any) -> Any:
    accumulator = squarely.GroupedAccumulator(metrics, nan_policy="omit")
    return accumulator.update(truth, prediction, by=by, **options)


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("groups", [3, 700])
@pytest.mark.parametrize("metrics", METRICS.values(), ids=METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_group_has_the_bytes_of_its_rows(kind: str, metrics: tuple[str, ...], groups: int) -> None:
    truth, prediction = _pairs(kind)
    rng = np.random.default_rng(7)
    by = np.sort(rng.integers(0, groups, ROWS)) if kind == "sorted decades" else rng.integers(0, groups, ROWS)
    where = rng.random(ROWS) < 0.8
    whole = _grouped(metrics, truth, prediction, by)
    masked = _grouped(metrics, truth, prediction, by, where=where)
    for group in np.unique(by)[:40]:
        own = by == group
        alone = squarely.Accumulator(metrics, nan_policy="omit")
        assert whole[int(group)] == alone.update(truth[own], prediction[own])
        alone.reset().update(truth[own], prediction[own], where=where[own])
        assert masked[int(group)] == alone


@pytest.mark.parametrize("metrics", METRICS.values(), ids=METRICS)
@pytest.mark.parametrize("kind", KINDS)
def test_short_chunks_with_new_groups_add_up_to_one(kind: str, metrics: tuple[str, ...]) -> None:
    truth, prediction = _pairs(kind)
    by = np.sort(np.random.default_rng(8).integers(0, 900, ROWS))  # so that every chunk has groups of its own
    chunks = squarely.GroupedAccumulator(metrics, nan_policy="omit")
    for first in range(0, ROWS, 137):
        rows = slice(first, first + 137)
        chunks.update(truth[rows], prediction[rows], by=by[rows])
        if first == 137 * 9:
            chunks.compute()  # looks at what is open
    assert chunks == _grouped(metrics, truth, prediction, by)
    assert chunks.overall() == squarely.Accumulator(metrics, nan_policy="omit").update(truth, prediction)


def test_more_pairs_of_a_group_than_a_row_holds_are_emptied_into_its_sum() -> None:
    rng = np.random.default_rng(9)
    truth = rng.normal(size=200_000)
    prediction = -truth  # no sum is near zero
    by = np.where(np.arange(len(truth)) % 3 == 0, 0, 1)
    grouped = _grouped(("mse", "mae", "mean_error"), truth, prediction, by)
    for group in (0, 1):
        alone = squarely.Accumulator(("mse", "mae", "mean_error"), nan_policy="omit")
        assert grouped[group] == alone.update(truth[by == group], prediction[by == group])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_short_chunk_that_is_refused_leaves_sums_and_groups(bad: float) -> None:
    truth, prediction = _pairs("normal")
    by = np.arange(ROWS) % 50
    grouped = squarely.GroupedAccumulator(("mse", "max_error")).update(truth, prediction, by=by)
    grouped.update(truth, prediction, by=by)
    grouped.update(truth[:10], truth[:10], by=by[:10])
    after = grouped.to_bytes()
    spoilt = truth.copy()
    spoilt[ROWS // 2] = bad
    with pytest.raises(ValueError, match="NaN|infin"):
        grouped.update(spoilt, prediction, by=np.arange(ROWS) % 70)
    assert grouped.to_bytes() == after
    assert len(grouped) == 50


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_make_no_difference(threads: int) -> None:
    rng = np.random.default_rng(10)
    truth = rng.normal(size=300_000)
    prediction = truth * (1 + 10.0 ** rng.uniform(-20, 2, len(truth)))
    by = rng.integers(0, 1000, len(truth))
    before = squarely.get_num_threads()
    try:
        squarely.set_num_threads(1)
        alone = _grouped(("mse", "mae", "r2"), truth, prediction, by)
        squarely.set_num_threads(threads)
        assert _grouped(("mse", "mae", "r2"), truth, prediction, by) == alone
    finally:
        squarely.set_num_threads(before)


@pytest.mark.parametrize("layout", ["C", "F"])
def test_a_field_that_comes_row_by_row_is_one_that_comes_at_once(layout: Any) -> None:
    rng = np.random.default_rng(11)
    truth = np.asarray(rng.normal(size=(30, 20, 15)), order=layout)
    prediction = np.asarray(truth + rng.normal(size=truth.shape), order=layout)
    truth[3, 4, 5], truth[7] = 1e300, truth[7] * 1e-20
    metrics = ("mse", "mae", "r2", "max_error")
    rows = squarely.Accumulator(metrics, multioutput="raw_values")
    for row in range(30):
        rows.update(truth[row : row + 1], prediction[row : row + 1])
    at_once = squarely.Accumulator(metrics, multioutput="raw_values").update(truth, prediction)
    assert rows == at_once
    cell = squarely.Accumulator(metrics).update(truth[:, 4, 5].copy(), prediction[:, 4, 5].copy())
    assert rows["mse"][4, 5] == cell["mse"]

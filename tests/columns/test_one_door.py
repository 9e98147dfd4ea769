"""Weights and masks come in by the door of truth and predictions: the same kinds, refused in the same words."""

import datetime
import decimal
import fractions
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import squarely as sq

ROWS = np.array([1.0, 2.0, 4.0])


def in_pandas(values: Any, **options: Any) -> Any:
    return pytest.importorskip("pandas").Series(values, **options)


def in_polars(values: Any) -> Any:
    return pytest.importorskip("polars").Series(values)


def in_arrow(values: Any) -> Any:
    return pytest.importorskip("pyarrow").array(values)


REFUSED: dict[str, Callable[[], Any]] = {
    "durations": lambda: np.array([1, 2, "NaT"], "m8[s]"),
    "dates": lambda: np.array(["2020-01-01"] * 3, "M8[D]"),
    "durations among objects": lambda: np.array([np.timedelta64(1, "ns"), 2, 3], object),
    "dates among objects": lambda: np.array([np.datetime64(1, "ns"), 2.5, 3], object),
    "durations of Python": lambda: [datetime.timedelta(1)] * 3,
    "durations of pandas": lambda: in_pandas(np.array([1, 2, 3], "m8[ns]")),
    "dates of pandas": lambda: in_pandas(np.array(["2020-01-01"] * 3, "M8[ns]")),
    "durations of polars": lambda: in_polars([datetime.timedelta(1)] * 3),
    "dates of polars": lambda: in_polars([datetime.date(2020, 1, 1)] * 3),
    "dates of Arrow": lambda: in_arrow([datetime.date(2020, 1, 1)] * 3),
    "text of Arrow": lambda: in_arrow(["1", "2", "3"]),
    "lists of Arrow": lambda: in_arrow([[1.0], [2.0], [3.0]]),
    "text": lambda: ["1", "2", "x"],
    "records": lambda: np.zeros(3, [("y", float)]),
    "long doubles": lambda: np.array([1, 2, 3], np.longdouble) / 3,
    "integers beyond all": lambda: [2**70 + 1, 1, 2],
    "fractions": lambda: [fractions.Fraction(1, 3)] * 3,
    "a generator": lambda: (row for row in ROWS),
    "views": lambda: dict(enumerate(ROWS)).values(),
    "a lazy frame": lambda: pytest.importorskip("polars").LazyFrame({"y": ROWS}),
}


def said_of(call: Callable[[], Any], name: str) -> str:
    with pytest.raises(ValueError) as refused:
        call()
    # A generator is another object every time.
    return str(refused.value).replace(name, "it").partition(" at 0x")[0]


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_as_a_prediction_is_refused_as_weights(kind: str) -> None:
    make = REFUSED[kind]
    as_prediction = said_of(lambda: sq.mean_squared_error(ROWS, make()), "y_pred")
    assert said_of(lambda: sq.mean_squared_error(ROWS, ROWS, sample_weight=make()), "sample_weight") == as_prediction
    of_order = said_of(lambda: sq.median_absolute_error(ROWS, ROWS, sample_weight=make()), "sample_weight")
    assert of_order.replace("median_absolute_error", "mean_squared_error") == as_prediction
    for accumulator in (sq.Accumulator(), sq.RollingAccumulator(window=2)):
        with pytest.raises(ValueError, match="sample_weight"):
            accumulator.update(ROWS, ROWS, sample_weight=make())
        assert accumulator.count == 0
    with pytest.raises(ValueError, match="sample_weight"):
        sq.squared_error(ROWS, ROWS, sample_weight=make())
    with pytest.raises(ValueError, match="where"):
        sq.mean_squared_error(ROWS, ROWS, where=make())


TAKEN: dict[str, Callable[[], Any]] = {
    "text that is numbers": lambda: ["1", "2", "0.5"],
    "long integers": lambda: np.array([2**53 + 2, 1, 2]),
    "big-endian numbers": lambda: ROWS.astype(">f4"),
    "halves": lambda: ROWS.astype(np.float16),
    "booleans": lambda: [True, False, True],
    "decimals": lambda: [decimal.Decimal("0.5")] * 3,
    "pandas with a mask": lambda: in_pandas([1, 2, 3], dtype="Int64"),
    "polars": lambda: in_polars([1, 2, 3]),
    "Arrow": lambda: in_arrow([1.5, 2.0, 3.0]),
    "bfloat16": lambda: ROWS.astype(pytest.importorskip("ml_dtypes").bfloat16),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_what_is_taken_as_a_prediction_is_taken_as_weights(kind: str) -> None:
    weights = TAKEN[kind]()
    own = [fractions.Fraction(one) for one in np.asarray(weights).astype(object).tolist()]
    assert sq.sum_squared_error(np.zeros(3), weights) == float(sum(one**2 for one in own))
    assert sq.sum_squared_error(ROWS, ROWS + 1, sample_weight=weights) == float(sum(own))


NUMBERS = [2, 2.0, True, np.float32(2), np.int8(2), np.array(2), decimal.Decimal(2), 2**53 + 2]


@pytest.mark.parametrize("weight", NUMBERS, ids=repr)
def test_one_weight_of_all_rows_is_any_number(weight: Any) -> None:
    assert sq.mean_squared_error(ROWS, ROWS + 3, sample_weight=weight) == 9.0
    assert sq.Accumulator("sse").update([0.0], [1.0], sample_weight=weight)["sse"] == float(weight)


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (np.timedelta64(3, "s"), "which is not a number"),
        (np.array(3, "m8[s]"), "which is not a number"),
        (np.longdouble(1) / 3, "more digits than float64"),
        (fractions.Fraction(1, 3), "that float64 cannot represent"),
        (10**400, "that float64 cannot represent"),
        (2j, "Complex data not supported"),
    ],
)
def test_one_weight_of_all_rows_is_never_rounded(weight: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"sample_weight.*{said}|{said}.*sample_weight"):
        sq.mean_squared_error(ROWS, ROWS, sample_weight=weight)


def test_dask_and_xarray_take_one_weight_as_everyone() -> None:
    dask, xarray = pytest.importorskip("dask.array"), pytest.importorskip("xarray")
    chunks, labelled = dask.ones(4, chunks=2), xarray.DataArray(np.ones(4), dims="x")
    for weight in (np.timedelta64(3, "s"), 10**400):
        with pytest.raises(ValueError, match="sample_weight"):
            sq.dask.evaluate(chunks, chunks, sample_weight=weight)
        with pytest.raises(ValueError, match="sample_weight"):
            sq.xarray.evaluate(labelled, labelled, sample_weight=weight)
    assert sq.dask.evaluate(chunks, chunks + 1, sample_weight=2, metrics="sse")["sse"] == 8.0
    assert float(sq.xarray.evaluate(labelled, labelled + 1, sample_weight=2, metrics="sse").sum_squared_error) == 8.0


def test_a_mask_with_missing_values_is_named_so() -> None:
    with pytest.raises(ValueError, match="Got a Series with missing values instead"):
        sq.mean_squared_error(ROWS, ROWS, where=in_polars([True, None, True]))
    with pytest.raises(ValueError, match="Got a list of dtype int64 instead"):
        sq.mean_squared_error(ROWS, ROWS, where=[1, 0, 1])


@pytest.mark.parametrize("unit", ["s", "ns"])
def test_no_parameter_is_a_duration(unit: str) -> None:
    duration, two = np.timedelta64(3, unit), np.ones((3, 2))
    calls: list[Callable[[], Any]] = [
        lambda: sq.mean_squared_error(two, two, multioutput=np.array([1, 2], f"m8[{unit}]")),
        lambda: sq.mean_huber_loss(ROWS, ROWS, delta=duration),
        lambda: sq.metric("mean_huber_loss", delta=duration),
        lambda: sq.mean_gaussian_nll(ROWS, ROWS, variance=duration),
        lambda: sq.huber_loss(ROWS, ROWS, delta=duration),
        lambda: sq.RollingAccumulator(window=duration),
        lambda: sq.generalized_squared_error(two, two, covariance=np.eye(2).astype(f"m8[{unit}]")),
        lambda: sq.evaluate(two, two, axis=np.timedelta64(0, unit)),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="which is not a number|must be"):
            call()

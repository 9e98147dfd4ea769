"""Medians, quantiles and trimmed means: exact ranks, whatever the values, the weights, the types and the threads."""

import itertools
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pytest

import squarely
from inputs import hard_data
from inputs.element_types import DTYPES
from instruments.core_states import CoreState
from oracles import rational
from squarely import _core
from squarely.order_statistics import median_of_absolute_errors, quantiles_of_truth, trimmed_mean_of_squares
from squarely.pairing import PairedColumns, pair

LEVELS = (0.0, 5e-324, 0.07, 0.1, 0.25, 0.29, 1 / 3, 0.5, 0.57, 0.9, 0.95, 1 - 2**-53, 1.0)
# Beyond 32768 values they are counted in buckets; beyond 65536 rows there is more than one stretch.
LONG = 70_000


def statistics_of(
    y_true: npt.NDArray, y_pred: npt.NDArray, quantity: str = "absolute_error", **where: object
) -> _core.OrderStatistics:
    outputs = y_true.size // len(y_true)
    statistics = _core.OrderStatistics(outputs, len(y_true), quantity)
    statistics.update(y_true, y_pred, **where)
    return statistics


def quantile(values: npt.NDArray, level: float, weights: npt.NDArray | None = None) -> float:
    return statistics_of(values, np.zeros(len(values)), "truth").quantiles(level, weights)[0]


def paired(y_true: object, y_pred: object, where: object = None) -> PairedColumns:
    return pair(y_true, y_pred, where, 0, "median_absolute_error", most_dimensions=2)


def meets(part: int, whole: int, level: float) -> bool:
    """Whether the level means this share: itself if it has few binary digits, else any that rounds to it."""
    numerator, denominator = level.as_integer_ratio()
    is_short = numerator.bit_length() <= 32
    return part * denominator == numerator * whole if is_short else part / whole == level  # correctly rounded


def midpoint(a: float, b: float) -> float:
    return float((Fraction(a) + Fraction(b)) / 2) if math.isfinite(a) and math.isfinite(b) else a + b


def expected_quantiles(values: Sequence[float], weights: Sequence[float], levels: Sequence[float]) -> list[float]:
    """Return the averaged inverse of the distribution function, by its definition."""
    weight_of: dict[float, int] = {}
    (shares,), _ = rational.integers_of(weights)
    for value, weight in zip(values, shares, strict=True):
        weight_of[value + 0.0] = weight_of.get(value + 0.0, 0) + weight
    ordered = sorted(value for value, weight in weight_of.items() if weight > 0)
    reached = list(itertools.accumulate(weight_of[value] for value in ordered))

    def at(level: float) -> float:
        numerator, denominator = level.as_integer_ratio()
        for place, below in enumerate(reached):
            if meets(below, reached[-1], level):
                return midpoint(ordered[place], ordered[min(place + 1, len(ordered) - 1)])
            if below * denominator > numerator * reached[-1]:
                return ordered[place]
        raise AssertionError("the last value reaches every level")

    return list(map(at, levels))


def expected_trimmed_mean(errors: Sequence[float], proportion: float) -> float:
    kept = len(errors) - math.floor(Fraction(proportion) * len(errors))
    total = sum(rational.integer_of(error) ** 2 for error in sorted(errors)[:kept])
    return rational.nearest_double(Fraction(total, kept * 4**rational.UNIT))


# ---------------------------------------------------------------------------------------------------------- quantiles


@pytest.mark.parametrize("length", [1, 2, 511, 1300, LONG, LONG + 1])
@pytest.mark.parametrize("maker", hard_data.MAKERS, ids=lambda maker: maker.__name__)
def test_a_median_is_the_middle_of_the_sorted_errors(
    maker: hard_data.Maker, length: int, rng: np.random.Generator
) -> None:
    y_true, y_pred = maker(rng, length)
    with np.errstate(over="ignore"):
        errors = np.sort(np.abs(y_true - y_pred))
    low, high = float(errors[(length - 1) // 2]), float(errors[length // 2])
    expected = low if low == high else midpoint(low, high)
    assert statistics_of(y_true, y_pred).quantiles(0.5) == [expected]


def negative_and_positive(rng: np.random.Generator, length: int) -> npt.NDArray:
    return rng.standard_normal(length) * 10.0 ** rng.integers(-300, 300, length)


def heavy_ties(rng: np.random.Generator, length: int) -> npt.NDArray:
    return rng.choice([-2.0, -0.0, 0.0, 5e-324, 1.0, 1 + 2**-52, 1e300], length)


def neighbouring_doubles(rng: np.random.Generator, length: int) -> npt.NDArray:
    return 1 + rng.permutation(length) * 2.0**-52


def one_outlier_each_side(rng: np.random.Generator, length: int) -> npt.NDArray:
    # The range of keys is that of all doubles, and all values but two lie in one bucket, however often it is cut.
    values = neighbouring_doubles(rng, length)
    values[:1], values[1:2] = 1.7e308, -1.7e308
    return values


def sorted_values(rng: np.random.Generator, length: int) -> npt.NDArray:
    return np.sort(rng.standard_normal(length))


def sorted_backwards(rng: np.random.Generator, length: int) -> npt.NDArray:
    return -sorted_values(rng, length)


def all_equal(rng: np.random.Generator, length: int) -> npt.NDArray:
    return np.full(length, -1 / 3)


def equal_but_one(rng: np.random.Generator, length: int) -> npt.NDArray:
    values = np.full(length, 0.1)
    values[length // 3] = -np.inf
    return values


def tied_tens_of_thousands(rng: np.random.Generator, length: int) -> npt.NDArray:
    return rng.choice([0.25, 0.25 + 2**-54], length)


def halves_of_one_value_each(rng: np.random.Generator, length: int) -> npt.NDArray:
    # The lower middle value is the last of its kind, of which there are more than are sorted.
    return rng.permutation(np.repeat([0.25, 3.0], [length // 2, length - length // 2]))


def misleading_sample(rng: np.random.Generator, length: int, sampled: float = 1e9) -> npt.NDArray:
    # Every third of 70,000 values is in the sample, and none of those is near the middle.
    values = rng.standard_normal(length)
    values[::3] += sampled
    return values


def misleading_the_other_way(rng: np.random.Generator, length: int) -> npt.NDArray:
    return misleading_sample(rng, length, -1e9)


def zeros_amid_subnormals(rng: np.random.Generator, length: int) -> npt.NDArray:
    return rng.choice([0.0, -0.0, 1.0, -1.0], length) * 5e-324 * rng.integers(0, 20_000, length)


VALUES: tuple[Callable[[np.random.Generator, int], npt.NDArray], ...] = (
    negative_and_positive,
    heavy_ties,
    neighbouring_doubles,
    one_outlier_each_side,
    sorted_values,
    sorted_backwards,
    all_equal,
    equal_but_one,
    tied_tens_of_thousands,
    halves_of_one_value_each,
    misleading_sample,
    misleading_the_other_way,
    zeros_amid_subnormals,
)


@pytest.mark.parametrize("length", [1, 2, 10, 100, 1001, LONG])
@pytest.mark.parametrize("values", VALUES, ids=lambda values: values.__name__)
def test_a_quantile_is_the_value_of_its_rank(
    values: Callable[[np.random.Generator, int], npt.NDArray], length: int, rng: np.random.Generator
) -> None:
    truth = values(rng, length)
    ordered = np.sort(truth)
    statistics = statistics_of(truth, np.ones(length), "truth")
    for level in LEVELS:
        share = Fraction(level)
        reached = max(1, math.ceil(share * length))
        if reached > 1 and meets(reached - 1, length, level):
            reached -= 1
        expected = float(ordered[reached - 1]) + 0.0
        if meets(reached, length, level) and reached < length and ordered[reached] != expected:
            expected = midpoint(expected, float(ordered[reached]))
        found = statistics.quantiles(level)[0]
        assert (found, math.copysign(1, found)) == (expected, math.copysign(1, expected)), level


def test_a_level_stands_for_the_numbers_that_round_to_it() -> None:
    for size in (10, 20, 49, 100, 1000):
        for part in range(1, size):
            assert quantile(np.arange(float(size)), part / size) == part - 0.5
            assert quantile(np.arange(float(size)), part / size, np.full(size, 0.1)) == part - 0.5


def test_the_mean_of_two_middle_values_neither_overflows_nor_underflows() -> None:
    assert quantile(np.array([1e308, 1.5e308]), 0.5) == 1.25e308
    assert quantile(np.array([-1.5e308, -1e308]), 0.5) == -1.25e308
    assert quantile(np.array([5e-324, 1.5e-323]), 0.5) == 1e-323
    assert quantile(np.array([-1.7e308, 1.7e308]), 0.5) == 0.0
    assert quantile(np.array([1.0, np.inf]), 0.5) == np.inf
    assert math.isnan(quantile(np.array([-np.inf, np.inf]), 0.5))


def test_negative_zero_is_zero() -> None:
    assert math.copysign(1, quantile(np.full(3, -0.0), 0.5)) == 1


def test_an_error_beyond_the_largest_double_is_infinite() -> None:
    y_true, y_pred = np.array([1.7e308, 1.0, 2.0]), np.array([-1.7e308, 1.0, 1.0])
    statistics = statistics_of(y_true, y_pred)
    assert statistics.infinite == [0]
    assert [statistics.quantiles(level)[0] for level in (0.0, 0.5, 1.0)] == [0.0, 1.0, np.inf]
    assert statistics.trimmed_mean_squares(0.5) == [0.5]
    assert statistics.trimmed_mean_squares(0.0) == [np.inf]


# ------------------------------------------------------------------------------------------------------------ weights


def weights_of(kind: str, rng: np.random.Generator, length: int) -> npt.NDArray:
    if kind == "integers":
        return rng.integers(0, 4, length).astype(float)
    if kind == "tenths":
        return np.full(length, 0.1)
    if kind == "spread":
        return rng.random(length) * 10.0 ** rng.integers(-300, 300, length)
    if kind == "subnormal":
        return rng.integers(0, 9, length) * 5e-324
    if kind == "one and dust":
        # A sum in floating point does not see the dust, which decides all the same.
        return np.where(np.arange(length) % 7 == 0, 1.0, 1e-25)
    if kind == "largest":
        return np.full(length, np.finfo(float).max)
    return rng.random(length)


@pytest.mark.parametrize("kind", ["integers", "tenths", "spread", "subnormal", "one and dust", "largest", "uniform"])
@pytest.mark.parametrize("values", VALUES, ids=lambda values: values.__name__)
def test_a_weighted_quantile_is_where_the_exact_weights_reach_the_level(
    values: Callable[[np.random.Generator, int], npt.NDArray], kind: str, rng: np.random.Generator
) -> None:
    length = 500
    truth, weights = values(rng, length), weights_of(kind, rng, length)
    finite = np.where(np.isinf(truth), -1e308, truth)
    expected = expected_quantiles(finite.tolist(), weights.tolist(), LEVELS)
    assert [quantile(finite, level, weights) for level in LEVELS] == expected


@pytest.mark.parametrize("values", VALUES, ids=lambda values: values.__name__)
def test_many_weighted_values_are_counted_in_buckets(
    values: Callable[[np.random.Generator, int], npt.NDArray], rng: np.random.Generator
) -> None:
    truth, repetitions = values(rng, LONG), rng.integers(0, 3, LONG)
    repeated = np.repeat(truth, repetitions)
    for level in LEVELS:
        assert quantile(truth, level, repetitions * 0.1) == quantile(repeated, level), level


def test_many_random_weights_are_summed_exactly(rng: np.random.Generator) -> None:
    values, weights = rng.standard_normal(LONG), rng.random(LONG) * 10.0 ** rng.integers(-9, 9, LONG)
    levels = (0.1, 0.5, 0.999)
    expected = expected_quantiles(values.tolist(), weights.tolist(), levels)
    assert [quantile(values, level, weights) for level in levels] == expected


@pytest.mark.parametrize("length", [11, 1300])
def test_integer_weights_are_repetitions(length: int, rng: np.random.Generator) -> None:
    y_true, y_pred = hard_data.normal(rng, length)
    repetitions = rng.integers(0, 5, length)
    statistics = statistics_of(y_true, y_pred)
    repeated = statistics_of(np.repeat(y_true, repetitions), np.repeat(y_pred, repetitions))
    for level in LEVELS:
        for unit in (1.0, 2.0**-600, 2.0**600):
            assert statistics.quantiles(level, repetitions * unit) == repeated.quantiles(level)


def test_a_value_of_weight_zero_is_not_there() -> None:
    values = np.array([-9.0, 1.0, 2.0, 3.0, 4.0, 99.0])
    weights = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 0.0])
    assert [quantile(values, level, weights) for level in (0.0, 0.25, 0.5, 0.75, 1.0)] == [1.0, 1.0, 2.0, 3.0, 3.0]


def test_without_any_weight_there_is_no_quantile() -> None:
    assert math.isnan(quantile(np.ones(3), 0.5, np.zeros(3)))


def test_the_weights_of_pairs_left_out_do_not_count() -> None:
    y_true, y_pred = np.array([np.nan, 1.0, 2.0, 3.0]), np.zeros(4)
    where = np.array([True, True, True, False])
    statistics = statistics_of(y_true, y_pred, where=where)
    assert statistics.quantiles(0.5, np.array([9.0, 1.0, 1.0, 9.0])) == [1.5]


@pytest.mark.parametrize("weights", [[1.0, -1.0], [1.0, np.nan], [1.0, np.inf]])
def test_weights_are_finite_and_not_negative(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="Weights must be finite and not negative"):
        quantile(np.ones(2), 0.5, np.array(weights))


# ------------------------------------------------------------------------------------------------ beside scikit-learn


def test_medians_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    for length in (1, 2, 3, 50, 1001):
        y_true, y_pred = rng.standard_normal((2, length, 3))
        weights = rng.random(length)
        statistics = statistics_of(y_true, y_pred)
        expected = metrics.median_absolute_error(y_true, y_pred, multioutput="raw_values")
        assert statistics.quantiles(0.5) == expected.tolist()
        weighted = metrics.median_absolute_error(y_true, y_pred, multioutput="raw_values", sample_weight=weights)
        assert statistics.quantiles(0.5, weights) == weighted.tolist()


def test_quantiles_are_those_of_scikit_learn_where_it_does_not_miss_a_level_by_rounding(
    rng: np.random.Generator,
) -> None:
    weighted_percentile = pytest.importorskip("sklearn.utils.stats")._weighted_percentile
    for length in (1, 2, 3, 10, 20, 50, 100, 1001):
        values = rng.standard_normal(length)
        for part, level in itertools.chain(((part, part / 20) for part in range(21)), ((0, q) for q in LEVELS[2:])):
            rank = level * 100 / 100 * length  # as scikit-learn computes it
            if part * length % 20 == 0 and rank != part * length // 20:
                continue
            expected = weighted_percentile(values, np.ones(length), level * 100, average=True)
            assert quantile(values, level) == expected, (length, level)


def test_quantiles_of_random_weights_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    weighted_percentile = pytest.importorskip("sklearn.utils.stats")._weighted_percentile
    for length in (2, 10, 1001):
        values, weights = rng.standard_normal((2, length))
        weights = np.where(rng.random(length) < 0.2, 0.0, np.abs(weights))
        for level in LEVELS:
            expected = weighted_percentile(values, weights, level * 100, average=True)
            assert quantile(values, level, weights) == expected


def test_the_quantile_of_d2_pinball_score_gives_its_score(rng: np.random.Generator) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    y_true, y_pred = hard_data.normal(rng, 700)
    for alpha in (0.07, 0.1, 0.5, 0.9):
        constant = np.full(700, quantiles_of_truth(paired(y_true, y_pred), alpha, None, "raise")[0])
        loss = metrics.mean_pinball_loss(y_true, y_pred, alpha=alpha)
        score = 1 - loss / metrics.mean_pinball_loss(y_true, constant, alpha=alpha)
        assert score == pytest.approx(metrics.d2_pinball_score(y_true, y_pred, alpha=alpha), rel=1e-13)


# ------------------------------------------------------------------------------------------------------ trimmed means


@pytest.mark.parametrize("maker", hard_data.MAKERS, ids=lambda maker: maker.__name__)
def test_a_trimmed_mean_of_squares_is_exact(target: str, maker: hard_data.Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = maker(rng, 1300)
    with np.errstate(over="ignore"):
        errors = np.abs(y_true - y_pred).tolist()
    statistics = statistics_of(y_true, y_pred)
    for proportion in (0.0, 5e-324, 0.1, 0.25, 0.29, 0.5, 0.999, 1 - 2**-53):
        kept = len(errors) - math.floor(Fraction(proportion) * len(errors))
        is_finite = math.isfinite(sorted(errors)[kept - 1])
        expected = expected_trimmed_mean(errors, proportion) if is_finite else math.inf
        assert statistics.trimmed_mean_squares(proportion) == [expected]


@pytest.mark.parametrize("length", [LONG, 2 * LONG + 1])
def test_a_trimmed_mean_of_many_squares_is_exact(length: int, rng: np.random.Generator) -> None:
    errors = np.where(rng.random(length) < 0.3, 0.5, np.abs(rng.standard_normal(length)))
    for proportion in (0.1, 0.56):
        assert statistics_of(errors, np.zeros(length)).trimmed_mean_squares(proportion) == [
            expected_trimmed_mean(errors.tolist(), proportion)
        ]


def test_errors_equal_to_the_threshold_fill_up_the_share() -> None:
    y_true = np.array([1.0, 3.0, 3.0, 3.0, 3.0, 9.0, 9.0, 9.0, 9.0, 9.0])
    for left_out in range(10):
        assert (
            expected_trimmed_mean(y_true.tolist(), left_out / 10)
            == (statistics_of(y_true, np.zeros(10)).trimmed_mean_squares(left_out / 10)[0])
        )


def test_nothing_left_out_gives_the_mean_squared_error_of_rounded_errors(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(-1000, 1000, (2, 5000)).astype(float)
    found = trimmed_mean_of_squares(paired(y_true, y_pred), 0.0, "raise")
    assert found == [squarely.mean_squared_error(y_true, y_pred)]


# ------------------------------------------------------------------------------------------------ types and containers


def values_of(dtype: np.dtype, rng: np.random.Generator, rows: int = 601) -> npt.NDArray:
    if dtype.kind == "b":
        return rng.random(rows) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        values = rng.integers(0, 100, rows).astype(dtype)
        chosen = rng.random(rows) < 0.5
        values[chosen] = rng.integers(limits.min, limits.max, rows, dtype, endpoint=True)[chosen]
        values[:4] = limits.min, limits.max, limits.max - 1, limits.min
        return values
    values = rng.standard_normal(rows).astype(dtype)
    values[::5] *= dtype.type(1000)
    return values


def number_of(value: object) -> Fraction:
    return Fraction(int(value) if isinstance(value, (np.integer, np.bool_)) else float(value))


@pytest.mark.parametrize("left", DTYPES, ids=str)
def test_differences_of_every_pair_of_types_are_rounded_once(
    target: str, left: np.dtype, rng: np.random.Generator
) -> None:
    for right in DTYPES:
        y_true, y_pred = values_of(left, rng), values_of(right, rng)
        errors = sorted(float(abs(number_of(y) - number_of(p))) for y, p in zip(y_true, y_pred, strict=True))
        statistics = statistics_of(y_true, y_pred)
        truths = sorted(float(number_of(y)) for y in y_true)
        truth_statistics = statistics_of(y_true, y_pred, "truth")
        for rank in (1, 2, 150, 301, 450, 520, 600, 601):
            level = (rank - 0.5) / 601
            assert statistics.quantiles(level) == [errors[rank - 1]], right
            assert truth_statistics.quantiles(level) == [truths[rank - 1]], right


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("other", ["float64", "float32", "uint64"])
@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_large_integers_are_exact_in_any_byte_order_and_layout(dtype: str, other: str, order: str) -> None:
    integers = np.array([2**62 + 1, 2**53 + 1, 2**60 + 129, 3], dtype).astype(np.dtype(dtype).newbyteorder(order))
    others = np.array([2**62, 1, 2**60, 1], other)
    spaced = np.zeros((4, 3), integers.dtype)
    spaced[:, 1] = integers
    expected = sorted(float(abs(int(a) - int(b))) for a, b in zip(integers, others, strict=True))
    for column in (integers, integers[::-1].copy()[::-1], spaced[:, 1]):
        for sides in ((column, others), (others, column)):
            assert [statistics_of(*sides).quantiles(level)[0] for level in (0.1, 0.3, 0.6, 0.9)] == expected


@pytest.mark.parametrize("layout", ["C", "F", "reversed", "axis 1"])
@pytest.mark.parametrize("outputs", [1, 2, 7, 130])
def test_every_output_has_its_own(layout: str, outputs: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 1100, outputs))
    expected = np.median(np.abs(y_true - y_pred), axis=0).tolist()
    if layout == "axis 1":
        statistics = _core.OrderStatistics(outputs, 1100, "absolute_error")
        statistics.update(np.ascontiguousarray(y_true.T), np.ascontiguousarray(y_pred.T), None, 1)
    else:
        arrange = {"C": np.asarray, "F": np.asfortranarray, "reversed": lambda values: values[::-1, ::-1]}[layout]
        expected = expected[::-1] if layout == "reversed" else expected
        statistics = statistics_of(arrange(y_true), arrange(y_pred))
    assert statistics.quantiles(0.5) == expected
    assert statistics.pairs == [1100] * outputs


@pytest.mark.parametrize("rows", [3, 600, LONG])
def test_rows_may_come_in_pieces(rows: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, rows, 2))
    whole, pieces = statistics_of(y_true, y_pred), _core.OrderStatistics(2, rows, "absolute_error")
    bounds = [0, *sorted(rng.integers(0, rows, 5).tolist()), rows]
    for start, stop in itertools.pairwise(bounds):
        pieces.update(y_true[start:stop], y_pred[start:stop])
    weights = rng.random(rows)
    assert pieces.quantiles(0.3, weights) == whole.quantiles(0.3, weights)
    assert pieces.trimmed_mean_squares(0.1) == whole.trimmed_mean_squares(0.1)


def test_tables_are_read_segment_by_segment() -> None:
    pandas_table = pd.DataFrame({"a": pd.array([1, None, 3, 9], dtype="Int64"), "b": [1.0, 2.0, 3.0, 4.0]})
    chunks = pl.concat([pl.Series([1, None]), pl.Series([3, 9])], rechunk=False)
    polars_table = pl.DataFrame({"a": chunks, "b": [1.0, 2.0, 3.0, 4.0]}, strict=False)
    prediction = np.zeros((4, 2))
    for table in (pandas_table, polars_table):
        pairs = paired(table, prediction)
        assert median_of_absolute_errors(pairs, None, "omit") == [3.0, 2.5]
        assert median_of_absolute_errors(pairs, np.array([1.0, 9.0, 0.0, 1.0]), "omit") == [5.0, 2.0]
        assert quantiles_of_truth(pairs, 1.0, None, "omit") == [9.0, 4.0]
        assert trimmed_mean_of_squares(pairs, 0.4, "omit") == [5.0, 14 / 3]


# --------------------------------------------------------------------------------------------- what does not count


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
@pytest.mark.parametrize("rows", [5, 512, 1300, LONG])
def test_a_mask_leaves_pairs_out(target: str, dtype: str, rows: int, rng: np.random.Generator) -> None:
    y_true, y_pred = (rng.integers(0, 100, (2, rows, 2)) / 1).astype(dtype)
    for density in (0.02, 0.5, 1.0):
        where = rng.random((rows, 2)) < density
        where[0] = True
        errors = [np.abs(y_true[where[:, i], i].astype(float) - y_pred[where[:, i], i]) for i in range(2)]
        for mask in (where, np.asfortranarray(where), where[::-1].copy()[::-1]):
            statistics = statistics_of(y_true, y_pred, where=mask)
            assert statistics.quantiles(0.5) == [np.median(error) for error in errors]
            assert statistics.pairs == where.sum(0).tolist()
            assert statistics.masked == (rows - where.sum(0)).tolist()


def test_missing_values_and_infinities_are_counted_as_everywhere(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 3000))
    for values in (y_true, y_pred):
        values[rng.integers(0, 3000, 90)] = np.nan
        values[rng.integers(0, 3000, 90)] = np.inf
        values[rng.integers(0, 3000, 90)] = -np.inf
    where = rng.random(3000) < 0.8
    for mask in (None, where):
        state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
        state.update(y_true, y_pred, mask)
        for quantity in ("absolute_error", "truth"):
            statistics = statistics_of(y_true, y_pred, quantity, where=mask)
            for name in ("pairs", "infinite", "undefined", "missing_true", "missing_pred", "masked"):
                assert getattr(statistics, name) == getattr(state, name)


def test_every_policy_means_what_it_means_for_the_sums() -> None:
    y_true, y_pred = np.array([1.0, np.nan, 3.0]), np.array([1.5, 2.0, 4.0])
    missing_truth, missing_prediction = paired(y_true, y_pred), paired(y_pred, y_true)
    for pairs in (missing_truth, missing_prediction):
        with pytest.raises(ValueError, match="Input contains NaN"):
            median_of_absolute_errors(pairs, None, "raise")
        assert median_of_absolute_errors(pairs, None, "omit") == [0.75]
        assert math.isnan(median_of_absolute_errors(pairs, None, "propagate")[0])
        assert math.isnan(trimmed_mean_of_squares(pairs, 0.1, "propagate")[0])
        assert math.isnan(quantiles_of_truth(pairs, 0.1, None, "propagate")[0])
    assert median_of_absolute_errors(missing_truth, None, "omit_true") == [0.75]
    with pytest.raises(ValueError, match="hide a broken model"):
        median_of_absolute_errors(missing_prediction, None, "omit_true")


def test_infinity_is_refused_or_has_its_place_in_the_order() -> None:
    pairs = paired([1.0, np.inf, 3.0], [1.5, 2.0, 4.0])
    for policy in ("raise", "omit"):
        with pytest.raises(ValueError, match="contains infinity"):
            median_of_absolute_errors(pairs, None, policy)
    assert median_of_absolute_errors(pairs, None, "propagate") == [1.0]
    assert quantiles_of_truth(pairs, 1.0, None, "propagate") == [np.inf]
    assert trimmed_mean_of_squares(pairs, 0.4, "propagate") == [0.625]
    assert trimmed_mean_of_squares(pairs, 0.1, "propagate") == [np.inf]
    assert math.isnan(median_of_absolute_errors(paired([np.inf, 1.0], [np.inf, 1.0]), None, "propagate")[0])


def test_an_output_without_pairs_is_refused() -> None:
    with pytest.raises(ValueError, match="0 sample"):
        median_of_absolute_errors(paired([1.0, 2.0], [1.0, 2.0], [False, False]), None, "raise")
    with pytest.raises(ValueError, match="0 sample"):
        median_of_absolute_errors(paired([np.nan], [1.0]), None, "omit")


def test_complex_numbers_have_no_order() -> None:
    pairs = pair(np.ones(2, complex), np.ones(2), None, 0, "f", most_dimensions=2, complex_values=True)
    with pytest.raises(ValueError, match="no order"):
        median_of_absolute_errors(pairs, None, "raise")


# ------------------------------------------------------------------------------------ threads, refusals and memory


@pytest.mark.parametrize("maker", [hard_data.normal, hard_data.spread, hard_data.integers], ids=lambda m: m.__name__)
def test_threads_do_not_change_a_bit(maker: hard_data.Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = maker(rng, 400_000)
    y_true[::100] = np.nan
    weights = rng.random(len(y_true))
    answers = []
    for threads in (1, 2, 4):
        squarely.set_num_threads(threads)
        errors, truths = statistics_of(y_true, y_pred), statistics_of(y_true, y_pred, "truth")
        answers.append(
            [statistics.quantiles(q, w) for statistics in (errors, truths) for q in LEVELS for w in (None, weights)]
            + [errors.trimmed_mean_squares(proportion) for proportion in (0.0, 0.1, 0.9)]
        )
    assert answers[0] == answers[1] == answers[2]


def test_the_order_of_the_rows_does_not_matter(rng: np.random.Generator) -> None:
    y_true, y_pred = hard_data.spread(rng, LONG)
    weights = rng.random(LONG) * 10.0 ** rng.integers(-20, 20, LONG)
    order = rng.permutation(LONG)
    one, other = statistics_of(y_true, y_pred), statistics_of(y_true[order], y_pred[order])
    for level in LEVELS:
        assert one.quantiles(level) == other.quantiles(level)
        assert one.quantiles(level, weights) == other.quantiles(level, weights[order])
    assert one.trimmed_mean_squares(0.2) == other.trimmed_mean_squares(0.2)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="'absolute_error' or 'truth'"):
        _core.OrderStatistics(1, 1, "error")
    with pytest.raises(ValueError, match="more rows than room"):
        statistics = _core.OrderStatistics(1, 3, "truth")
        statistics.update(np.ones(2), np.ones(2))
        statistics.update(np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="as many outputs"):
        _core.OrderStatistics(2, 3, "truth").update(np.ones(3), np.ones(3))
    statistics = statistics_of(np.ones(3), np.zeros(3))
    for level in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="from 0 to 1"):
            statistics.quantiles(level)
    for proportion in (-0.1, 1.0, np.nan):
        with pytest.raises(ValueError, match="at least 0 and less than 1"):
            statistics.trimmed_mean_squares(proportion)
    with pytest.raises(ValueError, match="a weight a row"):
        statistics.quantiles(0.5, np.ones(2))
    with pytest.raises(ValueError, match="of absolute errors"):
        statistics_of(np.ones(3), np.zeros(3), "truth").trimmed_mean_squares(0.1)


def test_nothing_has_no_quantile() -> None:
    for statistics in (_core.OrderStatistics(1, 3, "truth"), statistics_of(np.full(3, np.nan), np.ones(3))):
        rows = sum(statistics.missing_true)
        assert math.isnan(statistics.quantiles(0.5)[0])
        assert math.isnan(statistics.quantiles(0.5, np.ones(rows))[0])
    assert math.isnan(statistics_of(np.full(3, np.nan), np.ones(3)).trimmed_mean_squares(0.1)[0])
    assert _core.OrderStatistics(0, 3, "truth").quantiles(0.5) == []


# Peak memory of calls above what was resident before them, in kilobytes, and what the buffer itself needs.
MEMORY = """
import resource, sys, numpy as np, squarely
from squarely.order_statistics import median_of_absolute_errors, quantiles_of_truth, trimmed_mean_of_squares
from squarely.pairing import pair
kind, dtype, threads = sys.argv[1:]
squarely.set_num_threads(int(threads))
shape = {"flat": (4_000_000,), "strided": (8_000_000,), "C": (400_000, 10)}[kind]
y_true, y_pred = np.ones(shape, dtype), np.full(shape, 3, dtype)
y_true.reshape(-1)[::3] = 2
if kind == "strided":
    y_true, y_pred = y_true[::2], y_pred[::2]
weights = np.ones(len(y_true))
def run(call, rows):
    pairs = pair(y_true[:rows], y_pred[:rows], None, 0, "f", most_dimensions=2)
    if call == "trimmed":
        trimmed_mean_of_squares(pairs, 0.1, "raise")
    elif call == "truth":
        quantiles_of_truth(pairs, 0.3, None, "raise")
    else:
        median_of_absolute_errors(pairs, weights[:rows] if call == "weighted" else None, "raise")
calls = ("median", "truth", "trimmed", "weighted")
for call in calls:
    run(call, 70_000 if kind != "C" else 7_000)  # starts the threads
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for call in calls:
    run(call, len(y_true))
    print(call, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before - y_true.size * 8 // 1024)
"""


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize("kind", ["flat", "strided", "C"])
def test_memory_is_one_buffer_and_less_than_a_megabyte(kind: str, dtype: str) -> None:
    command = [sys.executable, "-c", MEMORY, kind, dtype, "2"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    taken = {call: int(kilobytes) for call, kilobytes in map(str.split, found.splitlines())}
    assert len(taken) == 4
    assert max(taken.values()) < 1024, taken


def sorted_truth(y_true: npt.NDArray) -> npt.NDArray:
    return np.sort(y_true)  # rows at equal distances are like the others all the same


def with_ties(y_true: npt.NDArray) -> npt.NDArray:
    return np.floor(3 * y_true)


def misleading(y_true: npt.NDArray) -> npt.NDArray:
    changed = y_true.copy()
    changed[:: len(changed) // 32768 + 1] = 100  # the rows of the sample
    return changed


def with_an_infinity(y_true: npt.NDArray) -> npt.NDArray:
    return np.where(np.arange(len(y_true)) == 5000, np.inf, y_true)


@pytest.mark.parametrize("change", [np.positive, sorted_truth, with_ties, misleading, with_an_infinity])
@pytest.mark.parametrize("rows", [262_144, 300_001])
def test_a_median_in_one_pass_is_that_of_values_kept(
    target: str, rows: int, change: Callable[[npt.NDArray], npt.NDArray], rng: np.random.Generator
) -> None:
    y_true, y_pred = change(rng.normal(size=rows)), np.zeros(rows)
    found = _core.quantile_of_absolute_errors(y_true, y_pred, 0.5)
    assert (found is None) == (change in (with_ties, misleading, with_an_infinity))
    assert median_of_absolute_errors(paired(y_true, y_pred), None, "propagate") == [np.median(np.abs(y_true))]


@pytest.mark.parametrize("axis", [1, 2, -1])
@pytest.mark.parametrize("name", ["d2_absolute_error_score", "d2_pinball_score", "median_absolute_error"])
def test_rows_lie_along_any_axis(name: str, axis: int, rng: np.random.Generator) -> None:
    y_true = rng.random((40, 3, 2))
    y_pred = y_true + rng.random(y_true.shape)
    y_pred[3, 1, 1] = np.nan
    options: Any = {"metrics": name, "multioutput": "raw_values", "nan_policy": "omit"}
    expected = squarely.evaluate(y_true, y_pred, **options)[name]
    turned = (np.moveaxis(values, 0, axis) for values in (y_true, y_pred))
    assert squarely.evaluate(*turned, **options, axis=axis)[name].tolist() == expected.tolist()

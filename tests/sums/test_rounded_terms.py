"""The bits of sums that round: those of their definition, whichever way a block takes."""

import functools
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from instruments.core_states import state_of
from oracles.rounded_sums import rounded_sum
from oracles.state_bytes import ROUNDED, terms_held_by

Array = npt.NDArray[np.float64]
Pairs = tuple[Array, Array]
Maker = Callable[[np.random.Generator], Pairs]

BLOCK = 512
# Three full blocks and one that is not.
ROWS = 3 * BLOCK + 100
MIDDLE = slice(BLOCK, 2 * BLOCK)

# Of the last one sums of every kind: of errors, truths, predictions and their squares.
METRICS = ("mean_squared_error", "mean_absolute_error", "mean_error", "pearson_correlation")
each_summation = pytest.mark.parametrize("summation", ROUNDED)
each_metric = pytest.mark.parametrize("metric", METRICS)
each_weighting = pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])


def near(rng: np.random.Generator) -> Pairs:
    """Return predictions near the truth: nearly every difference is exact."""
    y_true = rng.gamma(2.0, 2.0, ROWS) + 0.01
    return y_true, y_true * rng.uniform(0.8, 1.2, ROWS)


def mixed(rng: np.random.Generator) -> Pairs:
    """Return some differences in a block that are not exact."""
    y_true = rng.standard_normal(ROWS)
    return y_true, y_true + 0.1 * rng.standard_normal(ROWS)


def apart(rng: np.random.Generator) -> Pairs:
    """Return sizes so different that most squares have four words."""
    y_true, y_pred = rng.standard_normal((2, ROWS))
    return y_true, y_pred * 2.0 ** rng.integers(-8, 9, ROWS)


def alike(rng: np.random.Generator) -> Pairs:
    """Return integers: differences of zero, and zeros of both signs."""
    y_true = rng.integers(-3, 4, ROWS).astype(float)
    return y_true, np.where(rng.random(ROWS) < 0.5, y_true, -y_true)


def outliers(rng: np.random.Generator) -> Pairs:
    """Return values far above the sum of those before them."""
    y_true, y_pred = mixed(rng)
    y_true[[5, BLOCK + 17, BLOCK + 33, 2 * BLOCK]] *= 1e12
    return y_true, y_pred


def growing(rng: np.random.Generator) -> Pairs:
    """Return pairs of which every block outweighs all before it in some lanes."""
    y_true, y_pred = mixed(rng)
    scale = np.exp(np.linspace(0.0, 12.0, ROWS) + rng.uniform(0.0, 3.0, ROWS))
    return y_true * scale, y_pred * scale


def few(rng: np.random.Generator) -> Pairs:
    """Return predictions that are right but for a few, in some lanes always."""
    y_true = rng.standard_normal(ROWS)
    wrong = (rng.random(ROWS) < 0.1) & (np.arange(ROWS) % 16 > 3)
    return y_true, np.where(wrong, y_true * rng.uniform(0.5, 3.0, ROWS), y_true)


def held_by(
    summation: str, metric: str, pairs: Pairs, weights: Array | None = None, where: npt.NDArray[np.bool_] | None = None
) -> dict[str, object]:
    state = state_of([(metric, 1.0)], *pairs, weights, summation=summation, where=where)
    return dict(terms_held_by(state.to_bytes())[0])


def weights_of(rng: np.random.Generator, weighted: bool) -> Array | None:
    return rng.uniform(-0.5, 2.0, ROWS) if weighted else None


@functools.cache
def rows_of(make: Maker, weighted: bool) -> tuple[Array, Array, Array | None]:
    rng = np.random.default_rng(20261130)
    return *make(rng), weights_of(rng, weighted)


@functools.cache
def defined(summation: str, term: str, make: Maker, weighted: bool) -> Fraction:
    y_true, y_pred, weights = rows_of(make, weighted)
    return rounded_sum(summation, term, y_true.tolist(), y_pred.tolist(), None if weights is None else weights.tolist())


@pytest.mark.parametrize("make", [near, mixed, apart, alike, outliers, growing, few])
@each_weighting
@each_metric
@each_summation
def test_sums_that_round_are_those_of_the_definition(
    target: str, summation: str, metric: str, weighted: bool, make: Maker
) -> None:
    *pairs, weights = rows_of(make, weighted)
    found = held_by(summation, metric, (pairs[0], pairs[1]), weights)
    assert found == {term: defined(summation, term, make, weighted) for term in found}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("side", [0, 1])
@each_weighting
@each_metric
@each_summation
def test_a_bad_value_in_the_middle_block_leaves_the_sums_of_the_others(
    target: str, summation: str, metric: str, weighted: bool, side: int, bad: float, rng: np.random.Generator
) -> None:
    pairs, weights = mixed(rng), weights_of(rng, weighted)
    where = np.ones(ROWS, bool)
    where[BLOCK + 301] = False
    expected = held_by(summation, metric, pairs, weights, where)
    pairs[side][BLOCK + 301] = bad
    if weights is not None:  # which would be in the sum of weights, and is of no number
        expected.pop("sample_weight")
    found = held_by(summation, metric, pairs, weights)
    assert {term: found[term] for term in expected} == expected


@each_metric
@each_summation
def test_strided_and_narrow_columns_have_the_bits_of_contiguous_doubles(
    target: str, summation: str, metric: str, rng: np.random.Generator
) -> None:
    y_true, y_pred = (side.astype(np.float32) for side in mixed(rng))
    plain = held_by(summation, metric, (y_true.astype(float), y_pred.astype(float)))
    both = np.stack([y_true, y_pred], axis=1)
    assert held_by(summation, metric, (y_true, y_pred)) == plain
    assert held_by(summation, metric, (both[:, 0], both[:, 1])) == plain


@each_summation
@pytest.mark.parametrize("size", [1e160, 1e200, 1e308])
def test_squares_that_overflow_in_the_middle_block_give_infinity(
    target: str, summation: str, size: float, rng: np.random.Generator
) -> None:
    y_true, y_pred = mixed(rng)
    y_true[BLOCK + 301] = size
    assert squarely.mean_squared_error(y_true, y_pred, summation=summation) == math.inf
    assert squarely.mean_absolute_error(y_true, y_pred, summation=summation) == pytest.approx(size / ROWS)


@each_weighting
@each_metric
@each_summation
def test_rows_of_weight_zero_are_absent_from_sums_that_round(
    target: str, summation: str, metric: str, weighted: bool, rng: np.random.Generator
) -> None:
    pairs = mixed(rng)
    weights = rng.uniform(0.5, 2.0, ROWS) if weighted else np.ones(ROWS)
    where = np.ones(ROWS, bool)
    where[MIDDLE] = rng.random(BLOCK) < 0.9
    expected = held_by(summation, metric, pairs, weights, where)
    assert held_by(summation, metric, pairs, np.where(where, weights, 0.0)) == expected


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@each_metric
@each_summation
def test_weights_that_are_no_numbers_are_refused_in_any_block(
    target: str, summation: str, metric: str, bad: float, rng: np.random.Generator
) -> None:
    pairs, weights = mixed(rng), rng.uniform(0.5, 2.0, ROWS)
    weights[BLOCK + 301] = bad
    with pytest.raises(ValueError, match="sample_weight"):
        squarely.Accumulator(metric, summation=summation).update(*pairs, sample_weight=weights)

"""What infinity does, metric by metric, held to what the metric itself does of numbers that grow without end."""

import inspect
import itertools
import math
from typing import Any

import numpy as np
import pytest

import squarely
from inputs.metric_parameters import PUBLIC, as_keyword
from squarely import _core

INF = math.inf
Asked = tuple[str, float]
Sides = tuple[list[float], list[float]]

OF_SUMS = [asked for asked in PUBLIC if _core.metrics[asked[0]].kind == "sums"]

Y_TRUE, Y_PRED = [1.0, 2.0, 4.0, 7.0, 5.0], [1.5, 2.0, 3.0, 8.0, 5.25]


def with_infinities(true: dict[int, float], pred: dict[int, float]) -> Sides:
    return [true.get(i, y) for i, y in enumerate(Y_TRUE)], [pred.get(i, p) for i, p in enumerate(Y_PRED)]


ONE_SIDED = [{1: INF}, {1: -INF}, {1: INF, 3: INF}, {1: -INF, 3: -INF}, {1: INF, 3: -INF}]
CASES = (
    [with_infinities({}, pred) for pred in ONE_SIDED]
    + [with_infinities(true, {}) for true in ONE_SIDED]
    + [with_infinities({2: true}, {4: pred}) for true in (INF, -INF) for pred in (INF, -INF)]
)
OPPOSITE = [with_infinities({2: INF}, {2: -INF}), with_infinities({2: -INF}, {2: INF})]


def value(asked: Asked, sides: Sides, **options: Any) -> float:
    return getattr(squarely, asked[0])(*sides, **as_keyword(*asked), **options)


def with_numbers(sides: Sides, exponents: list[int]) -> Sides:
    """Put a power of two in place of every infinity."""
    left = iter(exponents)
    true, pred = ([math.copysign(2.0 ** next(left), y) if math.isinf(y) else y for y in side] for side in sides)
    return true, pred


def limit(asked: Asked, sides: Sides) -> float:
    """Return the infinity that a metric grows to, at whatever rates its numbers do. NaN where there is none."""
    count = sum(map(math.isinf, itertools.chain(*sides)))
    limits = set()
    for rates in itertools.product((1, 2), repeat=count):
        values = [value(asked, with_numbers(sides, [size * rate for rate in rates])) for size in (40, 80)]
        growth = values[1] - values[0]  # the slowest are logarithms
        limits.add(math.copysign(INF, growth) if abs(growth) > 5 else math.nan)
    return limits.pop() if len(limits) == 1 else math.nan


def depends_on_the_truth_beside_infinity(asked: Asked, sides: Sides) -> bool:
    """Return whether nothing is said: of the sign of a mean, or of how fast the deviance of the truth grows."""
    if asked[0] == "d2_tweedie_score":
        return any(map(math.isinf, sides[0]))
    return asked[0] == "normalized_root_mean_squared_error" and as_keyword(*asked) == {"normalization": "mean"}


def cases_of(asked: Asked) -> list[Sides]:
    # Of a pair of opposite infinities only the truth is known, which need not be what is outside a domain.
    return CASES if _core.metrics[asked[0]].domain else CASES + OPPOSITE


@pytest.mark.parametrize(
    ("asked", "sides"),
    [pytest.param(asked, sides, id=f"{asked[0]}-{asked[1]}-{sides}") for asked in OF_SUMS for sides in cases_of(asked)],
)
def test_an_infinite_number_does_what_large_ones_do(asked: Asked, sides: Sides) -> None:
    try:
        expected = limit(asked, sides)
    except ValueError as outside:
        with pytest.raises(ValueError, match=f"^{str(outside)[:30]}"):
            value(asked, sides, nan_policy="propagate")
        return
    if depends_on_the_truth_beside_infinity(asked, sides):
        expected = math.nan
    np.testing.assert_equal(value(asked, sides, nan_policy="propagate"), expected)
    if "sample_weight" in inspect.signature(getattr(squarely, asked[0])).parameters:
        weights = np.ones(len(Y_TRUE))
        np.testing.assert_equal(value(asked, sides, nan_policy="propagate", sample_weight=weights), expected)


@pytest.mark.parametrize("asked", OF_SUMS, ids=lambda asked: f"{asked[0]}-{asked[1]}")
def test_the_same_infinity_on_both_sides_gives_no_number(asked: Asked) -> None:
    for infinity in (INF, -INF):
        assert math.isnan(value(asked, with_infinities({2: infinity}, {2: infinity, 3: INF}), nan_policy="propagate"))


def test_nothing_is_said_of_r2_where_the_truth_that_is_left_is_constant() -> None:
    assert math.isnan(squarely.r2_score([1.0, 2.0, 2.0], [INF, 2.0, 2.0], nan_policy="propagate"))
    assert squarely.nash_sutcliffe_efficiency([1.0, 2.0, 2.0], [INF, 2.0, 2.0], nan_policy="propagate") == -INF


def test_nothing_is_said_of_a_variance_where_all_errors_are_infinite() -> None:
    y_true, y_pred = [1.0, 2.0], [INF, INF]
    assert math.isnan(squarely.residual_variance(y_true, y_pred, nan_policy="propagate"))
    assert squarely.residual_variance(y_true, [INF, -INF], nan_policy="propagate") == INF


@pytest.mark.parametrize("block", [0, 600, 1500])
def test_infinities_are_told_apart_in_any_block_and_by_every_sum(block: int) -> None:
    truth, prediction = np.zeros((2, 1600))
    prediction[block] = -INF
    for dtype in (np.float64, np.float32, np.float16):
        y_true, y_pred = truth.astype(dtype), prediction.astype(dtype)
        squares = squarely.Accumulator("mse", nan_policy="propagate").update(y_true, y_pred)
        pieces = squarely.Accumulator("mse", nan_policy="propagate")
        for first in range(0, 1600, 7):
            pieces.update(y_true[first : first + 7], y_pred[first : first + 7])
        assert squares.to_bytes() == pieces.to_bytes()
        assert squarely.mean_error(y_true, y_pred, nan_policy="propagate") == -INF
        assert squarely.mean_error(y_pred, y_true, nan_policy="propagate") == INF


def test_an_infinity_that_is_taken_away_again_leaves_no_trace() -> None:
    asked = ("mean_error", "r2_score")
    finite = squarely.Accumulator(asked, nan_policy="propagate").update([1.0, 2.0], [1.5, 2.0])
    high = squarely.Accumulator(asked, nan_policy="propagate").update([1.0], [INF])
    low = squarely.Accumulator(asked, nan_policy="propagate").update([1.0], [-INF])
    assert math.isnan((finite + high + low).compute()["mean_error"])
    assert (finite + high + low - high).compute()["mean_error"] == -INF
    assert (finite + high + low - low - high).to_bytes() == finite.to_bytes()
    with pytest.raises(ValueError, match="part of"):
        finite + high - low


def test_a_rounded_sum_beyond_the_doubles_has_no_sign() -> None:
    errors = np.full(4000, -1.5e308)
    for summation in ("kahan", "pairwise"):
        assert math.isnan(squarely.mean_error(np.zeros(4000), errors, summation=summation))
        assert squarely.mean_absolute_error(np.zeros(4000), errors, summation=summation) == INF
    assert squarely.mean_error(np.zeros(4000), errors) == -1.5e308

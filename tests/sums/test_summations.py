"""The sums that round: their order is fixed, their error is small, and they know infinity from NaN."""

import math

import numpy as np
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from oracles import rational
from oracles.state_bytes import ROUNDED, SUMMATIONS

BEYOND_ROUNDED_SQUARES = ("huge", "largest", "spread", "subnormal", "window_limits", "outliers_beyond_any_window")
ORDINARY = [make for make in MAKERS if make.__name__ not in BEYOND_ROUNDED_SQUARES]


@pytest.mark.parametrize("summation", ROUNDED)
@pytest.mark.parametrize("make", ORDINARY, ids=lambda make: make.__name__)
def test_rounded_sums_are_close(target: str, summation: str, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 5000)
    truth = rational.scores(y_true, y_pred)["sum_squared_error"]
    # Each square is off by up to 3u; compensated lanes add next to nothing, a tree of depth 4 + 5 + 4 its depth.
    bound = 4 if summation == "kahan" else 4 + 13 + 16
    found = squarely.sum_squared_error(y_true, y_pred, summation=summation)
    assert abs(found - truth) <= bound * 2.0**-53 * truth


@pytest.mark.parametrize("summation", ROUNDED)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_rounded_sums_do_not_depend_on_target_or_threads(summation: str, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 140_000)  # three stretches
    states = set()
    for name in squarely.targets():
        squarely.set_target(name)
        for threads in (1, 3):
            squarely.set_num_threads(threads)
            states.add(squarely.Accumulator(summation=summation).update(y_true, y_pred).to_bytes())
    assert len(states) == 1


@pytest.mark.parametrize("summation", SUMMATIONS)
def test_integers_are_summed_exactly_by_all(target: str, summation: str, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(-1000, 1000, (2, 70_000)).astype(float)
    expected = int(((y_true - y_pred) ** 2).sum())
    assert squarely.sum_squared_error(y_true, y_pred, summation=summation) == expected


@pytest.mark.parametrize("summation", ROUNDED)
def test_squares_that_overflow_give_infinity(target: str, summation: str) -> None:
    assert squarely.mean_squared_error(np.full(600, 1e200), np.zeros(600), summation=summation) == math.inf


def test_sums_that_overflow_where_they_are_joined_give_infinity() -> None:
    largest = [2.0**511] * 3 + [2.0**511 * (1 - 2.0**-52)] + [0.0] * 8 + [2.0**484] * 3
    accumulator = squarely.Accumulator("sse", summation="kahan").update(largest, [0.0] * 15).update([2.0**484], [0.0])
    assert accumulator["sum_squared_error"] == math.inf


@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ((math.inf, 1.0), math.inf),
        ((1.0, -math.inf), math.inf),
        ((math.inf, -math.inf), math.inf),
        ((math.inf, math.inf), math.nan),
        ((math.nan, 1.0), math.nan),
        ((1.0, math.nan), math.nan),
        ((math.nan, math.inf), math.nan),
    ],
)
def test_special_values_propagate_when_asked(
    target: str, summation: str, pair: tuple[float, float], expected: float
) -> None:
    y_true, y_pred = np.ones(1000), np.zeros(1000)
    y_true[700], y_pred[700] = pair
    found = squarely.mean_squared_error(y_true, y_pred, nan_policy="propagate", summation=summation)
    np.testing.assert_equal(found, expected)


@pytest.mark.parametrize("summation", SUMMATIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_omitted_pairs_leave_the_others_as_they_were(
    target: str, summation: str, dtype: type, rng: np.random.Generator
) -> None:
    y_true, y_pred = rng.integers(-9, 9, (2, 2000)).astype(dtype)
    y_true[rng.integers(0, 2000, 90)] = np.nan
    y_pred[rng.integers(0, 2000, 90)] = np.nan
    kept = ~(np.isnan(y_true) | np.isnan(y_pred))
    found = squarely.mean_squared_error(y_true, y_pred, nan_policy="omit", summation=summation)
    assert found == squarely.mean_squared_error(y_true[kept], y_pred[kept], summation=summation)

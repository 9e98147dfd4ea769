"""The mean squared error without its largest terms, against sorted rational numbers."""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from oracles import rational

Doubles = npt.NDArray[np.float64]


def definition(y_true: Doubles, y_pred: Doubles, proportion: float, *, rounds_errors: bool) -> Fraction:
    errors = [abs(Fraction(y) - Fraction(p)) for y, p in zip(y_true.tolist(), y_pred.tolist(), strict=True)]
    if rounds_errors:
        errors = [Fraction(rational.nearest_double(error)) for error in errors]
    kept = sorted(errors)[: len(errors) - math.floor(Fraction(proportion) * len(errors))]
    return sum((error**2 for error in kept), Fraction(0)) / len(kept)


FINITE_MAKERS = [make for make in MAKERS if make.__name__ != "largest"]


@pytest.mark.parametrize("make", FINITE_MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("proportion", [0.0, 0.1, 0.5, 0.999])
def test_hard_data_is_correct_but_for_the_rounding_of_its_errors(make: Maker, proportion: float) -> None:
    y_true, y_pred = make(np.random.default_rng(71), 600)
    result = squarely.trimmed_mean_squared_error(y_true, y_pred, proportion=proportion)
    assert result == rational.nearest_double(definition(y_true, y_pred, proportion, rounds_errors=True))
    exact = definition(y_true, y_pred, proportion, rounds_errors=False)
    nearest = rational.nearest_double(exact)
    if math.isfinite(nearest):
        assert abs(Fraction(result) - exact) <= Fraction(5, 2) * Fraction(math.ulp(nearest))


def test_errors_beyond_the_largest_double_give_infinity() -> None:
    far = float(np.finfo(np.float64).max)
    assert squarely.trimmed_mean_squared_error([far] * 4, [-far] * 4) == math.inf
    assert squarely.trimmed_mean_squared_error([far, 1.0], [-far, 3.0], proportion=0.5) == 4.0


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize("proportion", [0.1, 0.2, 0.25, 0.3, 0.7, 0.9])
def test_the_number_of_errors_dropped_is_that_of_the_exact_product(length: int, proportion: float) -> None:
    y_true, y_pred = np.zeros(length), np.arange(length) + 1.0
    result = squarely.trimmed_mean_squared_error(y_true, y_pred, proportion=proportion)
    assert result == rational.nearest_double(definition(y_true, y_pred, proportion, rounds_errors=False))


def test_dropping_nothing_gives_the_mean_squared_error(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(-999, 999, (2, 900)) / 64
    whole = squarely.mean_squared_error(y_true, y_pred)
    assert squarely.trimmed_mean_squared_error(y_true, y_pred, proportion=0.0) == whole


def test_outliers_within_the_share_do_not_matter(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 100))
    y_true[:10] = 1e3
    once = squarely.trimmed_mean_squared_error(y_true, y_pred)
    y_true[:10] = 1e200
    assert squarely.trimmed_mean_squared_error(y_true, y_pred) == once


def test_order_does_not_matter(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 5000))
    order = rng.permutation(5000)
    mixed = squarely.trimmed_mean_squared_error(y_true[order], y_pred[order])
    assert mixed == squarely.trimmed_mean_squared_error(y_true, y_pred)


def test_outputs_drop_errors_of_their_own(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 60, 3))
    raw = squarely.trimmed_mean_squared_error(y_true, y_pred, multioutput="raw_values")
    assert raw.tolist() == [squarely.trimmed_mean_squared_error(y_true[:, i], y_pred[:, i]) for i in range(3)]
    assert squarely.trimmed_mean_squared_error(y_true, y_pred) == rational.average(raw, [1, 1, 1])
    weighted = squarely.trimmed_mean_squared_error(y_true, y_pred, multioutput=[1.0, 2.0, 5.0])
    assert weighted == rational.average(raw, [1, 2, 5])


def test_pairs_left_out_are_not_counted(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 50))
    wanted = squarely.trimmed_mean_squared_error(y_true[5:], y_pred[5:])
    assert squarely.trimmed_mean_squared_error(y_true, y_pred, where=np.arange(50) >= 5) == wanted
    y_true[:5] = math.nan
    assert squarely.trimmed_mean_squared_error(y_true, y_pred, nan_policy="omit") == wanted
    assert math.isnan(squarely.trimmed_mean_squared_error(y_true, y_pred, nan_policy="propagate"))
    with pytest.raises(ValueError, match="Input contains NaN"):
        squarely.trimmed_mean_squared_error(y_true, y_pred)


@pytest.mark.parametrize("proportion", [1.0, -0.1, math.nan, "half"])
def test_shares_out_of_range_are_refused(proportion: object) -> None:
    with pytest.raises(ValueError, match="The 'proportion' parameter of trimmed_mean_squared_error must be a float in"):
        squarely.trimmed_mean_squared_error([1.0], [1.0], proportion=proportion)

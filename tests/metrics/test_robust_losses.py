"""Losses whose terms are rounded, and what is made of roots and logarithms: within the stated ulp of 60 digits."""

import functools
import math
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from oracles import metrics as definitions
from oracles import rational
from squarely import _core

DIGITS = mpmath.mp.clone()
DIGITS.dps = 60

Doubles = npt.NDArray[np.float64]


def real(value: Fraction) -> mpmath.mpf:
    return DIGITS.mpf(value.numerator) / value.denominator


def ulp_between(result: float, truth: mpmath.mpf) -> float:
    nearest = float(truth)
    if not math.isfinite(nearest) or not math.isfinite(result):
        return 0.0 if result == nearest else math.inf
    return float(abs(DIGITS.mpf(result) - truth) / DIGITS.mpf(math.ulp(nearest)))


def log_cosh(error: Fraction) -> mpmath.mpf:
    size = abs(real(error))
    if size < 1e-20:
        return size * size / 2
    with DIGITS.workdps(110):
        return size - DIGITS.ln2 + DIGITS.log1p(DIGITS.exp(-2 * size))


def mean_huber_loss(pairs: definitions.Pairs, delta: float) -> mpmath.mpf:
    return real(pairs.mean(definitions.huber_losses(pairs.errors, delta)))


def mean_tukey_loss(pairs: definitions.Pairs, c: float) -> mpmath.mpf:
    return real(pairs.mean(definitions.tukey_losses(pairs.errors, c)))


# Once for all targets, here and below: with sixty digits it takes longer than all of them.
@functools.cache
def huber_case(make: Maker, delta: float) -> tuple[Doubles, Doubles, mpmath.mpf]:
    y_true, y_pred = make(np.random.default_rng(31), 600)
    return y_true, y_pred, mean_huber_loss(definitions.Pairs(y_true, y_pred), delta)


@pytest.mark.parametrize("delta", [1.0, 0.3, 1e-9, 1e9])
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_hubers_loss_is_within_half_an_ulp_and_a_hair(target: str, make: Maker, delta: float) -> None:
    y_true, y_pred, truth = huber_case(make, delta)
    assert ulp_between(squarely.mean_huber_loss(y_true, y_pred, delta=delta), truth) <= 0.51


def test_hubers_loss_is_exact_at_its_break(target: str) -> None:
    delta = 0.1
    errors = np.array([np.nextafter(delta, 0), delta, np.nextafter(delta, 1)] * 5)
    truth = mean_huber_loss(definitions.Pairs(np.zeros(15), errors), delta)
    assert ulp_between(squarely.mean_huber_loss(np.zeros(15), errors, delta=delta), truth) <= 0.51


def test_hubers_loss_without_outliers_is_half_the_squared_error(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, 2000))
    half = 0.5 * squarely.mean_squared_error(y_true, y_pred)
    assert squarely.mean_huber_loss(y_true, y_pred, delta=100.0) == half


@pytest.mark.parametrize("c", [4.685, 1.0, 0.1, 1e-8, 1e12])
def test_tukeys_loss_never_passes_its_largest_value(target: str, c: float) -> None:
    _, largest = _core.metrics["mean_tukey_loss"].range(c)
    errors = c * np.append(1 - 2.0 ** -np.arange(1, 60), np.linspace(0.9, 1.1, 2000))
    losses = squarely.mean_tukey_loss(np.zeros((1, len(errors))), errors[None], c=c, multioutput="raw_values")
    assert max(losses) == largest


@functools.cache
def tukey_cases(c: float, scale: float) -> list[tuple[Doubles, Doubles, mpmath.mpf]]:
    """Return many pairs, and some of them alone."""
    rng = np.random.default_rng(32)
    y_true = scale * rng.standard_normal(400)
    y_pred = y_true + c * rng.uniform(-1.2, 1.2, 400)
    sides = [(y_true, y_pred), *zip(y_true[:60, None], y_pred[:60, None], strict=True)]
    return [(y, p, mean_tukey_loss(definitions.Pairs(y, p), c)) for y, p in sides]


@pytest.mark.parametrize("c", [4.685, 1.0, 0.1, 1e-8, 1e12])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_tukeys_loss_is_within_6_ulp(target: str, c: float, scale: float) -> None:
    for y, p, truth in tukey_cases(c, scale):
        assert ulp_between(squarely.mean_tukey_loss(y, p, c=c), truth) <= 6


def test_tukeys_loss_does_not_see_how_far_outliers_are(target: str) -> None:
    most = squarely.mean_tukey_loss([0.0], [4.685])
    for far in (5.0, 1e9, 1e300, 1.7e308):
        assert squarely.mean_tukey_loss([0.0], [far]) == most
        assert squarely.mean_tukey_loss([-far], [far]) == most
    assert most == pytest.approx(4.685**2 / 6, rel=1e-15)


def test_an_infinite_error_under_a_bounded_loss_gives_no_number() -> None:
    assert math.isnan(squarely.mean_tukey_loss([0.0, 1.0], [math.inf, 1.0], nan_policy="propagate"))
    assert squarely.mean_huber_loss([0.0, 1.0], [math.inf, 1.0], nan_policy="propagate") == math.inf
    assert squarely.mean_log_cosh_loss([0.0, 1.0], [math.inf, 1.0], nan_policy="propagate") == math.inf


def mean_log_cosh(pairs: definitions.Pairs) -> mpmath.mpf:
    return sum(map(log_cosh, pairs.errors), DIGITS.mpf(0)) / len(pairs.errors)


@functools.cache
def log_cosh_cases(scale: float) -> list[tuple[Doubles, Doubles, mpmath.mpf]]:
    """Return many pairs, and some of them alone."""
    rng = np.random.default_rng(33)
    y_true = scale * rng.standard_normal(200)
    y_pred = y_true + scale * rng.standard_normal(200)
    sides = [(y_true, y_pred), *zip(y_true[:60, None], y_pred[:60, None], strict=True)]
    return [(y, p, mean_log_cosh(definitions.Pairs(y, p))) for y, p in sides]


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e-3, 1.0, 30.0, 1e9, 1e300])
def test_log_cosh_is_within_3_ulp(target: str, scale: float) -> None:
    for y, p, truth in log_cosh_cases(scale):
        assert ulp_between(squarely.mean_log_cosh_loss(y, p), truth) <= 3


def kling_gupta(pairs: definitions.Pairs, version: int) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Return the efficiency, and the distance under its root."""
    truth, prediction = pairs.variance(pairs.truth), pairs.variance(pairs.prediction)
    r = real(pairs.covariance(pairs.truth, pairs.prediction)) / DIGITS.sqrt(real(truth * prediction))
    beta = real(pairs.mean(pairs.prediction) / pairs.mean(pairs.truth))
    spread = DIGITS.sqrt(real(prediction / truth)) / (beta if version == 2012 else 1)
    distance = DIGITS.sqrt((r - 1) ** 2 + (spread - 1) ** 2 + (beta - 1) ** 2)
    return 1 - distance, distance


@pytest.mark.parametrize("version", [2009, 2012])
@pytest.mark.parametrize("noise", [1e-9, 1e-3, 1.0, 100.0])
def test_the_kling_gupta_efficiency_is_within_a_few_ulp_of_its_distance(version: int, noise: float) -> None:
    rng = np.random.default_rng(34)
    for _ in range(20):
        y_true = rng.standard_normal(50) + rng.uniform(-3, 3)
        y_pred = y_true * rng.uniform(0.5, 2) + noise * rng.standard_normal(50)
        value, distance = kling_gupta(definitions.Pairs(y_true, y_pred), version)
        result = squarely.kling_gupta_efficiency(y_true, y_pred, version=version)
        assert abs(DIGITS.mpf(result) - value) <= 4 * 2.0**-53 * max(1, distance)


def test_the_kling_gupta_efficiency_is_a_number_where_its_squares_are_none() -> None:
    y_true, y_pred = [1.0, 2.0, 4.0], [1e180, -3e180, 5e180]
    value, _ = kling_gupta(definitions.Pairs(y_true, y_pred), 2009)
    assert squarely.kling_gupta_efficiency(y_true, y_pred) == pytest.approx(float(value), rel=1e-15)


@pytest.mark.parametrize("version", [2009, 2012])
def test_the_edges_of_the_kling_gupta_efficiency(version: int) -> None:
    def metric(y_true: list[float], y_pred: list[float]) -> float:
        return squarely.kling_gupta_efficiency(y_true, y_pred, version=version)

    assert metric([1.0, 2.0, 4.0], [1.0, 2.0, 4.0]) == 1.0
    assert math.isnan(metric([2.0, 2.0], [1.0, 3.0]))
    assert math.isnan(metric([1.0, 3.0], [2.0, 2.0]))
    assert metric([-1.0, 1.0], [1.0, 2.0]) == -math.inf


def test_the_kling_gupta_efficiency_of_weights_is_that_of_repetition(rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(1, 1000, (2, 200)) / 8
    weights = rng.integers(1, 5, 200)
    weighted = squarely.kling_gupta_efficiency(y_true, y_pred, sample_weight=weights)
    assert weighted == squarely.kling_gupta_efficiency(np.repeat(y_true, weights), np.repeat(y_pred, weights))


LOSSES: list[Callable[..., float]] = [
    squarely.mean_huber_loss,
    squarely.mean_log_cosh_loss,
    squarely.mean_tukey_loss,
]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)


@every_loss
def test_the_same_bits_on_every_target_in_any_order(loss: Callable[..., float], rng: np.random.Generator) -> None:
    y_true = rng.standard_normal(3000)
    y_pred = y_true + rng.standard_normal(3000) * 10.0 ** rng.uniform(-5, 2, 3000)
    order = rng.permutation(3000)
    values = set()
    for target in squarely.targets():
        squarely.set_target(target)
        values |= {
            loss(y_true, y_pred),
            loss(y_true[order], y_pred[order]),
            loss(y_pred, y_true),
            loss(-y_true, -y_pred),
        }
    assert len(values) == 1


@every_loss
def test_integer_weights_equal_repetition(loss: Callable[..., float], rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(-1000, 1000, (2, 300)) / 64
    weights = rng.integers(0, 5, 300)
    weighted = loss(y_true, y_pred, sample_weight=weights)
    assert weighted == loss(np.repeat(y_true, weights), np.repeat(y_pred, weights))


@every_loss
def test_perfect_predictions_and_one_pair_are_no_edge(loss: Callable[..., float]) -> None:
    assert loss([2.0], [2.0]) == 0.0
    assert loss([2.0], [2.5]) > 0
    assert loss([[2.0, 1.0]], [[2.0, 1.5]]) == 0.5 * loss([1.0], [1.5])
    assert loss([2.0, math.nan], [2.5, 1.0], nan_policy="omit") == loss([2.0], [2.5])


def test_small_errors_cost_half_their_square_under_every_loss() -> None:
    half = rational.nearest_double(Fraction(1e-9) ** 2 / 2)
    for loss in LOSSES:
        assert loss([0.0], [1e-9]) == pytest.approx(half, rel=1e-15)

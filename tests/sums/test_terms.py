"""What every term adds to a sum: exactly itself where it is a polynomial, and elsewhere a double near it."""

from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from instruments.core_states import METRIC_OF, held, of_single_pairs, state_of
from oracles import rational
from oracles.state_bytes import ROWS, SUMMATIONS
from oracles.terms import LARGEST, RATIONAL, REAL, fraction_of, huber_loss, tweedie_parts

Array = npt.NDArray[np.float64]
UNIT = Fraction(1, 2**53)
SMALLEST = Fraction(1, 2**1074)
# A weighted term has two words: 2^-102 of it, and less where it is out of the kernels' range and no bit of it is lost.
OF_TWO_WORDS = Fraction(1, 2**100)
# Bits below it are cut off.
LAST_PLACE = Fraction(1, 2**2148)
# No weighted term may be as large.
BEYOND = 2**2074

# What moments sum loses nothing, in however many words. Two words of any other term hold most of it.
OF_TWO_WORDS_EACH = {name for name, _, facts in ROWS if ".words = 2" in facts and ".part" not in facts}

make_hard = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


def rationals(values: Array) -> list[Fraction]:
    return [Fraction(float(value)) for value in values]


def terms_of(term: str, y_true: Array, y_pred: Array) -> list[Fraction]:
    return [RATIONAL[term](y, p) for y, p in zip(rationals(y_true), rationals(y_pred), strict=True)]


@pytest.mark.parametrize("term", [term for term in RATIONAL if term not in OF_TWO_WORDS_EACH])
def test_sums_of_polynomials_are_exact(target: str, term: str, rng: np.random.Generator) -> None:
    for make in MAKERS:
        y_true, y_pred = make(rng, 1400)
        assert held(METRIC_OF[term], y_true, y_pred)[term] == sum(terms_of(term, y_true, y_pred))


@pytest.mark.parametrize("term", sorted(OF_TWO_WORDS_EACH & set(RATIONAL)))
@make_hard
def test_polynomials_of_two_words_keep_a_hundred_bits(
    target: str, term: str, make: Maker, rng: np.random.Generator
) -> None:
    y_true, y_pred = make(rng, 700)
    assert_keeps_a_hundred_bits(term, METRIC_OF[term], y_true, y_pred, terms_of(term, y_true, y_pred))


@pytest.mark.parametrize("delta", [1.0, 1e-200, 1e200])
@make_hard
def test_huber_losses_keep_a_hundred_bits(target: str, delta: float, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 700)
    exact = [huber_loss(y - p, delta) for y, p in zip(rationals(y_true), rationals(y_pred), strict=True)]
    assert_keeps_a_hundred_bits("huber_loss", ("mean_huber_loss", delta), y_true, y_pred, exact)


def assert_keeps_a_hundred_bits(
    term: str, metric: tuple[str, float], y_true: Array, y_pred: Array, exact: list[Fraction]
) -> None:
    bound = OF_TWO_WORDS * sum(map(abs, exact)) + len(exact) * LAST_PLACE
    assert abs(held(metric, y_true, y_pred)[term] - sum(exact)) <= bound


def ordinary_weights(rng: np.random.Generator, length: int) -> Array:
    return rng.random(length)


def weights_of_all_signs_and_sizes(rng: np.random.Generator, length: int) -> Array:
    weights = rng.standard_normal(length) * 10.0 ** rng.uniform(-90, 90, length)
    weights[rng.random(length) < 0.2] = 0
    return weights


def weights_beyond_the_kernel(rng: np.random.Generator, length: int) -> Array:
    weights = np.ones(length)
    weights[::7] = 1e-90
    weights[::11] = 1e90
    return weights


@pytest.mark.parametrize("term", [*RATIONAL, "huber_loss"])
@pytest.mark.parametrize(
    "weigh", [ordinary_weights, weights_of_all_signs_and_sizes, weights_beyond_the_kernel], ids=lambda f: f.__name__
)
def test_weighted_sums_keep_a_hundred_bits(
    target: str,
    term: str,
    weigh: Callable[[np.random.Generator, int], Array],
    rng: np.random.Generator,
) -> None:
    for make in MAKERS:
        y_true, y_pred = make(rng, 600)
        weights = weigh(rng, 600)
        metric = METRIC_OF.get(term, ("mean_huber_loss", 1.5))
        if term == "huber_loss":
            exact = [huber_loss(y - p, 1.5) for y, p in zip(rationals(y_true), rationals(y_pred), strict=True)]
        else:
            exact = terms_of(term, y_true, y_pred)
        weights[[abs(Fraction(w) * value) >= BEYOND for w, value in zip(weights.tolist(), exact, strict=True)]] = 1
        weighed = [w * value for w, value in zip(rationals(weights), exact, strict=True)]
        found = held(metric, y_true, y_pred, weights)
        assert found["sample_weight"] == sum(rationals(weights))
        assert abs(found[term] - sum(weighed)) <= OF_TWO_WORDS * sum(map(abs, weighed)) + 600 * LAST_PLACE
        if term in ("truth", "prediction", "absolute_truth"):
            assert found[term] == sum(weighed)


@make_hard
def test_weighted_sums_of_truth_and_its_square_are_exact(target: str, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 900)
    y_true[abs(y_true) < 1e-290] = 0  # so that no bit is below the last place
    weights = rng.standard_normal(900)
    weights[::9] = 0
    found = held(METRIC_OF["truth"], y_true, y_pred, weights)
    pairs = list(zip(rationals(weights), rationals(y_true), strict=True))
    assert found["truth"] == sum(w * y for w, y in pairs)
    assert found["squared_truth"] == sum(w * y * y for w, y in pairs)


@pytest.mark.parametrize("factor", [-1.2, -1.6, -1.7, -2.0, -2.3, -2.4, 1.2, 2.0])
@pytest.mark.parametrize("scale", range(6, 14))
def test_values_of_either_sign_around_the_window_are_exact(target: str, factor: float, scale: int) -> None:
    # The first block chooses a window by its largest value, 1.
    y_true = np.ones(1100)
    y_true[700] = factor * 1.5 * 2.0**scale
    weights = np.full(1100, 0.75)
    assert held(METRIC_OF["truth"], y_true, y_true, weights)["truth"] == Fraction(3, 4) * sum(rationals(y_true))


@pytest.mark.parametrize("summation", SUMMATIONS)
def test_weighted_terms_beyond_the_sums_are_infinite(target: str, summation: str) -> None:
    y_true, y_pred, weights = np.full(600, 1e200), np.zeros(600), np.full(600, 1e300)
    for metric in (("mean_squared_error", 0.0), ("root_mean_squared_error", 0.0)):
        assert state_of([metric], y_true, y_pred, weights, summation=summation).values(*metric) == [np.inf]
    state = state_of([("r2_score", 1.0)], y_true, y_pred, weights, summation=summation)
    assert np.isnan(state.values("r2_score", 1.0)).all()


# Metric, parameter, term, the domain of the data, and how many halves of an ulp it may be off.
SINGLE_WORDS: list[tuple[str, float, str, str, int]] = [
    ("mean_absolute_percentage_error", 0.0, "absolute_percentage_error", "any", 3),
    ("symmetric_mean_absolute_percentage_error", 2.0, "symmetric_absolute_percentage_error", "any", 4),
    ("mean_squared_log_error", 0.0, "squared_log_error", "above -1", 10),
    ("mean_log_cosh_loss", 0.0, "log_cosh_loss", "any", 6),
    *(("mean_tukey_loss", c, "tukey_loss", "any", 8) for c in (4.685, 1e-3, 1e6, 1e200, 1e-200)),
    ("mean_poisson_deviance", 0.0, "poisson_deviance", "positive", 14),
    ("mean_gamma_deviance", 0.0, "gamma_deviance", "positive", 10),
    ("d2_tweedie_score", 1.0, "truth_of_poisson_deviance", "positive", 4),
    ("d2_tweedie_score", 2.0, "truth_of_gamma_deviance", "positive", 3),
    *(
        (metric, power, term, "positive", 10)
        for metric, term in (
            ("mean_tweedie_deviance", "tweedie_deviance"),
            ("d2_tweedie_score", "truth_of_tweedie_deviance"),
        )
        for power in (-3.0, -0.5, 1.1, 1.5, 1.9, 2.5, 3.0, 7.0)
    ),
]
single_words = pytest.mark.parametrize(("metric", "parameter", "term", "domain", "bound"), SINGLE_WORDS)


def in_domain(domain: str, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    if domain == "any":
        return y_true, y_pred
    y_true, y_pred = abs(y_true), abs(y_pred)
    if domain == "positive":
        y_true[y_true == 0], y_pred[y_pred == 0] = 1, 1
    else:
        y_true[::5] = np.nextafter(-1, 0)
        y_pred[::7] = -0.5
    return y_true, y_pred


def size_of(term: str, exact: Fraction, y: float, p: float, parameter: float) -> Fraction:
    """Return what an error is measured against: the term, or where powers cancel, those."""
    if term != "tweedie_deviance" or abs(Fraction(y) - Fraction(p)) * 16 * Fraction(max(1, abs(parameter))) <= p:
        return abs(exact)
    return sum((abs(fraction_of(part)) for part in tweedie_parts(y, p, parameter)), Fraction(0))


@single_words
@make_hard
@mpmath.workdps(60)
def test_terms_are_near_what_sixty_digits_say(
    metric: str, parameter: float, term: str, domain: str, bound: int, make: Maker, rng: np.random.Generator
) -> None:
    y_true, y_pred = in_domain(domain, *make(rng, 60))
    state = state_of([(metric, parameter)], y_true.reshape(1, -1), y_pred.reshape(1, -1))
    assert not any(state.outside(metric, parameter))
    values = of_single_pairs((metric, parameter), term, y_true, y_pred)
    for y, p, value in zip(y_true.tolist(), y_pred.tolist(), values, strict=True):
        if y == p and not term.startswith("truth"):
            assert value == 0
            continue
        exact = fraction_of(REAL[term](y, p, parameter))
        if abs(exact) > LARGEST:
            assert value == 0  # and counted as infinite
            continue
        # Below the normal numbers, up to four of the smallest.
        error = abs(value - exact) - 4 * SMALLEST
        assert error <= bound * UNIT * size_of(term, exact, y, p, parameter), (y, p)


@single_words
def test_sums_are_those_of_the_terms_of_single_pairs(
    target: str,
    metric: str,
    parameter: float,
    term: str,
    domain: str,
    bound: int,
    rng: np.random.Generator,
) -> None:
    for make in MAKERS:
        y_true, y_pred = in_domain(domain, *make(rng, 600))
        singles = of_single_pairs((metric, parameter), term, y_true, y_pred)
        assert held((metric, parameter), y_true, y_pred)[term] == sum(singles)


@single_words
def test_weighted_sums_are_those_of_weighted_terms(
    target: str, metric: str, parameter: float, term: str, domain: str, bound: int, rng: np.random.Generator
) -> None:
    y_true, y_pred = in_domain(domain, rng.lognormal(0, 3, 700), rng.lognormal(0, 3, 700))
    weights = rng.standard_normal(700) * 10.0 ** rng.uniform(-99, 99, 700)
    weights[::13] = 0
    singles = of_single_pairs((metric, parameter), term, y_true, y_pred)
    expected = sum(w * value for w, value in zip(rationals(weights), singles, strict=True))
    found = held((metric, parameter), y_true, y_pred, weights)[term]
    assert abs(found - expected) <= 700 * LAST_PLACE


@single_words
def test_every_target_has_the_same_terms(
    metric: str, parameter: float, term: str, domain: str, bound: int, rng: np.random.Generator
) -> None:
    for make in MAKERS:
        y_true, y_pred = in_domain(domain, *make(rng, 700))
        states = set()
        for name in squarely.targets():
            squarely.set_target(name)
            states.add(state_of([(metric, parameter)], y_true, y_pred).to_bytes())
        assert len(states) == 1


OUTSIDE = [
    ("mean_squared_log_error", 0.0, [(-1.0, 1.0), (1.0, -1.0), (-2.0, 0.0)]),
    ("mean_poisson_deviance", 0.0, [(-1.0, 1.0), (1.0, 0.0), (0.0, 0.0), (1.0, -1.0), (-1.0, -1.0)]),
    ("mean_gamma_deviance", 0.0, [(0.0, 1.0), (1.0, 0.0), (-1.0, -1.0)]),
    ("mean_tweedie_deviance", -1.0, [(1.0, 0.0), (1.0, -2.0)]),
    ("mean_tweedie_deviance", 1.5, [(-1.0, 1.0), (1.0, 0.0), (0.0, -1.0)]),
    ("mean_tweedie_deviance", 3.0, [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.0)]),
]


@pytest.mark.parametrize(("metric", "parameter", "pairs"), OUTSIDE)
@pytest.mark.parametrize("weight", [None, 2.0, 0.0, -1e300])
def test_pairs_outside_the_domain_are_counted(
    target: str, metric: str, parameter: float, pairs: list[tuple[float, float]], weight: float | None
) -> None:
    for y, p in pairs:
        for length in (1, 64, 700):
            y_true, y_pred = np.ones(length), np.full(length, 2.0)
            y_true[-1], y_pred[-1] = y, p
            weights = None if weight is None else np.full(length, weight)
            state = state_of([(metric, parameter)], y_true, y_pred, weights)
            assert state.outside(metric, parameter) == [1]
            assert np.isnan(state.values(metric, parameter)).all()


def test_zeros_in_the_domain_have_their_limits(target: str) -> None:
    zero, one = np.zeros(1), np.ones(1)
    for metric, parameter, expected in (
        ("mean_poisson_deviance", 0.0, 2.0),
        ("mean_tweedie_deviance", 1.5, 4.0),
        ("mean_tweedie_deviance", -1.0, 1 / 3 * 2),
        ("symmetric_mean_absolute_percentage_error", 2.0, 2.0),
        ("mean_absolute_percentage_error", 0.0, 2.0**52),
    ):
        for sign in (1.0, -1.0):
            found = state_of([(metric, parameter)], sign * zero, one).values(metric, parameter)
            assert found == pytest.approx([expected], rel=1e-15)
    both = state_of([("symmetric_mean_absolute_percentage_error", 2.0)], zero, -zero)
    assert both.values("symmetric_mean_absolute_percentage_error", 2.0) == [0.0]


@pytest.mark.parametrize(
    ("metric", "parameter", "y", "p"),
    [
        ("mean_log_cosh_loss", 0.0, 1.7e308, -1.7e308),
        ("mean_absolute_percentage_error", 0.0, 0.0, 1e300),
        ("mean_gamma_deviance", 0.0, 1e200, 1e-200),
        ("mean_tweedie_deviance", 3.0, 1e-320, 1e-318),
        ("mean_tukey_loss", 1e300, 1e299, -1e299),
    ],
)
def test_terms_beyond_the_largest_double_are_infinite(
    target: str, metric: str, parameter: float, y: float, p: float
) -> None:
    y_true, y_pred = np.full(600, 2.0), np.ones(600)
    y_true[500], y_pred[500] = y, p
    assert state_of([(metric, parameter)], y_true, y_pred).values(metric, parameter) == [np.inf]
    # No part of such a term is none of it, and any other part is infinite.
    weights = np.ones(600)
    assert state_of([(metric, parameter)], y_true, y_pred, weights).values(metric, parameter) == [np.inf]
    weights[500] = 0
    without = state_of([(metric, parameter)], np.delete(y_true, 500), np.delete(y_pred, 500))
    found = state_of([(metric, parameter)], y_true, y_pred, weights)
    assert found.values(metric, parameter) == without.values(metric, parameter)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_moments_of_integers_no_double_holds_are_exact(target: str, dtype: type, rng: np.random.Generator) -> None:
    top = np.iinfo(dtype).max
    y_true = rng.integers(top - 2**40, top, 900, dtype=dtype)
    y_pred = rng.integers(top - 2**41, top, 900, dtype=dtype)
    y_true[::3] = rng.integers(0, 100, 300)
    weights = rng.standard_normal(900)
    for term, metric in METRIC_OF.items():
        exact = [RATIONAL[term](Fraction(int(y)), Fraction(int(p))) for y, p in zip(y_true, y_pred, strict=True)]
        assert held(metric, y_true, y_pred)[term] == sum(exact)
        weighed = [w * value for w, value in zip(rationals(weights), exact, strict=True)]
        found = held(metric, y_true, y_pred, weights)[term]
        assert abs(found - sum(weighed)) <= OF_TWO_WORDS * sum(map(abs, weighed))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_largest_error_of_integers_is_correctly_rounded(target: str, weighted: bool) -> None:
    y_true = np.array([2**62 + 2**9 + 1, 5, -(2**63)])
    y_pred = np.array([-(2**62), 3, 2**63 - 1])
    weights = np.ones(3) if weighted else None
    for count in (1, 2, 3):
        exact = max(abs(int(y) - int(p)) for y, p in zip(y_true[:count], y_pred[:count], strict=True))
        found = state_of(
            [("max_error", 0.0)], y_true[:count], y_pred[:count], None if weights is None else weights[:count]
        )
        assert found.values("max_error") == [rational.nearest_double(Fraction(exact))]


@make_hard
def test_extremes_are_those_of_the_data(target: str, make: Maker, rng: np.random.Generator) -> None:
    for length in (1, 63, 64, 65, 1300):
        y_true, y_pred = make(rng, length)
        found = held(("normalized_root_mean_squared_error", 0.0), y_true, y_pred)
        assert (found["least_truth"], found["greatest_truth"]) == (y_true.min(), y_true.max())
        with np.errstate(over="ignore"):
            largest = abs(y_true - y_pred).max()
        assert state_of([("max_error", 0.0)], y_true, y_pred).values("max_error") == [largest]

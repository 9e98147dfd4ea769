"""What every term adds to a sum: exactly itself where no bit is lost, and elsewhere a double near it."""

import functools
import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from instruments.core_states import Summed, every_term, held, of_single_pairs, state_of, terms_of
from oracles import counts_by_size, rational, tables
from oracles.state_bytes import SUMMATIONS
from oracles.terms import (
    DOMAINS,
    EXTREMES,
    HALVES_OF_AN_ULP,
    LARGEST,
    RATIONAL,
    REAL,
    UNIT,
    exact_term,
)
from squarely import _core

Array = npt.NDArray[np.float64]
SMALLEST = Fraction(1, 2**1074)
# A term that is rounded has two words: 2^-102 of it, and less where it is out of the kernels' range and no bit is lost.
OF_TWO_WORDS = Fraction(1, 2**100)
# Bits below it are cut off.
LAST_PLACE = Fraction(1, 2**2148)
# Every sum holds any squared error, and so a weighted term that is no larger.
LARGEST_SQUARE = int(2 * LARGEST) ** 2

EVERY_TERM = [one for one in every_term() if one.term not in EXTREMES]
TO_THE_LAST_BIT = [
    one for one in EVERY_TERM if one.term not in HALVES_OF_AN_ULP and not tables.TERMS[one.term].is_rounded_to_two_words
]
OF_A_HUNDRED_BITS = [one for one in EVERY_TERM if tables.TERMS[one.term].is_rounded_to_two_words]


def lost_of(summed: Summed) -> Fraction:
    return OF_TWO_WORDS if tables.TERMS[summed.term].is_rounded_to_two_words else Fraction(0)


TO_SOME_ULP = [one for one in EVERY_TERM if one.term in HALVES_OF_AN_ULP]


def each(terms: list[Summed]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("summed", terms, ids=lambda one: f"{one.term}-{one.metric}-{one.parameter}")


OF_TRUTH = ("variance_of_truth", 0.0)

make_hard = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


def test_every_term_has_a_definition_and_a_metric_that_sums_it() -> None:
    summed = {name for name, term in tables.TERMS.items() if not term.is_by_size}
    assert {*RATIONAL, *REAL, *EXTREMES} == summed
    assert {*counts_by_size.TERMS} == {*tables.TERMS} - summed
    assert {one.term for one in every_term()} | {"sample_weight"} == summed
    assert set(REAL) <= set(HALVES_OF_AN_ULP)


def rationals(values: Array) -> list[Fraction]:
    return [Fraction(float(value)) for value in values]


def exact_terms(summed: Summed, y_true: Array, y_pred: Array) -> list[Fraction]:
    pairs = zip(y_true.tolist(), y_pred.tolist(), strict=True)
    return [exact_term(summed.term, y, p, summed.parameter) for y, p in pairs]


class Data(NamedTuple):
    """Rows, the exact sums of weights and of terms, and that of sizes of terms where some of it may be lost."""

    y_true: Array
    y_pred: Array
    weights: Array | None
    weight: Fraction
    total: Fraction
    sizes: Fraction


def data_of(summed: Summed, y_true: Array, y_pred: Array, exact: list[Fraction], weights: Array | None = None) -> Data:
    plain, sizes = (None, None) if weights is None else (weights.tolist(), abs(weights).tolist())
    of_sizes = rational.total(map(abs, exact), sizes) if lost_of(summed) else Fraction(0)
    weight = Fraction(len(exact)) if plain is None else rational.total(map(Fraction, plain))
    return Data(y_true, y_pred, weights, weight, rational.total(exact, plain), of_sizes)


# Once for all targets, as all that is cached here: to add rationals takes longer than all else.
@functools.cache
def hard_data(summed: Summed, length: int, seed: int) -> list[Data]:
    rng = np.random.default_rng(seed)
    sides = [make(rng, length) for make in MAKERS]
    return [data_of(summed, y_true, y_pred, exact_terms(summed, y_true, y_pred)) for y_true, y_pred in sides]


def seed_of(rng: np.random.Generator) -> int:
    return int(rng.integers(2**63))


@each(TO_THE_LAST_BIT)
def test_sums_of_what_no_bit_is_lost_of_are_exact(target: str, summed: Summed, rng: np.random.Generator) -> None:
    for data, make in zip(hard_data(summed, 1400, seed_of(rng)), MAKERS, strict=True):
        assert held(summed.asked, data.y_true, data.y_pred)[summed.term] == data.total, make.__name__


@each(OF_A_HUNDRED_BITS)
def test_terms_of_two_words_keep_a_hundred_bits(target: str, summed: Summed, rng: np.random.Generator) -> None:
    for data, make in zip(hard_data(summed, 700, seed_of(rng)), MAKERS, strict=True):
        bound = OF_TWO_WORDS * data.sizes + 700 * LAST_PLACE
        assert abs(held(summed.asked, data.y_true, data.y_pred)[summed.term] - data.total) <= bound, make.__name__


def ordinary_weights(rng: np.random.Generator, length: int) -> Array:
    return rng.random(length)


def weights_of_all_signs_and_sizes(rng: np.random.Generator, length: int) -> Array:
    weights = rng.standard_normal(length) * 10.0 ** rng.uniform(-90, 90, length)
    weights[rng.random(length) < 0.2] = 0
    return weights


def weights_of_any_size(rng: np.random.Generator, length: int) -> Array:
    return 10.0 ** rng.choice([-300, -150, -90, 0, 0, 0, 90, 150, 300], length)


def is_too_large(value: Fraction, weight: float) -> bool:
    """Whether a weighed term is too large for a sum."""
    (n, below), (of_weight, below_weight) = value.as_integer_ratio(), weight.as_integer_ratio()
    return abs(n * of_weight) > LARGEST_SQUARE * below * below_weight


Weigh = Callable[[np.random.Generator, int], Array]


@functools.cache
def weighed_data(summed: Summed, weigh: Weigh, seed: int, are_tiny_left_out: bool = False) -> list[Data]:
    rng = np.random.default_rng(seed)
    found = []
    for make in MAKERS:
        y_true, y_pred = make(rng, 600)
        if are_tiny_left_out:
            y_true[abs(y_true) < 1e-200] = y_pred[abs(y_pred) < 1e-200] = 0
        weights, exact = weigh(rng, 600), exact_terms(summed, y_true, y_pred)
        weights[[is_too_large(*row) for row in zip(exact, weights.tolist(), strict=True)]] = 1
        found.append(data_of(summed, y_true, y_pred, exact, weights))
    return found


@each([*TO_THE_LAST_BIT, *OF_A_HUNDRED_BITS])
@pytest.mark.parametrize(
    "weigh", [ordinary_weights, weights_of_all_signs_and_sizes, weights_of_any_size], ids=lambda f: f.__name__
)
def test_weighted_sums_keep_every_bit(target: str, summed: Summed, weigh: Weigh, rng: np.random.Generator) -> None:
    for data in weighed_data(summed, weigh, seed_of(rng)):
        found = held(summed.asked, data.y_true, data.y_pred, data.weights)
        assert found["sample_weight"] == data.weight
        assert abs(found[summed.term] - data.total) <= lost_of(summed) * data.sizes + 600 * LAST_PLACE


@each(TO_THE_LAST_BIT)
def test_weighted_sums_of_numbers_that_are_not_tiny_are_exact(
    target: str, summed: Summed, rng: np.random.Generator
) -> None:
    # No bit is below the last place.
    for data in weighed_data(summed, weights_of_all_signs_and_sizes, seed_of(rng), are_tiny_left_out=True):
        assert held(summed.asked, data.y_true, data.y_pred, data.weights)[summed.term] == data.total


@make_hard
def test_weighted_sums_of_truth_and_its_square_are_exact(target: str, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 900)
    y_true[abs(y_true) < 1e-290] = 0  # so that no bit is below the last place
    weights = rng.standard_normal(900)
    weights[::9] = 0
    found = held(OF_TRUTH, y_true, y_pred, weights)
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
    assert held(OF_TRUTH, y_true, y_true, weights)["truth"] == Fraction(3, 4) * sum(rationals(y_true))


@pytest.mark.parametrize("summation", SUMMATIONS)
def test_weighted_terms_beyond_the_sums_are_infinite(target: str, summation: str) -> None:
    y_true, y_pred, weights = np.full(600, 1e200), np.zeros(600), np.full(600, 1e300)
    for metric in (("mean_squared_error", 0.0), ("root_mean_squared_error", 0.0)):
        assert state_of([metric], y_true, y_pred, weights, summation=summation).values(*metric) == [np.inf]
    state = state_of([("r2_score", 1.0)], y_true, y_pred, weights, summation=summation)
    assert np.isnan(state.values("r2_score", 1.0)).all()


def in_domain(summed: Summed, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    domain = _core.metrics[summed.metric].domain
    if not domain:
        return y_true, y_pred
    y_true, y_pred = abs(y_true), abs(y_pred)
    if domain == "deviance":
        y_true[y_true == 0], y_pred[y_pred == 0] = 1, 1
    else:
        y_true[::5] = np.nextafter(-1, 0)
        y_pred[::7] = -0.5
    return y_true, y_pred


@functools.lru_cache(maxsize=40_000)
def least_and_greatest(summed: Summed, y: float, p: float) -> tuple[Fraction, Fraction]:
    """Return between which numbers the term of a pair may be."""
    exact = exact_term(summed.term, y, p, summed.parameter)
    if abs(exact) > LARGEST:
        return Fraction(0), Fraction(0)  # and counted as infinite
    # Below the normal numbers, up to four of the smallest.
    error = HALVES_OF_AN_ULP[summed.term] * UNIT * abs(exact) + (4 * SMALLEST if exact else 0)
    return exact - error, exact + error


def assert_is_near(value: Fraction, summed: Summed, y: float, p: float) -> None:
    least, greatest = least_and_greatest(summed, y, p)
    assert least <= value <= greatest, (y.hex(), p.hex())


@each(TO_SOME_ULP)
def test_terms_are_near_what_sixty_digits_say(target: str, summed: Summed, rng: np.random.Generator) -> None:
    for make in MAKERS:
        y_true, y_pred = in_domain(summed, *make(rng, 60))
        state = state_of([summed.asked], y_true.reshape(1, -1), y_pred.reshape(1, -1))
        assert not any(state.outside(*summed.asked)), make.__name__
        values = of_single_pairs(summed.asked, summed.term, y_true, y_pred)
        for value, y, p in zip(values, y_true.tolist(), y_pred.tolist(), strict=True):
            assert_is_near(value, summed, y, p)


# Three full blocks and a rest, and a row inside the first and the middle one.
ROWS, FIRST, MIDDLE = 3 * 512 + 100, 5, 512 + 301


def assert_pairs_add_amid_blocks_what_they_add_alone(
    summed: Summed, rows: list[int], weighted: bool, pairs: list[tuple[Array, Array]], rng: np.random.Generator
) -> None:
    y_true, y_pred = rng.lognormal(0, 1, (2, ROWS))
    weights = np.where(np.isin(np.arange(ROWS), rows), 1.0, rng.uniform(0.5, 2, ROWS)) if weighted else None
    without = held(summed.asked, y_true, y_pred, weights)[summed.term]
    replaced = sum(of_single_pairs(summed.asked, summed.term, y_true[rows], y_pred[rows]), Fraction(0))
    lost = lost_of(summed) if weighted else 0
    for sides in pairs:
        alone = of_single_pairs(summed.asked, summed.term, *sides)
        for y, p, value in zip(*sides, alone, strict=True):
            y_true[rows], y_pred[rows] = y, p
            found = held(summed.asked, y_true, y_pred, weights)[summed.term] - without + replaced
            expected = len(rows) * value
            assert abs(found - expected) <= lost * (abs(expected) + abs(replaced)), (y.hex(), p.hex())


@each(EVERY_TERM)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_pair_amid_full_blocks_adds_what_it_adds_alone(
    target: str, summed: Summed, weighted: bool, rng: np.random.Generator
) -> None:
    pairs = [in_domain(summed, *make(rng, 4)) for make in MAKERS]
    assert_pairs_add_amid_blocks_what_they_add_alone(summed, [MIDDLE], weighted, pairs, rng)


# Quotients where ways to a logarithm part, and numbers and quotients that few pairs go beyond.
LIMITS = (0.5, 0.6875, 1.375, 2.0, 2.0**-960, 2.0**-1000, 2.0**-1022, 2.0**-1040, 2.0**1000, 2.0**1022)


@each(TO_SOME_ULP)
def test_pairs_at_the_limits_of_the_short_way_add_what_they_add_alone(
    target: str, summed: Summed, rng: np.random.Generator
) -> None:
    near = np.array([(np.nextafter(limit, 0), limit, np.nextafter(limit, 4 * limit)) for limit in LIMITS]).ravel()
    ones = np.ones_like(near)
    sides = (near, ones), (ones, near), (3 * near, near), (near, 3 * near), (1.25 * near, near), (0 * ones, near)
    pairs = [in_domain(summed, *side) for side in sides]
    # In the first block, too: then the sums are ready for its size.
    assert_pairs_add_amid_blocks_what_they_add_alone(summed, [FIRST, MIDDLE], False, pairs, rng)


@each(TO_SOME_ULP)
def test_sums_are_those_of_the_terms_of_single_pairs(target: str, summed: Summed, rng: np.random.Generator) -> None:
    for make in MAKERS:
        y_true, y_pred = in_domain(summed, *make(rng, 200))
        once = rational.total(of_single_pairs(summed.asked, summed.term, y_true, y_pred))
        for times in (1, 8):  # less than a block, and several
            repeated = np.tile(y_true, times), np.tile(y_pred, times)
            assert held(summed.asked, *repeated)[summed.term] == times * once, make.__name__


@each(TO_SOME_ULP)
def test_weighted_sums_are_those_of_weighted_terms(target: str, summed: Summed, rng: np.random.Generator) -> None:
    y_true, y_pred = in_domain(summed, rng.lognormal(0, 3, ROWS), rng.lognormal(0, 3, ROWS))
    weights = rng.standard_normal(ROWS) * 10.0 ** rng.uniform(-99, 99, ROWS)
    weights[::13] = 0
    singles = of_single_pairs(summed.asked, summed.term, y_true, y_pred)
    found = held(summed.asked, y_true, y_pred, weights)[summed.term]
    assert abs(found - rational.total(singles, weights.tolist())) <= ROWS * LAST_PLACE


@each(TO_SOME_ULP)
def test_every_target_has_the_same_terms(summed: Summed, rng: np.random.Generator) -> None:
    for make in MAKERS:
        y_true, y_pred = in_domain(summed, *make(rng, 700))
        states = set()
        for name in squarely.targets():
            squarely.set_target(name)
            states.add(state_of([summed.asked], y_true, y_pred).to_bytes())
        assert len(states) == 1


WITH_A_DOMAIN = [one for one in EVERY_TERM if one.term in DOMAINS and terms_of(one.asked) == (one.term,)]
AT_THE_EDGES = list(itertools.product((-2.0, -1.0, -0.0, 0.0, 1.0), repeat=2))


POWERS = (
    *(1 + step for step in (2**-52, 1e-14, 1e-9, 1e-4, 0.3, 0.5 - 2**-52, 0.5, 0.9, 1 - 2**-52)),
    *(2 + step for step in (2**-51, 1e-14, 1e-9, 1e-4, 1.0, 50.0)),
    *(-step for step in (1e-300, 1e-17, 1e-4, 0.5, 1.0, 50.0)),
)


@pytest.mark.parametrize("power", POWERS)
def test_tweedie_deviances_of_every_power_keep_their_digits(
    target: str, power: float, rng: np.random.Generator
) -> None:
    summed = Summed("tweedie_deviance", "mean_tweedie_deviance", power)
    p = np.concatenate([np.exp(rng.normal(0, 3, 200)), 10.0 ** rng.uniform(-300, 300, 200)])
    near = p * (1 + rng.normal(0, 1, 400) * 10.0 ** rng.uniform(-16, 0, 400))
    far = np.clip(p, 1e-270, 1e270) * 10.0 ** rng.uniform(-30, 30, 400)
    apart = 10.0 ** rng.uniform(-300, 300, 400)
    everything = np.abs(np.concatenate([near, far, apart]))
    y_true, y_pred = np.clip(everything, 1e-307, 1e307), np.tile(p, 3)
    if power < 0:
        y_true *= rng.choice([1, 1, -1], len(y_true))
    values = of_single_pairs(summed.asked, summed.term, y_true, y_pred)
    for value, y, prediction in zip(values, y_true.tolist(), y_pred.tolist(), strict=True):
        assert_is_near(value, summed, y, prediction)


@each(WITH_A_DOMAIN)
@pytest.mark.parametrize("weight", [None, 2.0, -1e300])
def test_pairs_outside_the_domain_are_counted(target: str, summed: Summed, weight: float | None) -> None:
    outside = [pair for pair in AT_THE_EDGES if not DOMAINS[summed.term](*pair, summed.parameter)]
    assert outside
    for (y, p), length in itertools.product(outside, (1, 64, 700)):
        y_true, y_pred = np.ones(length), np.full(length, 2.0)
        y_true[-1], y_pred[-1] = y, p
        weights = None if weight is None else np.full(length, weight)
        state = state_of([summed.asked], y_true, y_pred, weights)
        assert state.outside(*summed.asked) == [1], (y, p)
        assert np.isnan(state.values(*summed.asked)).all()


@each(WITH_A_DOMAIN)
def test_pairs_without_weight_are_in_no_domain(target: str, summed: Summed) -> None:
    for length in (2, 64, 700):
        y_true, y_pred, weights = np.ones(length), np.full(length, 2.0), np.ones(length)
        expected = state_of([summed.asked], y_true[:-1], y_pred[:-1], weights[:-1])
        y_true[-1] = y_pred[-1] = -2.0
        weights[-1] = 0
        state = state_of([summed.asked], y_true, y_pred, weights)
        assert state.outside(*summed.asked) == [0]
        assert (state.pairs, state.masked) == ([length - 1], [1])
        assert state.values(*summed.asked) == expected.values(*summed.asked)


@each(WITH_A_DOMAIN)
def test_pairs_at_the_edge_of_the_domain_are_in_it(target: str, summed: Summed) -> None:
    for y, p in AT_THE_EDGES:
        if DOMAINS[summed.term](y, p, summed.parameter):
            state = state_of([summed.asked], np.array([y]), np.array([p]))
            assert state.outside(*summed.asked) == [0], (y, p)
            (value,) = of_single_pairs(summed.asked, summed.term, np.array([y]), np.array([p]))
            assert_is_near(value, summed, y, p)


SMAPE = ("symmetric_mean_absolute_percentage_error", 2.0)
SEARCHED = (
    (SMAPE, "0x1.6df670baed3bep-4", "0x1.0933bfb0ba7f4p+3"),
    (SMAPE, "0x1.038c91dc3e94dp+3", "0x1.ce79a4919d780p-5"),
    (SMAPE, "0x1.fe9fd37ad3bedp-11", "0x1.046c93de7edcap+0"),
    (("mean_poisson_deviance", 0.0), "0x1.45386dafadd98p-1", "0x1.aff4cf4bf6c91p-2"),
    (("mean_poisson_deviance", 0.0), "0x1.52102102934bfp+0", "0x1.0df601ab07c6cp+0"),
    (("mean_poisson_deviance", 0.0), "0x1.50510d0256f3cp-1", "0x1.c0cf775702ea4p-1"),
    (("mean_poisson_deviance", 0.0), "0x1.486f8a8c27d3fp+1", "0x1.d8abaa4dd6f65p+0"),
    (("mean_poisson_deviance", 0.0), "0x1.2e70a9904c190p+1", "0x1.acfe85da42f67p+0"),
    (
        ("mean_poisson_deviance", 0.0),
        "0x1.5fffffffffffbp+53",
        "0x1.ffffffffffff9p+52",
    ),  # one plus the ratio rounds to 1.375
    (("mean_gamma_deviance", 0.0), "0x1.b888b08982b65p-2", "0x1.e752cf99dba8ep-1"),
    (("mean_gamma_deviance", 0.0), "0x1.0085eb54a269ep+2", "0x1.f2ec6d431573dp+0"),
    (("mean_squared_log_error", 0.0), "0x1.b75c407fe7046p-13", "0x1.d774158e961f6p-11"),
    (("mean_squared_log_error", 0.0), "0x1.f283a3714ed89p+3", "0x1.038307c90219ap+5"),
    (("mean_tukey_loss", 4.685), "-0x1.3b8c3e7480b6ap-7", "0x1.289b82d29040dp+2"),
    (("mean_tukey_loss", 0.3), "-0x1.7aba0daec8a80p-9", "0x1.2737ef5336ad6p-2"),
    (("mean_tweedie_deviance", 2 - 1e-7), "0x1.1596988e49a94p-710", "0x1.892ffd2799a94p+3"),
)


@pytest.mark.parametrize(("asked", "y", "p"), SEARCHED)
def test_pairs_found_by_searching_are_within_the_bounds(target: str, asked: tuple[str, float], y: str, p: str) -> None:
    summed = Summed(terms_of(asked)[0], *asked)
    truth, prediction = float.fromhex(y), float.fromhex(p)
    (value,) = of_single_pairs(asked, summed.term, np.array([truth]), np.array([prediction]))
    assert_is_near(value, summed, truth, prediction)


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


@functools.cache
def data_of_large_integers(summed: Summed, dtype: type, seed: int) -> tuple[Data, Data]:
    """Return rows without weights, and the same with them."""
    rng = np.random.default_rng(seed)
    top = np.iinfo(dtype).max
    y_true = rng.integers(top - 2**40, top, 900, dtype=dtype)
    y_pred = rng.integers(top - 2**41, top, 900, dtype=dtype)
    y_true[::3] = rng.integers(0, 100, 300)
    weights = rng.standard_normal(900)
    define, parameter = RATIONAL[summed.term], Fraction(summed.parameter)
    pairs = zip(y_true.tolist(), y_pred.tolist(), strict=True)
    exact = [define(Fraction(y), Fraction(p), parameter) for y, p in pairs]
    return data_of(summed, y_true, y_pred, exact), data_of(summed, y_true, y_pred, exact, weights)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_sums_of_integers_no_double_holds_are_exact(target: str, dtype: type, rng: np.random.Generator) -> None:
    seed = seed_of(rng)
    for summed in [*TO_THE_LAST_BIT, *OF_A_HUNDRED_BITS]:
        plain, weighed = data_of_large_integers(summed, dtype, seed)
        assert held(summed.asked, plain.y_true, plain.y_pred)[summed.term] == plain.total, summed
        found = held(summed.asked, weighed.y_true, weighed.y_pred, weighed.weights)[summed.term]
        assert abs(found - weighed.total) <= lost_of(summed) * weighed.sizes, summed


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


@pytest.mark.parametrize("spread", [0, 8, 20, 40, 100])
def test_weighted_squares_of_exact_differences_keep_every_bit(
    target: str, spread: int, rng: np.random.Generator
) -> None:
    rows = 1536
    y_true = rng.uniform(1, 2, rows)
    y_pred = y_true + np.ldexp(rng.integers(1, 2**20, rows).astype(float), -rng.integers(32, 53, rows))
    y_pred[::9] = y_true[::9]
    weights = np.ldexp(rng.uniform(1, 2, rows), rng.integers(-spread, spread + 1, rows))
    state = squarely.Accumulator("mean_squared_error").update(y_true, y_pred, sample_weight=weights)
    parts = [
        squarely.Accumulator("mean_squared_error").update(
            y_true[i : i + 1], y_pred[i : i + 1], sample_weight=weights[i : i + 1]
        )
        for i in range(rows)
    ]
    assert state.digest() == sum(parts, start=parts.pop(0)).digest()

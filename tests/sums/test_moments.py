"""The fused loop over first and second moments, whatever set of them is asked for, against rational arithmetic."""

import functools
import itertools
import math
from collections.abc import Iterable
from fractions import Fraction

import hypothesis
import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.element_types import DTYPES
from inputs.hard_data import MAKERS, Maker
from instruments.core_states import CoreState, held
from oracles import rational
from oracles.state_bytes import terms_held_by
from oracles.tables import TERMS
from oracles.terms import RATIONAL
from squarely import _core

Array = npt.NDArray[np.float64]

NONE = Fraction(0)  # a parameter

# Metrics by which parts of the loop they need: of the error, of the truth, of the prediction.
PARTS = {
    (True, False, False): [("mean_error", 0.0)],
    (False, True, False): [("r2_score", 1.0)],
    (False, True, True): [("pearson_correlation", 0.0)],
    (True, True, False): [("explained_variance_score", 1.0), ("max_error", 0.0)],
    (True, True, True): [("mean_error", 0.0), ("pearson_correlation", 0.0), ("mean_absolute_error", 0.0)],
}
parts = pytest.mark.parametrize("metrics", PARTS.values(), ids=[str(key) for key in PARTS])
make_hard = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


def sums_of(metrics: list[tuple[str, float]], *chunks: tuple[Array, Array]) -> dict[str, Fraction]:
    state = CoreState(1, "exact", metrics)
    for y_true, y_pred in chunks:
        state.update(y_true, y_pred)
    return terms_held_by(state.to_bytes())[0]


def degree_of(term: str) -> int:
    """Return which power of two a term becomes larger by where both of its sides are doubled."""
    define = RATIONAL[term]
    return {1: 0, 2: 1, 4: 2}[define(Fraction(6), Fraction(2), NONE) / define(Fraction(3), Fraction(1), NONE)]


# Once for all targets and sets: to add integers of any size takes longer than all else.
@functools.lru_cache(maxsize=1024)
def sums_over_data(truth: bytes, prediction: bytes, terms: frozenset[str]) -> dict[str, Fraction]:
    (truths, predictions), last = rational.integers_of(np.frombuffer(truth), np.frombuffer(prediction))
    pairs, unit = list(zip(truths, predictions, strict=True)), Fraction(2) ** last
    return {term: sum(RATIONAL[term](y, p, NONE) for y, p in pairs) * unit ** degree_of(term) for term in terms}


def exact_sums(y_true: Array, y_pred: Array, terms: Iterable[str]) -> dict[str, Fraction]:
    with np.errstate(over="ignore"):
        largest = {"largest_error": abs(y_true - y_pred).max()}
    return largest | sums_over_data(y_true.tobytes(), y_pred.tobytes(), frozenset(terms) - {"largest_error"})


def assert_exact(metrics: list[tuple[str, float]], y_true: Array, y_pred: Array) -> None:
    found = sums_of(metrics, (y_true, y_pred))
    expected = exact_sums(y_true, y_pred, found)
    assert found == {term: expected[term] for term in found}


PARTS_OF_THE_LOOP = [name for name, term in TERMS.items() if term.says(".part")]


@parts
@make_hard
def test_moments_are_exact(
    target: str, metrics: list[tuple[str, float]], make: Maker, rng: np.random.Generator
) -> None:
    if make.__name__ == "largest":
        metrics = [metric for metric in metrics if metric[0] != "max_error"]  # infinite
    for length in (1, 63, 64, 65, 511, 512, 513, 3000):
        y_true, y_pred = make(rng, length)
        expected = exact_sums(y_true, y_pred, PARTS_OF_THE_LOOP)
        found = sums_of(metrics, (y_true, y_pred))
        assert found == {term: expected[term] for term in found}


any_double = st.floats(-1e308, 1e308) | st.builds(math.ldexp, st.floats(-2, 2), st.integers(-1074, 1020))


@hypothesis.given(st.lists(st.tuples(any_double, any_double), min_size=1, max_size=70))
def test_moments_of_any_pairs_are_exact(pairs: list[tuple[float, float]]) -> None:
    y_true, y_pred = (np.array(side) for side in zip(*pairs, strict=True))
    for name in squarely.targets():
        squarely.set_target(name)
        assert_exact([("pearson_correlation", 0.0), ("mean_absolute_error", 0.0)], y_true, y_pred)


@hypothesis.given(
    st.lists(st.tuples(any_double, any_double), min_size=1, max_size=12),
    st.integers(0, 2**32 - 1),
    st.integers(-380, 480),
)
@hypothesis.settings(max_examples=40)
def test_moments_of_any_pairs_hidden_in_ordinary_blocks_are_exact(
    pairs: list[tuple[float, float]], seed: int, exponent: int
) -> None:
    rng = np.random.default_rng(seed)
    y_true = np.ldexp(rng.standard_normal(1300), exponent)
    y_pred = y_true + np.ldexp(rng.standard_normal(1300), exponent)
    for position, (y, p) in zip(rng.choice(1300, len(pairs), replace=False), pairs, strict=True):
        y_true[position], y_pred[position] = y, p
    for name in squarely.targets():
        squarely.set_target(name)
        assert_exact([("pearson_correlation", 0.0), ("mean_absolute_error", 0.0)], y_true, y_pred)


@pytest.mark.parametrize("exponent", [-390, -381, -380, -379, -300, 300, 477, 478, 479, 480, 481, 482, 490])
def test_moments_are_exact_at_the_limits_of_the_windows(target: str, exponent: int, rng: np.random.Generator) -> None:
    # To the brim: nearly the largest numbers a window takes, of one sign, and last bits far below.
    brim = np.full(700, math.ldexp(1 - 2.0**-53, exponent))
    low = np.full(700, math.ldexp(1 + 2.0**-52, max(exponent - 60, -1000)))
    for y_true, y_pred in itertools.product((brim, -brim, low, brim * rng.random(700)), repeat=2):
        assert_exact([("pearson_correlation", 0.0), ("mean_error", 0.0)], y_true, y_pred)


@pytest.mark.parametrize("depth", range(15, 31))
def test_moments_of_numbers_of_every_depth_below_the_largest_are_exact(
    target: str, depth: int, rng: np.random.Generator
) -> None:
    # All digits in use, in one binade: a window takes it or does not, and never by all but its last bit.
    digits = rng.integers(2**52, 2**53, (2, 2048)) | 1
    y_true, y_pred = np.ldexp(digits.astype(np.float64), -52 - depth)
    y_true[::512], y_pred[::512] = 1.0, -0.5
    assert_exact([("pearson_correlation", 0.0), ("mean_absolute_error", 0.0)], y_true, y_pred)


def total(metrics: list[tuple[str, float]], *runs: tuple[float, float, int]) -> dict[str, Fraction]:
    return {
        term: sum((count * RATIONAL[term](Fraction(y), Fraction(p), NONE) for y, p, count in runs), Fraction(0))
        for term in sums_of(metrics, (np.ones(1), np.ones(1)))
    }


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_many_moments_of_the_largest_sums_do_not_overflow_their_lanes(target: str, sign: float) -> None:
    # A stretch chooses windows of twice its numbers or more: a group of eight vectors adds a quarter of 2^51 units
    # to every lane, and each of the 64 stretches has 20,000 groups, more than a lane could hold.
    metrics = [("pearson_correlation", 0.0), ("mean_absolute_error", 0.0)]
    length = 64 * 20_000 * 8 * _core.get_lanes()
    y_true, y_pred = (np.broadcast_to(value, (length,)) for value in (sign * 0.99, -sign * 0.99))
    found = sums_of(metrics, (y_true, y_pred))
    assert found == total(metrics, (sign * 0.99, -sign * 0.99, length))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_many_of_the_largest_values_do_not_overflow_their_lanes(target: str, sign: float) -> None:
    # The same of the values of weighted terms: 2^51 units in either slice.
    length = 1 << 18
    large = sign * (2.0**8 - 2.0**-44) * 2
    y_true = np.full(length, large)
    y_true[:512] = 1.0
    squarely.set_num_threads(1)
    found = held(("weighted_absolute_percentage_error", 0.0), y_true, y_true, np.ones(length))
    assert found["absolute_truth"] == 512 + (length - 512) * abs(Fraction(large))
    truth = held(("variance_of_truth", 0.0), y_true, y_true, np.ones(length))
    assert truth["truth"] == 512 + (length - 512) * Fraction(large)
    assert truth["squared_truth"] == 512 + (length - 512) * Fraction(large) ** 2


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("factor", [1.0, 1.25, 1.5, 1.75])
def test_values_of_any_size_follow_smaller_ones(target: str, factor: float, sign: float) -> None:
    # The first block chooses a window. What is too large for it is seen, whichever bits of a sum with sigma it turns.
    for exponent in range(20):
        values = np.ones(1536)
        values[512:1024] = value = sign * math.ldexp(factor, exponent)
        metric = ("mean_error", 0.0)
        assert held(metric, np.zeros(1536), values, np.ones(1536))["error"] == 1024 + 512 * Fraction(value)
        assert held(metric, np.zeros(1536), np.ones(1536), values)["sample_weight"] == 1024 + 512 * Fraction(value)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_moments_of_every_type_are_exact(target: str, dtype: np.dtype, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.integers(0, 100, (2, 1500)).astype(dtype)
    exact = y_true.astype(float), y_pred.astype(float)
    metrics = [("pearson_correlation", 0.0), ("mean_absolute_error", 0.0), ("max_error", 0.0)]
    assert sums_of(metrics, (y_true, y_pred)) == sums_of(metrics, exact)
    assert_exact(metrics, *exact)


@make_hard
def test_moments_do_not_depend_on_what_else_is_summed(target: str, make: Maker, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, 2000)
    metrics = [("pearson_correlation", 0.0), ("mean_error", 0.0), ("mean_absolute_error", 0.0)]
    together = sums_of(metrics, (y_true, y_pred))
    for some in PARTS.values():
        alone = sums_of([metric for metric in some if metric[0] != "max_error"], (y_true, y_pred))
        assert alone == {term: together[term] for term in alone}


@pytest.mark.parametrize(
    ("metric", "first", "later"),
    [
        # Each is seen by one check of one window alone: what is lost of the truth, or of the prediction, and what is
        # too large for either.
        ("r2_score", (2.0**40, 2.0**40 + 1), (1 + 2.0**-45, 2 + 2.0**-45)),
        ("pearson_correlation", (2.0**40, 2.0**40 + 1), (1.0, 1 + 2.0**-45)),
        ("r2_score", (1.0, 2.0**60), (2.0**50, 0.0)),
        ("pearson_correlation", (2.0**60, 1.0), (0.0, 2.0**50)),
    ],
)
@pytest.mark.parametrize("places", [slice(600, 601), slice(512, None)])
def test_every_window_has_checks_of_its_own(
    target: str, metric: str, first: tuple[float, float], later: tuple[float, float], places: slice
) -> None:
    y_true, y_pred = np.full(1300, first[0]), np.full(1300, first[1])
    y_true[places], y_pred[places] = later
    assert_exact([(metric, 1.0)], y_true, y_pred)

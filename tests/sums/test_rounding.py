"""From the long integer to a double: ties, and their next neighbours, of every formula."""

import math
from fractions import Fraction

import hypothesis
import hypothesis.strategies as st
import pytest

from instruments.core_states import CoreState
from oracles import rational
from oracles.state_bytes import TERMS, Form, exact_sum_of
from oracles.state_bytes import counts as counts_of
from squarely import _core

# Metrics of just these sums.
METRICS: dict[tuple[str, ...], list[tuple[str, float]]] = {
    ("squared_error",): [("sum_squared_error", 0.0), ("mean_squared_error", 0.0), ("root_mean_squared_error", 0.0)],
    ("error",): [("mean_error", 0.0)],
    ("absolute_error", "absolute_truth"): [("weighted_absolute_percentage_error", 0.0)],
    ("squared_error", "squared_truth"): [("normalized_root_mean_squared_error", 3.0)],
}


def state_with(totals: dict[str, int], pairs: int) -> CoreState:
    """Return the state of such sums, in units of 2^-2148, which no small set of pairs would give."""
    terms = sorted(totals, key=TERMS.index)
    sums = b"".join(exact_sum_of(Fraction(totals[term], 4**rational.UNIT)) for term in terms)
    summands = [(TERMS.index(term), 0.0) for term in terms]
    form = Form(metrics=METRICS[tuple(terms)], summands=summands, outputs=counts_of(pairs) + sums)
    return CoreState.from_bytes(form.to_bytes())


def state_of(total: int, pairs: int) -> CoreState:
    return state_with({"squared_error": total}, pairs)


def assert_correctly_rounded(total: int, pairs: int) -> None:
    state = state_of(total, pairs)
    value = Fraction(total, 4**rational.UNIT)
    assert state.values("sum_squared_error") == [rational.nearest_double(value)]
    assert state.values("mean_squared_error") == [rational.nearest_double(value / pairs)]
    assert state.values("root_mean_squared_error") == [rational.nearest_root(value / pairs)]
    assert state_with({"error": -total}, pairs).values("mean_error") == [-rational.nearest_double(value / pairs)]


# An odd number of 54 bits lies half way between two doubles.
ties = st.integers(2**52, 2**53 - 1).map(lambda half: 2 * half + 1)
counts = st.integers(1, 2**63 - 1) | st.integers(0, 62).map(lambda bit: 2**bit) | st.integers(1, 9)
nudges = st.sampled_from([-1, 0, 1])


@hypothesis.given(ties, st.integers(0, 4130), counts, nudges)
def test_sums_and_means_at_ties(tie: int, shift: int, pairs: int, nudge: int) -> None:
    assert_correctly_rounded((tie << shift) + nudge, pairs)
    hypothesis.assume(((tie * pairs) << shift).bit_length() < 64 * 68 - 1)
    assert_correctly_rounded(((tie * pairs) << shift) + nudge, pairs)


@hypothesis.given(ties, st.integers(0, 2020), counts, nudges)
def test_roots_at_ties(tie: int, shift: int, pairs: int, nudge: int) -> None:
    # A root that is a tie to the last of the bits an integer root keeps, and not beyond.
    assert_correctly_rounded(((tie * tie * pairs) << (2 * shift)) + nudge, pairs)


largest_sum = 2 ** (64 * 67 - 1)
# From one limb to all of them: the leading bits decide, or the last one does.
divisors = st.integers(1, 9) | st.integers(1, 2**64) | st.integers(2**190, 2**200) | st.integers(2**3000, 2**3100)


@hypothesis.given(ties, divisors, st.integers(0, 4000), st.integers(0, 1100), nudges)
def test_quotients_of_sums_at_ties(tie: int, divisor: int, shift: int, divisor_shift: int, nudge: int) -> None:
    numerator = ((tie * divisor) << shift) + nudge
    hypothesis.assume(numerator < largest_sum)
    denominator = divisor << divisor_shift
    state = state_with({"absolute_error": numerator, "absolute_truth": denominator}, 2)
    assert state.values("weighted_absolute_percentage_error") == [
        rational.nearest_double(Fraction(numerator, denominator))
    ]


@hypothesis.given(ties, st.integers(1, 2**64), st.integers(900, 1200), nudges)
def test_quotients_among_the_subnormals(tie: int, divisor: int, shift: int, nudge: int) -> None:
    numerator, denominator = tie * divisor + nudge, divisor << shift
    state = state_with({"absolute_error": numerator, "absolute_truth": denominator}, 2)
    assert state.values("weighted_absolute_percentage_error") == [
        rational.nearest_double(Fraction(numerator, denominator))
    ]


@hypothesis.given(ties, divisors, st.integers(0, 2000), st.integers(0, 500), nudges)
def test_roots_of_quotients_at_ties(tie: int, divisor: int, shift: int, divisor_shift: int, nudge: int) -> None:
    numerator = ((tie * tie * divisor) << (2 * shift)) + nudge
    hypothesis.assume(numerator < largest_sum)
    denominator = divisor << (2 * divisor_shift)
    state = state_with({"squared_error": numerator, "squared_truth": denominator}, 2)
    euclidean = 3
    assert state.values("normalized_root_mean_squared_error", euclidean) == [
        rational.nearest_root(Fraction(numerator, denominator))
    ]


@hypothesis.given(st.integers(0, 2**130), counts)
def test_results_among_the_subnormals(total: int, pairs: int) -> None:
    assert_correctly_rounded(total, pairs)
    assert_correctly_rounded(total << 1070, pairs)


@pytest.mark.parametrize("nudge", [-1, 0, 1])
def test_the_edge_of_overflow(nudge: int) -> None:
    edge = (2**54 - 1) << (970 + 2148)  # half way between the largest double and the next
    for pairs in (1, 3, 2**40):
        assert_correctly_rounded(edge * pairs + nudge, pairs)
    assert (state_of(edge, 1).values("sum_squared_error")[0] == math.inf) is True


@hypothesis.given(st.lists(st.tuples(st.floats(0, 1e300), st.floats(-1e100, 1e100)), min_size=1, max_size=6))
def test_averages_are_rounded_once(pairs: list[tuple[float, float]]) -> None:
    values, weights = ([pair[i] for pair in pairs] for i in (0, 1))
    hypothesis.assume(sum(map(Fraction, weights)) != 0)
    assert _core.average(values, weights) == rational.average(values, weights)


@pytest.mark.parametrize("extra", [0.0, 1.0, 1.0 + 2.0**-52])
def test_averages_at_ties(extra: float) -> None:
    # The first two average to a tie; the third has next to no weight and decides.
    values, weights = [1.0, 1.0 + 2.0**-52, extra], [1.0, 1.0, 2.0**-1000]
    assert _core.average(values, weights) == rational.average(values, weights)

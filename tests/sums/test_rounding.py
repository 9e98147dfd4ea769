"""From the long integer to a double: ties, and their next neighbours, of every formula."""

import math
import zlib
from fractions import Fraction

import hypothesis
import hypothesis.strategies as st
import pytest

from oracles import rational
from squarely import _core


def state_of(total: int, pairs: int) -> _core.State:
    """Return the state that holds total * 2^-2148, which no small set of pairs would give."""
    length = max(1, -(-total.bit_length() // 64))
    bottom = 0
    while bottom < length - 1 and (total >> (64 * bottom)) % 2**64 == 0:
        bottom += 1
    limbs = (total >> (64 * bottom)).to_bytes(8 * (length - bottom), "little")
    sum_bytes = bytes([0, bottom, length - bottom]) + limbs if total else bytes([0, 0, 0])
    counts = b"".join(count.to_bytes(8, "little") for count in (pairs, 0, 0, 0, 0, 0))
    squared_error = (1).to_bytes(2, "little") + bytes(9)  # one summand, of number 0 and without a parameter
    body = b"sqst\2\0\0" + (1).to_bytes(8, "little") + squared_error + counts + sum_bytes
    return _core.State.from_bytes(body + zlib.crc32(body).to_bytes(4, "little"))


def assert_correctly_rounded(total: int, pairs: int) -> None:
    state = state_of(total, pairs)
    value = Fraction(total, 4**rational.UNIT)
    assert state.values("sum_squared_error") == [rational.nearest_double(value)]
    assert state.values("mean_squared_error") == [rational.nearest_double(value / pairs)]
    assert state.values("root_mean_squared_error") == [rational.nearest_root(value / pairs)]


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

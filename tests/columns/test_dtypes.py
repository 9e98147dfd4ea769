"""Every element type against every other, in every byte order: no value is rounded before it is compared."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.element_types import DTYPES, FLOATS, INTEGERS
from instruments.core_states import CoreState
from oracles import rational
from oracles.state_bytes import ROUNDED, sums_held_by

ROWS = 1300


def values_of(dtype: np.dtype, rng: np.random.Generator, rows: int = ROWS) -> npt.NDArray:
    """Return ordinary values, and the extremes of the type among them."""
    if dtype.kind == "b":
        return rng.random(rows) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        values = rng.integers(-100 if dtype.kind == "i" else 0, 100, rows).astype(dtype)
        values[rng.integers(0, rows, 40)] = rng.integers(limits.min, limits.max, 40, dtype, endpoint=True)
        values[rng.integers(0, rows, 9)] = limits.max
        values[rng.integers(0, rows, 9)] = limits.min
        return values
    values = rng.standard_normal(rows).astype(dtype)
    tiny, large = ml_dtypes.finfo(dtype).smallest_subnormal, ml_dtypes.finfo(dtype).max
    values[rng.integers(0, rows, 9)] = tiny
    values[rng.integers(0, rows, 9)] = large
    values[rng.integers(0, rows, 9)] = -large
    return values


def integers_of(side: npt.NDArray) -> tuple[list[int], int]:
    """Return whole numbers, and the power of two that they are multiples of."""
    if side.dtype.kind in "iub":
        return [int(value) for value in side], 0
    (integers,), last = rational.integers_of(side.astype(np.float64))
    return integers, last


def exact(y_true: npt.NDArray, y_pred: npt.NDArray) -> Fraction:
    (truths, of_truths), (predictions, of_predictions) = integers_of(y_true), integers_of(y_pred)
    last = min(of_truths, of_predictions)
    pairs = zip(truths, predictions, strict=True)
    return sum(((y << of_truths - last) - (p << of_predictions - last)) ** 2 for y, p in pairs) * Fraction(4) ** last


def found(y_true: npt.NDArray, y_pred: npt.NDArray) -> Fraction:
    state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
    state.update(y_true, y_pred)
    assert state.pairs == [len(y_true)]
    return sums_held_by(state.to_bytes())[0]


@pytest.mark.parametrize("left", DTYPES, ids=str)
def test_every_pair_of_types_is_exact(target: str, left: np.dtype, rng: np.random.Generator) -> None:
    for right in DTYPES:
        y_true, y_pred = values_of(left, rng), values_of(right, rng)
        assert found(y_true, y_pred) == exact(y_true, y_pred), right


def layouts(array: npt.NDArray) -> dict[str, npt.NDArray]:
    spaced = np.zeros((len(array), 3), array.dtype)
    spaced[:, 1] = array
    packed = np.zeros(len(array), [("pad", np.int8), ("values", array.dtype)])
    packed["values"] = array
    layouts = {"spaced": spaced[:, 1], "packed": packed["values"], "reversed": array[::-1].copy()[::-1]}
    if array.dtype.kind != "V":  # NumPy cannot swap the types of others
        layouts["swapped"] = array.astype(array.dtype.newbyteorder())
    return layouts


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_layout_of_every_type_gives_the_same_bits(target: str, dtype: np.dtype, rng: np.random.Generator) -> None:
    y_true, y_pred = values_of(dtype, rng), values_of(dtype, rng)
    expected = exact(y_true, y_pred)
    for truth in layouts(y_true).values():
        assert found(truth, y_pred) == expected
        for prediction in layouts(y_pred).values():
            assert found(truth, prediction) == expected


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_length_of_every_type_is_exact(target: str, dtype: np.dtype, rng: np.random.Generator) -> None:
    y_true, y_pred = values_of(dtype, rng), values_of(dtype, rng)
    for length in (1, 15, 63, 64, 65, 511, 512, 513, 1025):
        assert found(y_true[:length], y_pred[:length]) == exact(y_true[:length], y_pred[:length])


@pytest.mark.parametrize("dtype", [d for d in INTEGERS if d.itemsize <= 2], ids=str)
def test_the_largest_squares_of_small_integers_do_not_overflow(target: str, dtype: np.dtype) -> None:
    limits = np.iinfo(dtype)
    rows = 300_001
    y_true, y_pred = np.full(rows, limits.max, dtype), np.full(rows, limits.min, dtype)
    assert found(y_true, y_pred) == rows * (int(limits.max) - int(limits.min)) ** 2


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize("dtype", [dtype for dtype in FLOATS if dtype.itemsize <= 2], ids=str)
def test_every_pattern_of_short_floats_is_read_right(target: str, dtype: np.dtype) -> None:
    patterns = np.arange(2 ** (8 * dtype.itemsize), dtype=f"u{dtype.itemsize}").view(dtype)
    numbers = patterns[np.isfinite(patterns.astype(np.float64))]
    zeros = np.zeros(len(numbers), np.float64)
    assert found(numbers, zeros) == exact(numbers, zeros)
    others = patterns[~np.isfinite(patterns.astype(np.float64))]
    state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
    state.update(others, np.zeros(len(others)))
    assert state.missing_true == [int(np.isnan(others.astype(np.float64)).sum())]
    assert state.infinite == [int(np.isinf(others.astype(np.float64)).sum())]


@pytest.mark.parametrize("summation", ROUNDED)
@pytest.mark.parametrize(("left", "right"), [("i8", "i8"), ("u8", "i8"), ("u8", "f8")])
def test_rounded_sums_of_large_integers_round_the_difference_not_the_values(
    target: str, summation: str, left: str, right: str
) -> None:
    y_true = np.arange(1000).astype(left) + np.array(2**62, left)
    y_pred = y_true.astype(right) if right == "f8" else (y_true - np.array(1, left)).astype(right)
    state = CoreState(1, summation, [("sum_squared_error", 0.0)])
    state.update(y_true, y_pred)
    if right != "f8":
        assert state.values("sum_squared_error") == [1000.0]


def test_the_64_bit_defects_seen_elsewhere_are_right_here() -> None:
    large, larger = np.array([2**53]), np.array([2**53 + 1])
    assert found(larger, large) == 1
    assert found(np.array([2**64 - 1], np.uint64), np.array([-(2**63)])) == (2**64 - 1 + 2**63) ** 2


def test_threads_do_not_matter_for_any_type(rng: np.random.Generator) -> None:
    for dtype in DTYPES:
        y_true, y_pred = values_of(dtype, rng, 400_000), values_of(dtype, rng, 400_000)
        states = set()
        for threads in (1, 3):
            squarely.set_num_threads(threads)
            state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
            state.update(y_true, y_pred)
            states.add(state.to_bytes())
        assert len(states) == 1


HALVES = [np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)]


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("rows", [1, 7, 15, 16, 17, 33, 511, 513, 1700])
def test_ordinary_half_floats_are_exact(target: str, dtype: np.dtype, rows: int, rng: np.random.Generator) -> None:
    y_true, y_pred = rng.standard_normal((2, rows)).astype(dtype)
    assert found(y_true, y_pred) == exact(y_true, y_pred)
    assert found(y_true, np.zeros_like(y_true)) == exact(y_true, np.zeros_like(y_true))
    assert found(y_true[::-1], y_pred[::-1]) == exact(y_true, y_pred)
    assert found(y_true * 0, -y_true * 0) == 0


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_half_floats_of_any_range_are_exact(target: str, dtype: np.dtype, rng: np.random.Generator) -> None:
    facts = ml_dtypes.finfo(dtype)
    for first in range(facts.minexp - 3, facts.maxexp - 22, 1 if facts.bits == 16 and facts.nmant > 7 else 17):
        for octaves in (*range(12, 22), 40):
            exponents = np.minimum(rng.integers(first, first + octaves, (2, 600)), facts.maxexp - 1)
            exponents[0, :2] = first, min(first + octaves, facts.maxexp - 1)
            sides = (rng.choice([-1, 1], (2, 600)) * np.ldexp(rng.uniform(1, 1.99, (2, 600)), exponents)).astype(dtype)
            assert found(*sides) == exact(*sides)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("side", [0, 1])
def test_one_bad_half_float_in_the_middle_block_is_seen(
    target: str, dtype: np.dtype, side: int, rng: np.random.Generator
) -> None:
    sides = rng.standard_normal((2, 3 * 512 + 100)).astype(dtype)
    expected = exact(*(np.delete(one, 800) for one in sides))
    for bad in (np.nan, np.inf, ml_dtypes.finfo(dtype).max, ml_dtypes.finfo(dtype).smallest_subnormal):
        sides[side, 800] = bad
        state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
        state.update(*sides)
        left = exact(*sides[:, 800:801]) if np.isfinite(float(bad)) else 0
        assert sums_held_by(state.to_bytes())[0] == expected + left
        assert state.missing_true[0] + state.missing_pred[0] == np.isnan(float(bad))
        assert state.pairs[0] == sides.shape[1] - np.isnan(float(bad))

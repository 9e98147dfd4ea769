"""The exact kernels against rational arithmetic, bit for bit, on every target."""

import fractions
import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.hard_data import MAKERS, Maker
from instruments.core_states import CoreState
from oracles import rational
from oracles.state_bytes import sums_held_by

METRICS = ("sum_squared_error", "mean_squared_error", "root_mean_squared_error")


def scores(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> dict[str, float]:
    return {name: getattr(squarely, name)(y_true, y_pred) for name in METRICS}


def exact_sum(y_true: npt.NDArray[np.floating], y_pred: npt.NDArray[np.floating]) -> fractions.Fraction:
    state = CoreState(1, "exact", [("sum_squared_error", 0.0)])
    state.update(y_true, y_pred)
    return sums_held_by(state.to_bytes())[0]


def assert_exact(y_true: npt.NDArray[np.floating], y_pred: npt.NDArray[np.floating]) -> None:
    assert exact_sum(y_true, y_pred) == rational.sum_of_squares(y_true, y_pred)
    assert scores(y_true, y_pred) == rational.scores(y_true, y_pred)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("length", [1, 100, 512, 3000])
def test_float64_is_correctly_rounded(target: str, make: Maker, length: int, rng: np.random.Generator) -> None:
    y_true, y_pred = make(rng, length)
    assert_exact(y_true, y_pred)


def on_grid(
    rng: np.random.Generator, length: int, unit: int, base: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Odd multiples of 2^unit around the base, or what doubles hold of them, with differences up to one."""
    steps = 2.0**-unit
    y_pred = base + (2 * rng.integers(0, int(steps) // 4, length) + 1) / steps
    y_true = y_pred + rng.integers(1 - int(steps) // 2, int(steps) // 2, length) / steps
    y_true[0] = y_pred[0] + 1  # the window is that of the largest
    return y_true, y_pred


@pytest.mark.parametrize("unit", range(-52, -38))
@pytest.mark.parametrize(
    "base", [sign * base for sign in (-1.0, 1.0) for base in (0.0, 4.0, 8.0, 16.0, 32.0, 64.0, 256.0)]
)
def test_float64_of_every_unit_and_distance_are_exact(
    target: str, unit: int, base: float, rng: np.random.Generator
) -> None:
    y_true, y_pred = on_grid(rng, 1024, unit, base)
    assert exact_sum(y_true, y_pred) == rational.sum_of_squares(y_true, y_pred)


def test_numbers_that_leave_the_grid_and_come_back_are_exact(target: str, rng: np.random.Generator) -> None:
    y_true, y_pred = (rng.integers(-1000, 1000, 100 * 512).astype(np.float64) for _ in range(2))
    y_true[512 * 3 + 100] = 0.1
    y_pred[512 * 70 + 511] = np.nextafter(1.0, 2.0)
    y_true[512 * 90 : 512 * 92] *= 1e12
    assert exact_sum(y_true, y_pred) == rational.sum_of_squares(y_true, y_pred)


@pytest.mark.parametrize("scale", [-300, 300])
def test_integers_of_every_scale_are_exact(target: str, scale: int, rng: np.random.Generator) -> None:
    y_true, y_pred = np.ldexp(rng.integers(-(2**30), 2**30, (2, 2000)).astype(np.float64), scale)
    assert exact_sum(y_true, y_pred) == rational.sum_of_squares(y_true, y_pred)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("length", [100, 512, 3000])
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_float32_is_correctly_rounded(target: str, make: Maker, length: int, rng: np.random.Generator) -> None:
    arrays = [np.nan_to_num(array.astype(np.float32)) for array in make(rng, length)]
    assert_exact(*arrays)


@pytest.mark.parametrize("exponent", range(-149, 128, 9))
def test_float32_of_every_scale_is_correctly_rounded(target: str, exponent: int, rng: np.random.Generator) -> None:
    y_true = np.ldexp(rng.standard_normal(1500), exponent).astype(np.float32)
    y_pred = np.ldexp(rng.standard_normal(1500), exponent - 5).astype(np.float32)
    assert np.isfinite(y_true).all()
    assert_exact(y_true, y_pred)


@pytest.mark.parametrize("depth", range(18, 34))
def test_float32_of_every_depth_below_the_largest_are_exact(target: str, depth: int, rng: np.random.Generator) -> None:
    # All digits in use, in one binade: a window takes it or does not, and never by all but its last bit.
    digits = rng.integers(2**23, 2**24, (2, 2048)) | 1
    y_true, y_pred = np.ldexp(digits, -23 - depth).astype(np.float32)
    y_true[::512] = 1.0
    assert_exact(y_true, y_pred)


@pytest.mark.parametrize("dtypes", [(np.float32, np.float64), (np.float64, np.float32)])
def test_mixed_float_types_are_correctly_rounded(
    target: str, dtypes: tuple[type, type], rng: np.random.Generator
) -> None:
    y_true = rng.standard_normal(1700).astype(dtypes[0])
    y_pred = rng.standard_normal(1700).astype(dtypes[1])
    assert_exact(y_true, y_pred)


# Doubles of every kind, and of kinds that meet: sums of a few bits far apart.
any_double = st.floats(allow_nan=False, allow_infinity=False, width=64) | st.builds(
    math.ldexp, st.floats(-2, 2), st.integers(-1074, 1020)
)


@hypothesis.given(st.lists(st.tuples(any_double, any_double), min_size=1, max_size=80))
def test_any_finite_pairs_are_correctly_rounded(pairs: list[tuple[float, float]]) -> None:
    y_true, y_pred = (np.array(side) for side in zip(*pairs, strict=True))
    for name in squarely.targets():
        squarely.set_target(name)
        assert_exact(y_true, y_pred)


@hypothesis.given(
    st.lists(st.tuples(any_double, any_double), min_size=1, max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_any_pairs_hidden_in_ordinary_blocks_are_exact(pairs: list[tuple[float, float]], seed: int) -> None:
    rng = np.random.default_rng(seed)
    y_true = rng.standard_normal(1300)
    y_pred = y_true + rng.standard_normal(1300)
    for position, (y, p) in zip(rng.choice(1300, len(pairs), replace=False), pairs, strict=True):
        y_true[position], y_pred[position] = y, p
    for name in squarely.targets():
        squarely.set_target(name)
        assert_exact(y_true, y_pred)


def test_a_sum_that_overflows_leaves_a_finite_root(target: str) -> None:
    y_true, y_pred = np.full(700, 1e200), np.full(700, -1e200)
    assert scores(y_true, y_pred) == {
        "sum_squared_error": math.inf,
        "mean_squared_error": math.inf,
        "root_mean_squared_error": 2e200,
    }


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_many_of_the_largest_squares_of_bytes_do_not_overflow(target: str, dtype: type) -> None:
    # A 64th of the rows, which one thread takes at a time, adds up to more than 2^32.
    rows = 64 * 70_000
    y_true, y_pred = (np.full(rows, bound, dtype) for bound in (np.iinfo(dtype).min, np.iinfo(dtype).max))
    assert exact_sum(y_true, y_pred) == 255**2 * rows


def test_many_groups_of_the_largest_sums_do_not_overflow_their_lanes(target: str) -> None:
    # The first block chooses a window that the others fill to the brim: every group of eight vectors adds almost 2^51
    # units to each lane, and there are many times the groups a lane could hold without being emptied in between.
    length = 1 << 20
    y_true = np.full(length, 1.0)
    y_pred = np.full(length, -(1.0 - 2.0**-53))
    y_true[:512] = 0.25
    y_pred[:512] = -0.25
    total = 512 * rational.sum_of_squares([0.25], [-0.25])
    total += (length - 512) * rational.sum_of_squares([1.0], [y_pred[512]])
    assert exact_sum(y_true, y_pred) == total
    assert exact_sum(y_true.astype(np.float32), y_pred.astype(np.float32)) == 4 * (length - 512) + 512 // 4


@pytest.mark.parametrize(
    ("name", "y_true", "y_pred", "truth"),
    [
        ("float32 columns of ones", np.ones((20_000, 2), np.float32), np.zeros((20_000, 2), np.float32), 1.0),
        ("integers above 2^53", [2**53 + 2], [2**53], 4.0),
        ("int8 that would wrap", np.array([100], np.int8), np.array([-100], np.int8), 40000.0),
        ("uint8 that would wrap", np.array([0], np.uint8), np.array([16], np.uint8), 256.0),
        ("errors near 1e153", [1e153, 0.0], [-1e153, 0.0], 2e306),
        ("errors near 1e-150", [1e-150], [0.0], rational.nearest_double(rational.sum_of_squares([1e-150], [0.0]))),
        ("one pair", [0.1], [0.3], rational.nearest_double(rational.sum_of_squares([0.1], [0.3]))),
    ],
)
def test_defects_seen_elsewhere_are_right_here(
    name: str, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, truth: float
) -> None:
    assert squarely.mean_squared_error(y_true, y_pred) == truth


@pytest.mark.parametrize("base", [-5.0, -9.0, -12.0, -15.0, 9.0])
@pytest.mark.parametrize("exponent", [-51, -50, -49, -48])
def test_numbers_between_two_of_a_grid_are_exact(
    target: str, base: float, exponent: int, rng: np.random.Generator
) -> None:
    """The window is one of 2: its second grid is 2^-48, and numbers from -16 to -8 have a bit below."""
    odd = 2 * rng.integers(1, 2**20, 2048) + 1
    y_true = base - odd * 2.0**exponent
    y_true[::512] = y_true[511::512] = base  # where it is seen whether to try
    y_pred = np.full(2048, base - 0.5)
    assert exact_sum(y_true, y_pred) == rational.sum_of_squares(y_true, y_pred)

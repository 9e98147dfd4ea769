"""The elementary functions of the kernels against 60 digits, and with the same bits on every instruction set."""

import functools
import math
from collections.abc import Callable

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from squarely import _core

Doubles = npt.NDArray[np.float64]

DIGITS = mpmath.mp.clone()
DIGITS.dps = 60
SMALLEST, LARGEST = 5e-324, float(np.finfo(np.float64).max)
NORMAL = float(np.finfo(np.float64).tiny)
ABOVE_MINUS_ONE = -1 + 2.0**-53

LOG_COSH_BREAK = 0.6875
REDUCTION_BREAK = 0.6875

EXPONENTS = (2.0, 3.0, -1.0, 0.5, -0.5, 1.5, -1.7, 1 / 3, 0.01, 100.1, -2150.7, 1e-9)


def between(low: float, high: float, count: int) -> Doubles:
    """Spread over the bit patterns, that is over all exponents, from one positive number to another."""
    rng = np.random.default_rng(20260102)
    ends = np.array([low, high]).view(np.int64)
    return rng.integers(ends[0], ends[1], count, endpoint=True).view(np.float64)


def around(*centres: float) -> Doubles:
    """List the neighbours of some numbers, near and not so near."""
    steps = np.array([0, 1, 2, 3, 10, 1000, 10**6, 10**10, 10**13])
    patterns = np.array(centres).view(np.int64)[:, np.newaxis]
    return np.concatenate([(patterns + steps).ravel(), (patterns - steps).ravel()]).view(np.float64)


def powers_of_two() -> Doubles:
    return np.ldexp(1.0, np.arange(-1074, 1024, 7))


def logarithm_points() -> Doubles:
    breaks = around(REDUCTION_BREAK, 2 * REDUCTION_BREAK, 1024 * REDUCTION_BREAK, 1.0, 2.0, NORMAL, 2 * NORMAL)
    ranges = between(SMALLEST, LARGEST, 2000), between(0.25, 4, 2000), between(SMALLEST, NORMAL, 200)
    return np.concatenate([*ranges, breaks, powers_of_two(), [SMALLEST, LARGEST]])


def log1p_points() -> Doubles:
    breaks = around(REDUCTION_BREAK - 1, 2 * REDUCTION_BREAK - 1, 1.0, 0.5, -0.5, -0.9, 2.0**53, 1e-8, -1e-8, 2.0**-53)
    positive = between(SMALLEST, LARGEST, 1000), between(1e-17, 1e17, 1000), between(0.01, 10, 1000)
    negative = between(SMALLEST, -ABOVE_MINUS_ONE, 1000), between(0.01, -ABOVE_MINUS_ONE, 1000)
    ends = [SMALLEST, -SMALLEST, ABOVE_MINUS_ONE, LARGEST]
    return np.concatenate([*positive, *(-x for x in negative), breaks, powers_of_two(), -powers_of_two()[:150], ends])


def exponential_points() -> Doubles:
    rng = np.random.default_rng(20260103)
    # Where the reduction changes to the next power of two.
    halves = np.log(2) * (np.arange(-1073, 1023, 9) + 0.5)
    uniform = rng.uniform(-708, 709, 2000), rng.uniform(-1, 1, 1000), rng.uniform(-745.13, -708, 500)
    tiny = between(SMALLEST, 1, 500)
    ends = [-745.1332191019411, 709.782712893384, -708.3964185322641]
    return np.concatenate(
        [*uniform, tiny, -tiny, halves, np.nextafter(halves, 0), np.log(2) * np.arange(-1000, 1000, 9), ends]
    )


def power_points(exponent: float) -> Doubles:
    limit = min(1022 / abs(exponent), 1022)
    ends = sorted((2.0**limit, 2.0**-limit))
    centres = [x for x in (REDUCTION_BREAK, 2 * REDUCTION_BREAK, 1.0) if ends[0] * 1.01 < x < ends[1] / 1.01]
    return np.concatenate([between(ends[0], ends[1], 500), around(*centres), np.array(ends)])


def log_cosh_points() -> Doubles:
    breaks = around(LOG_COSH_BREAK, math.log(2), 0.355, 1.0, 20.0, 373.0, 1e-8)
    magnitudes = between(SMALLEST, LARGEST, 500), between(1e-160, 100, 1000), between(0.01, 10, 1500)
    points = np.concatenate([*magnitudes, breaks, powers_of_two()])
    return np.concatenate([points, -points[::3]])


def log1p_remainder(delta: mpmath.mpf) -> mpmath.mpf:
    if abs(delta) < 1e-20:
        return delta * delta / 2 - delta**3 / 3
    with DIGITS.workdps(110):
        return delta - DIGITS.log1p(delta)


def log_cosh(x: mpmath.mpf) -> mpmath.mpf:
    size = abs(x)
    if size < 1e-20:
        return size * size / 2
    with DIGITS.workdps(110):
        return size - DIGITS.ln2 + DIGITS.log1p(DIGITS.exp(-2 * size))


# name, parameter: points, the function in many digits, how many ulp it may be off, and how many where it is subnormal
Case = tuple[Doubles, Callable[[mpmath.mpf], mpmath.mpf], float, float]


@functools.cache
def case(name: str, parameter: float) -> Case:
    cases: dict[str, Callable[[], Case]] = {
        "logarithm": lambda: (logarithm_points(), DIGITS.log, 0.65, 0.65),
        "log1p": lambda: (log1p_points(), DIGITS.log1p, 0.65, 0.65),
        "exponential": lambda: (exponential_points(), DIGITS.exp, 0.65, 0.85),
        "power": lambda: (power_points(parameter), lambda x: x ** DIGITS.mpf(parameter), 0.65, 0.85),
        "log1p_remainder": lambda: (log1p_points(), log1p_remainder, 1.6, 1.1),
        "log_cosh": lambda: (log_cosh_points(), log_cosh, 1.6, 1.1),
    }
    return cases[name]()


@functools.cache
def expected(name: str, parameter: float) -> list[mpmath.mpf]:
    points, function, _, _ = case(name, parameter)
    return [function(DIGITS.mpf(x)) for x in points.tolist()]


def error_in_ulp(result: float, truth: mpmath.mpf) -> float:
    if truth == 0:
        return 0 if result == 0 else math.inf
    exponent = max(DIGITS.frexp(truth)[1] - 53, -1074)
    return float(abs(DIGITS.mpf(result) - truth) * DIGITS.mpf(2) ** -exponent)


NAMES = ("logarithm", "log1p", "exponential", "log1p_remainder", "log_cosh")
CALLS = [(name, 0.0) for name in NAMES] + [("power", exponent) for exponent in EXPONENTS]


@pytest.mark.parametrize(("name", "parameter"), CALLS)
def test_results_are_off_by_less_than_the_stated_ulp(target: str, name: str, parameter: float) -> None:
    points, _, ulp, subnormal_ulp = case(name, parameter)
    results = _core.elementary(name, points, parameter).tolist()
    for x, result, truth in zip(points.tolist(), results, expected(name, parameter), strict=True):
        bound = subnormal_ulp if abs(truth) < NORMAL else ulp
        assert error_in_ulp(result, truth) <= bound, (x.hex(), result, truth)


@pytest.mark.parametrize(("name", "parameter"), CALLS)
def test_every_target_gives_the_same_bits(name: str, parameter: float) -> None:
    rng = np.random.default_rng(20260104)
    anything = rng.integers(0, 2**64, 100_001, dtype=np.uint64).view(np.float64)  # NaN of all kinds among them
    points = np.concatenate(
        [case(name, parameter)[0], anything, rng.uniform(-2, 2, 50_000), rng.uniform(-750, 750, 50_000)]
    )
    found = set()
    for target in squarely.targets():
        squarely.set_target(target)
        found.add(_core.elementary(name, points, parameter).tobytes())
    assert len(found) == 1


@pytest.mark.parametrize(("name", "parameter"), CALLS)
def test_a_result_depends_on_its_argument_alone(target: str, name: str, parameter: float) -> None:
    points = case(name, parameter)[0][:100]
    together = _core.elementary(name, points, parameter)
    alone = [_core.elementary(name, points[i : i + 1], parameter)[0] for i in range(len(points))]
    assert together.tobytes() == np.array(alone).tobytes()


INF, NAN = math.inf, math.nan
BELOW_MINUS_ONE = -1 - 2.0**-52
SPECIAL = {
    "logarithm": {0.0: -INF, 1.0: 0.0, INF: INF, -INF: NAN, -1.0: NAN, -SMALLEST: NAN, NAN: NAN},
    "log1p": {SMALLEST: SMALLEST, 0.0: 0.0, -SMALLEST: -SMALLEST, -1.0: -INF, BELOW_MINUS_ONE: NAN, INF: INF, NAN: NAN},
    "exponential": {0.0: 1.0, SMALLEST: 1.0, INF: INF, -INF: 0.0, LARGEST: INF, -LARGEST: 0.0, NAN: NAN},
    "log1p_remainder": {0.0: 0.0, 1e-200: 0.0, -1.0: INF, BELOW_MINUS_ONE: NAN, LARGEST: LARGEST, INF: INF, NAN: NAN},
    "log_cosh": {0.0: 0.0, -1e-200: 0.0, LARGEST: LARGEST, -LARGEST: LARGEST, INF: INF, -INF: INF, NAN: NAN},
}


def assert_identical(result: float, wanted: float) -> None:
    # One NaN for all, whatever the processor would make.
    assert np.float64(result).tobytes() == np.float64(wanted).tobytes(), (result, wanted)


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(target: str, name: str) -> None:
    arguments = np.array(list(SPECIAL[name]))
    for result, wanted in zip(_core.elementary(name, arguments), SPECIAL[name].values(), strict=True):
        assert_identical(result, wanted)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("logarithm", -INF), ("log1p", -0.0), ("exponential", 1.0), ("log1p_remainder", 0.0), ("log_cosh", 0.0)],
)
def test_minus_zero(target: str, name: str, wanted: float) -> None:
    assert_identical(_core.elementary(name, np.array([-0.0]))[0], wanted)


def test_the_exponential_overflows_and_vanishes_where_it_must(target: str) -> None:
    edges = np.array([709.782712893384, 709.7827128933841, -745.1332191019411, -745.1332191019412])
    largest, beyond, smallest, nothing = _core.elementary("exponential", edges)
    assert largest < INF == beyond
    assert smallest == SMALLEST
    assert_identical(nothing, 0.0)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, -1.0, -3.0, 1.5, 1e300, -1e300, INF, -INF, SMALLEST, 2.0**64])
def test_special_powers_are_those_of_c(target: str, exponent: float) -> None:
    bases = np.array([0.0, 1.0, INF, NAN, 0.25, 4.0, SMALLEST, LARGEST, 1 - 2.0**-53, 1 + 2.0**-52])
    if 0 < abs(exponent) < 2.0**64:
        bases = bases[:6]  # results of the others are not exact
    with np.errstate(all="ignore"):
        wanted = np.power(bases, exponent)
    wanted[np.isnan(wanted)] = NAN
    for result, value in zip(_core.elementary("power", bases, exponent), wanted, strict=True):
        assert_identical(result, value)


def test_negative_bases_and_nan_exponents_have_no_power(target: str) -> None:
    assert np.isnan(_core.elementary("power", np.array([-1.0, -2.0, -INF, -SMALLEST]), 2.0)).all()
    assert np.isnan(_core.elementary("power", np.array([0.0, 1.0, 2.0, INF]), NAN)).all()
    assert (_core.elementary("power", np.array([-1.0, NAN, -INF]), 0.0) == 1).all()


def test_the_first_power_is_the_number_itself(target: str) -> None:
    x = np.concatenate([between(SMALLEST, LARGEST, 20_000), between(SMALLEST, NORMAL, 1000), powers_of_two()])
    assert _core.elementary("power", x, 1.0).tobytes() == x.tobytes()


def test_powers_that_a_double_holds_are_exact(target: str) -> None:
    rng = np.random.default_rng(20260105)
    integers = np.floor(rng.uniform(1, 2**26, 5000))
    scaled = np.ldexp(integers, rng.integers(-500, 450, 5000))
    assert (_core.elementary("power", scaled, 2.0) == scaled * scaled).all()
    assert (_core.elementary("power", scaled * scaled, 0.5) == scaled).all()
    cubed = np.floor(rng.uniform(1, 2**17, 1000))
    assert (_core.elementary("power", cubed, 3.0) == cubed * cubed * cubed).all()
    two = np.ldexp(1.0, np.arange(-1023, 1024))
    assert (_core.elementary("power", two, -1.0) == 1 / two).all()
    assert (_core.elementary("power", np.array([2.0, 4.0]), -537.0) == [2.0**-537, 2.0**-1074]).all()


def test_arrays_keep_their_shape(target: str) -> None:
    x = np.arange(1, 25, dtype=np.float64).reshape(2, 3, 4)
    result = _core.elementary("logarithm", x)
    assert result.shape == (2, 3, 4)
    assert (result[1, 2] == _core.elementary("logarithm", x[1, 2])).all()
    assert (_core.elementary("logarithm", x[:, ::2]) == result[:, ::2]).all()
    assert _core.elementary("logarithm", np.empty((0, 3))).shape == (0, 3)


def test_an_unknown_function_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="Unknown function 'sine'. The elementary functions are 'logarithm', 'log1p'"):
        _core.elementary("sine", np.ones(3))

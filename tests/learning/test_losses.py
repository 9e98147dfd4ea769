"""Losses of single pairs, their sums and their gradients, against rational arithmetic and many digits."""

import doctest
import functools
import inspect
import itertools
import math
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.element_types import DTYPES, FLOATS
from oracles.tables import LOSSES

Array = npt.NDArray[Any]

PARAMETERS: dict[str, dict[str, float]] = {"huber_loss": {"delta": 0.75}, "pinball_loss": {"alpha": 0.3}}

# In float64, operation for operation as documented: what each loss and each derivative must be, to the bit.
IN_FLOAT64: dict[str, tuple[Callable[..., Array], Callable[..., Array]]] = {
    "squared_error": (lambda y, p: (y - p) * (y - p), lambda y, p: 2 * (p - y)),
    "absolute_error": (lambda y, p: np.abs(y - p), lambda y, p: np.sign(p - y)),
    "huber_loss": (
        lambda y, p, delta: np.where(
            np.abs(y - p) <= delta, 0.5 * np.abs(y - p) * np.abs(y - p), delta * (np.abs(y - p) - 0.5 * delta)
        ),
        lambda y, p, delta: np.clip(p - y, -delta, delta),
    ),
    # Of a difference; how near that is to the real number is held by tests of its own.
    "log_cosh_loss": (
        lambda y, p: squarely.log_cosh_loss(y - p, np.zeros_like(y), reduction="none"),
        lambda y, p: squarely.log_cosh_loss_gradient(np.zeros_like(y), p - y, reduction="none"),
    ),
    "pinball_loss": (
        lambda y, p, alpha: np.where(y - p >= 0, alpha * (y - p), (alpha - 1) * (y - p)),
        lambda y, p, alpha: np.select([np.isnan(y - p), p < y, p > y], [y - p, -alpha, 1 - alpha], 0.0),
    ),
}


def loss_of(name: str) -> Callable[..., Any]:
    return of_pairs(getattr(squarely, name), name)


def gradient_of(name: str) -> Callable[..., Any]:
    return of_pairs(getattr(squarely, f"{name}_gradient"), name)


def of_pairs(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return the function with its parameter, and of every pair where no reduction is named."""
    return lambda *arrays, **options: function(*arrays, **{"reduction": "none"} | PARAMETERS.get(name, {}) | options)


def expected_of(name: str, y_true: Array, y_pred: Array, *, derivative: bool = False) -> Array:
    formula = IN_FLOAT64[name][1 if derivative else 0]
    with np.errstate(all="ignore"):
        return formula(np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64), **PARAMETERS.get(name, {}))


def pairs_of(rng: np.random.Generator, dtype: Any, shape: Any = 1000) -> tuple[Array, Array]:
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5, rng.random(shape) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        draws = rng.integers(max(limits.min, -1000), min(limits.max, 1000), (2, *np.atleast_1d(shape)))
        return draws[0].astype(dtype), draws[1].astype(dtype)
    return rng.standard_normal(shape).astype(dtype), rng.standard_normal(shape).astype(dtype)


def same_bits(found: Array, expected: Array) -> bool:
    missing = np.isnan(expected.astype(np.float64))
    return (
        found.dtype == expected.dtype
        and found.shape == expected.shape
        and bool((np.isnan(found.astype(np.float64)) == missing).all())
        and found[~missing].tobytes() == expected[~missing].tobytes()
    )


def rational(number: mpmath.mpf) -> Fraction:
    return number.man * Fraction(2) ** number.exp


def exact(name: str, error: Fraction) -> Fraction:
    """Return a loss of y - p in rational arithmetic."""
    size = abs(error)
    if name == "squared_error":
        return error * error
    if name == "absolute_error":
        return size
    if name == "huber_loss":
        delta = Fraction(PARAMETERS[name]["delta"])
        return error * error / 2 if size <= delta else delta * (size - delta / 2)
    if name == "log_cosh_loss":
        with mpmath.workdps(60):
            return rational(mpmath.log(mpmath.cosh(mpmath.mpf(error.numerator) / error.denominator)))
    alpha = Fraction(PARAMETERS[name]["alpha"])
    return alpha * error if error >= 0 else (alpha - 1) * error


both = pytest.mark.parametrize("derivative", [False, True], ids=["loss", "gradient"])
every_loss = pytest.mark.parametrize("name", LOSSES)


def computed(name: str, *arrays: Any, derivative: bool, **options: Any) -> Any:
    return (gradient_of(name) if derivative else loss_of(name))(*arrays, **options)


@every_loss
@both
@pytest.mark.parametrize("length", [0, 1, 2, 63, 64, 65, 511, 512, 513, 1024, 5000])
def test_losses_and_gradients_are_those_of_the_formula(
    target: str, name: str, derivative: bool, length: int, rng: np.random.Generator
) -> None:
    y_true, y_pred = pairs_of(rng, np.float64, length)
    y_pred[: length // 8] = y_true[: length // 8]
    found = computed(name, y_true, y_pred, derivative=derivative)
    assert same_bits(found, expected_of(name, y_true, y_pred, derivative=derivative))


@every_loss
def test_losses_are_near_the_real_number(name: str, rng: np.random.Generator) -> None:
    y_true, y_pred = pairs_of(rng, np.float64)
    for y, p, found in zip(y_true, y_pred, loss_of(name)(y_true, y_pred), strict=True):
        # The residual is rounded to half a last place, which counts twice in a square.
        assert abs(Fraction(found) - exact(name, Fraction(y) - Fraction(p))) <= Fraction(5, 2**53) * Fraction(found)


# Once for all targets.
@functools.cache
def log_cosh_and_tanh(error: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    size = abs(error)
    with mpmath.workdps(60 if size > 1e-15 else 400):  # cosh of a small number has as many zeros after its point
        log_cosh = size + mpmath.log1p(mpmath.exp(-2 * mpmath.mpf(size))) - mpmath.log(2)
        return log_cosh, mpmath.tanh(error)


def test_the_log_cosh_loss_is_right_at_every_scale(target: str, rng: np.random.Generator) -> None:
    errors = rng.standard_normal(400) * 10.0 ** np.linspace(-150, 300, 400)
    errors = np.concatenate([errors, rng.uniform(-3, 3, 1000), np.linspace(0.6, 0.8, 400)])
    zeros = np.zeros_like(errors)
    losses, slopes = loss_of("log_cosh_loss")(errors, zeros), gradient_of("log_cosh_loss")(zeros, errors)
    with mpmath.workdps(60):
        for error, loss, slope in zip(errors.tolist(), losses.tolist(), slopes.tolist(), strict=True):
            log_cosh, tanh = log_cosh_and_tanh(error)
            assert abs(loss - log_cosh) <= 2 * math.ulp(float(log_cosh))
            assert abs(slope - tanh) <= 2 * math.ulp(float(tanh))
    assert loss_of("log_cosh_loss")([np.inf, -np.inf], [0.0, 0.0]).tolist() == [np.inf, np.inf]
    assert gradient_of("log_cosh_loss")([0.0, 0.0], [np.inf, -np.inf]).tolist() == [1.0, -1.0]


@every_loss
def test_gradients_are_the_slope_between_two_losses(name: str, rng: np.random.Generator) -> None:
    y_true, y_pred = pairs_of(rng, np.float64)
    step = 1e-6
    slope = (loss_of(name)(y_true, y_pred + step) - loss_of(name)(y_true, y_pred - step)) / (2 * step)
    smooth = (np.abs(y_true - y_pred) > 2 * step) & (np.abs(np.abs(y_true - y_pred) - 0.75) > 2 * step)
    np.testing.assert_allclose(gradient_of(name)(y_true, y_pred)[smooth], slope[smooth], rtol=1e-6, atol=1e-8)


def test_gradients_are_zero_at_the_kink(target: str) -> None:
    y_true = np.array([1.0, -2.0, 0.0, 1e300])
    for name in LOSSES:
        assert gradient_of(name)(y_true, y_true.copy()).tolist() == [0.0] * 4


@every_loss
@both
@pytest.mark.parametrize("left", DTYPES, ids=str)
def test_every_pair_of_types_is_computed_in_float64_and_rounded_once(
    name: str, derivative: bool, left: np.dtype[Any], rng: np.random.Generator
) -> None:
    for right in DTYPES:
        y_true, y_pred = pairs_of(rng, left, 700)[0], pairs_of(rng, right, 700)[1]
        found = computed(name, y_true, y_pred, derivative=derivative)
        are_integers = left.kind in "biu" and right.kind in "biu"
        try:
            promoted = np.dtype(np.float64) if are_integers else np.result_type(left, right)
        except TypeError:
            promoted = np.dtype(np.float64)
        assert found.dtype == promoted, right
        expected = expected_of(name, y_true.astype(np.float64), y_pred.astype(np.float64), derivative=derivative)
        if promoted in FLOATS[:2]:
            assert same_bits(found, expected.astype(promoted)), right
        else:
            assert is_nearest(found, expected), right


@pytest.mark.parametrize("dtype", [dtype for dtype in FLOATS if dtype.itemsize == 2], ids=str)
def test_half_precision_is_rounded_to_nearest_ties_to_even(target: str, dtype: np.dtype[Any]) -> None:
    patterns = np.arange(2**16, dtype=np.uint16).view(dtype)
    with np.errstate(all="ignore"):
        y_true = patterns[np.isfinite(patterns.astype(np.float64))]
    y_pred = np.roll(y_true, 12345)
    for name in LOSSES:
        wide = expected_of(name, y_true.astype(np.float64), y_pred.astype(np.float64))
        assert is_nearest(loss_of(name)(y_true, y_pred), wide)


def is_nearest(found: Array, wide: Array) -> bool:
    """Compare with rounding on the grid of the type: other conversions to bfloat16 round twice."""
    digits, smallest, largest = (11, -24, 65504) if found.dtype == np.float16 else (8, -133, 2**128 - 2**120)
    assert np.isfinite(wide).all()
    # Powers of two take no bit away, so that the one rounding is that to whole numbers, with ties to even.
    place = np.maximum(np.frexp(wide)[1] - digits, smallest)
    nearest = np.ldexp(np.rint(np.ldexp(wide, -place)), place)
    expected = np.where(np.abs(nearest) <= largest, nearest, np.copysign(math.inf, wide))
    return bool((found.astype(np.float64) == expected).all())


@every_loss
@both
def test_large_64_bit_integers_are_rounded_after_the_difference(name: str, derivative: bool) -> None:
    y_true = np.array([2**62 + 1, -(2**62), 2**53 + 1] * 300)
    y_pred = np.array([2**62, -(2**62) - 3, 2**53] * 300)
    found = computed(name, y_true, y_pred, derivative=derivative)
    assert same_bits(found, expected_of(name, y_true - y_pred, np.zeros(900), derivative=derivative))


def layouts_of(array: Array) -> dict[str, Array]:
    spaced = np.zeros((*array.shape[:-1], 3 * array.shape[-1]), array.dtype)
    spaced[..., ::3] = array
    packed = np.zeros(array.shape, [("pad", np.int8), ("values", array.dtype)])
    packed["values"] = array
    frozen = array.copy()
    frozen.flags.writeable = False
    return {
        "C": np.ascontiguousarray(array),
        "Fortran": np.asfortranarray(array),
        "spaced": spaced[..., ::3],
        "packed": packed["values"],
        "backwards": array[::-1].copy()[::-1],
        "all backwards": np.flip(np.flip(array).copy()),
        "swapped": array.astype(array.dtype.newbyteorder()),
        "read-only": frozen,
    }


@pytest.mark.parametrize("shape", [(600,), (40, 30), (700, 3), (3, 700), (5, 6, 7), (2, 1, 300, 4)], ids=str)
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2"])
def test_every_layout_gives_the_same_bits(target: str, shape: tuple[int, ...], dtype: str, rng: Any) -> None:
    y_true, y_pred = pairs_of(rng, dtype, shape)
    weights = rng.random(shape)
    kept = {layout: array.copy() for layout, array in layouts_of(y_true).items()}
    expected = squarely.huber_loss_gradient(y_true, y_pred, reduction="mean", sample_weight=weights)
    total = squarely.huber_loss(y_true, y_pred, reduction="sum", sample_weight=weights)
    for (layout, truth), (_, prediction) in itertools.product(layouts_of(y_true).items(), layouts_of(y_pred).items()):
        found = squarely.huber_loss_gradient(truth, prediction, reduction="mean", sample_weight=weights)
        assert same_bits(found, expected)
        assert squarely.huber_loss(truth, prediction, reduction="sum", sample_weight=weights) == total
        assert (truth == kept[layout]).all()
    for out in layouts_of(np.zeros(shape, dtype)).values():
        if out.dtype.isnative and out.flags.writeable:
            found = squarely.huber_loss_gradient(y_true, y_pred, reduction="mean", sample_weight=weights, out=out)
            assert found is out
            assert same_bits(found, expected)


@every_loss
@both
def test_plain_arrays_and_lists_give_the_same(name: str, derivative: bool, rng: np.random.Generator) -> None:
    y_true, y_pred = pairs_of(rng, np.float64, 20)
    found = computed(name, y_true.tolist(), y_pred.tolist(), derivative=derivative)
    assert same_bits(found, computed(name, y_true, y_pred, derivative=derivative))


@every_loss
@both
def test_single_numbers_are_arrays_without_dimensions(name: str, derivative: bool) -> None:
    expected = expected_of(name, np.array(3.0), np.array(2.5), derivative=derivative)
    for y_true, y_pred in ((3.0, 2.5), (np.float64(3), np.array(2.5)), (np.array(3.0), np.array(2.5))):
        found = computed(name, y_true, y_pred, derivative=derivative)
        assert isinstance(found, np.ndarray)
        assert found.shape == ()
        assert found == expected


@every_loss
@both
def test_results_lie_in_memory_as_the_predictions_do(name: str, derivative: bool, rng: np.random.Generator) -> None:
    y_true, y_pred = pairs_of(rng, np.float32, (20, 30))
    found = computed(name, y_true, np.asfortranarray(y_pred), derivative=derivative)
    assert found.flags.f_contiguous
    assert same_bits(found, computed(name, y_true, y_pred, derivative=derivative))


@every_loss
@both
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_results_may_replace_either_side(name: str, derivative: bool, dtype: np.dtype[Any], rng: Any) -> None:
    y_true, y_pred = pairs_of(rng, dtype, 1500)
    expected = computed(name, y_true, y_pred, derivative=derivative)
    for side in (0, 1):
        for step in (1, -1):
            sides = [y_true.copy()[::step], y_pred.copy()[::step]]
            assert computed(name, *sides, derivative=derivative, out=sides[side]) is sides[side]
            assert same_bits(sides[side].copy(), expected[::step].copy())


def test_results_may_replace_the_weights(rng: np.random.Generator) -> None:
    y_true, y_pred = pairs_of(rng, np.float64, 1500)
    weights = rng.random(1500)
    expected = weights * (y_true - y_pred) ** 2
    loss_of("squared_error")(y_true, y_pred, sample_weight=weights, out=weights)
    assert same_bits(weights, expected)


def test_results_beside_an_array_in_the_same_memory_are_fine(rng: np.random.Generator) -> None:
    table = rng.standard_normal((1000, 3))
    y_true, y_pred = table[:, 0].copy(), table[:, 1].copy()
    loss_of("squared_error")(table[:, 0], table[:, 1], out=table[:, 2])
    assert same_bits(table[:, 2].copy(), expected_of("squared_error", y_true, y_pred))
    line = np.concatenate([y_true, y_pred])
    loss_of("squared_error")(line[:1000], line[1000:], out=line[:1000])
    assert same_bits(line[:1000], expected_of("squared_error", y_true, y_pred))


REPEATED = np.lib.stride_tricks.as_strided(np.zeros(4), (4,), (0,))
LINE = np.arange(12.0)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((np.ones(3), np.ones((3, 1))), {}, ValueError, "y_true has shape (3,), y_pred (3, 1)."),
        ((np.ones(3), np.ones(1)), {}, ValueError, "must have the same shape, because nothing is broadcast"),
        ((np.ones(3), 1.0), {}, ValueError, "y_true has shape (3,), y_pred ()."),
        ((["a"], [1.0]), {}, ValueError, "could not convert str to float: 'a'"),
        ((np.ones(2) * 1j, np.ones(2)), {}, ValueError, "Complex data not supported"),
        (("text", [1.0]), {}, TypeError, "The 'y_true' parameter of squared_error must be an array-like"),
        ((None, [1.0]), {}, TypeError, "The 'y_true' parameter of squared_error must be an array-like"),
        ((np.ma.array([1.0, 2], mask=[0, 1]), np.ones(2)), {}, ValueError, "y_true is a masked array"),
        ((np.ones(2), np.ones(2)), {"reduction": "average"}, TypeError, "must be a str among {'mean', 'none', 'sum'}"),
        ((np.ones(2), np.ones(2)), {"reduction": None}, TypeError, "Got None instead"),
        ((np.ones(0), np.ones(0)), {"reduction": "mean"}, ValueError, "Found array with 0 sample(s) (shape=(0,))"),
        (([], []), {"reduction": "sum"}, ValueError, "a minimum of 1 is required for reduction='sum'"),
        ((np.ones(2), np.ones(2)), {"reduction": "sum", "out": np.ones(2)}, ValueError, "returns a float"),
        ((np.ones(2), np.ones(2)), {"out": [0.0, 0.0]}, TypeError, "must be a NumPy array. Got a list"),
        ((np.ones(2), np.ones(2)), {"out": np.ma.zeros(2)}, TypeError, "Got a MaskedArray"),
        ((np.ones(2), np.ones(2)), {"out": np.zeros(3)}, ValueError, "must have shape (2,) and dtype float64"),
        ((np.ones(2), np.ones(2)), {"out": np.zeros(2, "f4")}, ValueError, "Got shape (2,) and dtype float32"),
        ((np.ones(2), np.ones(2)), {"out": np.zeros(2, ">f8")}, ValueError, "Got shape (2,) and dtype >f8"),
        ((np.ones(2, "f4"), np.ones(2)), {"out": np.zeros(2, "f4")}, ValueError, "and dtype float64"),
        ((np.ones(2), np.ones(2)), {"out": np.broadcast_to(0.0, 2)}, ValueError, "is read-only"),
        ((np.ones(4), np.ones(4)), {"out": REPEATED}, ValueError, "Elements of the 'out' parameter"),
        ((LINE[:4], LINE[4:8]), {"out": LINE[1:5]}, ValueError, "overlaps y_true, which would change"),
        ((LINE[:4], LINE[6:10]), {"out": LINE[3::-1]}, ValueError, "overlaps y_true, which would change"),
        ((LINE[:4], LINE[6:10]), {"out": LINE[7:11]}, ValueError, "overlaps y_pred, which would change"),
        ((np.ones(3), np.ones(3)), {"sample_weight": [1.0, 2.0]}, ValueError, "sample_weight has shape (2,)"),
        ((np.ones((3, 2)), np.ones((3, 2))), {"sample_weight": [1.0, 2]}, ValueError, "that of the rows, (3,)"),
        ((np.ones(2), np.ones(2)), {"sample_weight": [1.0, -1.0]}, ValueError, "must not be negative"),
        ((np.ones(2), np.ones(2)), {"sample_weight": [1.0, np.nan]}, ValueError, "must hold finite numbers"),
        ((np.ones(2), np.ones(2)), {"sample_weight": [1.0, np.inf]}, ValueError, "must hold finite numbers"),
        ((np.ones(2), np.ones(2)), {"sample_weight": np.array([2**62, 1])}, ValueError, "integers below 2**51"),
    ],
)
def test_bad_arguments_are_refused_with_clear_words(
    arguments: tuple[Any, Any], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=re.escape(words)):
        loss_of("squared_error")(*arguments, **options)
    if options.get("reduction") not in ("sum", "mean"):
        with pytest.raises(error, match=re.escape(words.replace("of squared_error", "of squared_error_gradient"))):
            gradient_of("squared_error")(*arguments, **options)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, True, None, "1", [1.0]])
def test_delta_must_be_positive(value: Any) -> None:
    for function in (squarely.huber_loss, squarely.huber_loss_gradient):
        words = f"The 'delta' parameter of {function.__name__} must be a positive and finite float. Got {value!r}"
        with pytest.raises(TypeError, match=re.escape(words)):
            function([1.0], [2.0], delta=value)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, True, None, "1"])
def test_alpha_must_be_from_zero_to_one(value: Any) -> None:
    for function in (squarely.pinball_loss, squarely.pinball_loss_gradient):
        words = f"The 'alpha' parameter of {function.__name__} must be a float in the range [0, 1]. Got {value!r}"
        with pytest.raises(TypeError, match=re.escape(words)):
            function([1.0], [2.0], alpha=value)


def test_weights_that_sum_to_zero_have_no_mean() -> None:
    words = re.escape("sums to zero and can't be normalized")
    with pytest.raises(ZeroDivisionError, match=words):
        squarely.absolute_error([1.0], [2.0], reduction="mean", sample_weight=[0.0])
    with pytest.raises(ZeroDivisionError, match=words):
        squarely.absolute_error_gradient([1.0], [2.0], reduction="mean", sample_weight=[0.0])
    assert squarely.absolute_error([1.0], [2.0], reduction="sum", sample_weight=[0.0]) == 0.0


@every_loss
def test_nothing_has_no_losses_and_an_empty_gradient(name: str) -> None:
    for shape in ((0,), (3, 0), (0, 2)):
        nothing = np.ones(shape, np.float32)
        assert loss_of(name)(nothing, nothing).shape == shape
        for reduction in ("none", "sum", "mean"):
            found = gradient_of(name)(nothing, nothing, reduction=reduction, sample_weight=nothing)
            assert (found.shape, found.dtype) == (shape, np.float32)


SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 5e-324, 1.7e308, -1.7e308, np.inf, -np.inf, np.nan])


@every_loss
@both
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_nan_and_infinity_flow_through(target: str, name: str, derivative: bool, dtype: np.dtype[Any]) -> None:
    with np.errstate(all="ignore"):
        y_true = np.repeat(SPECIAL, 10 * len(SPECIAL)).astype(dtype)  # more than a block
        y_pred = np.tile(SPECIAL, 10 * len(SPECIAL)).astype(dtype)
        expected = expected_of(name, y_true.astype(np.float64), y_pred.astype(np.float64), derivative=derivative)
        # The sign of a zero derivative is of no matter.
        expected = np.where(expected == 0, 0.0, expected).astype(dtype)
    found = computed(name, y_true, y_pred, derivative=derivative)
    assert same_bits(np.where(found == 0, found.dtype.type(0), found), expected)


@every_loss
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("weighted", [False, True])
def test_nan_and_infinity_reach_the_sum(target: str, name: str, reduction: str, weighted: bool) -> None:
    y_true = np.ones(2000)
    y_pred = np.zeros(2000)
    options = {"reduction": reduction} | ({"sample_weight": np.ones(2000)} if weighted else {})
    assert math.isfinite(loss_of(name)(y_true, y_pred, **options))
    y_true[700] = np.inf
    assert loss_of(name)(y_true, y_pred, **options) == math.inf
    y_pred[700] = np.inf
    assert math.isnan(loss_of(name)(y_true, y_pred, **options))
    y_true[700], y_pred[700] = 0, np.nan
    assert math.isnan(loss_of(name)(y_true, y_pred, **options))


def hard_pairs(rng: np.random.Generator, length: int = 3000) -> tuple[Array, Array]:
    scales = 10.0 ** rng.uniform(-30, 30, length)
    return rng.standard_normal(length) * scales, rng.standard_normal(length)


def nearest(value: Fraction) -> float:
    return value.numerator / value.denominator


@every_loss
@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_sums_and_means_are_exact(target: str, name: str, dtype: str, rng: np.random.Generator) -> None:
    y_true, y_pred = (side.astype(dtype) for side in hard_pairs(rng))
    if name == "squared_error":
        terms = [(Fraction(float(y)) - Fraction(float(p))) ** 2 for y, p in zip(y_true, y_pred, strict=True)]
    else:
        terms = [Fraction(value) for value in expected_of(name, y_true, y_pred).tolist()]
    assert loss_of(name)(y_true, y_pred, reduction="sum") == nearest(sum(terms, Fraction(0)))
    assert loss_of(name)(y_true, y_pred, reduction="mean") == nearest(sum(terms, Fraction(0)) / len(terms))


@every_loss
def test_weighted_sums_and_means_are_exact(target: str, name: str, rng: np.random.Generator) -> None:
    y_true, y_pred = hard_pairs(rng)
    weights = rng.random(3000) * 10.0 ** rng.uniform(-20, 20, 3000)
    losses = expected_of(name, y_true, y_pred).tolist()
    total = sum((Fraction(w) * Fraction(v) for w, v in zip(weights.tolist(), losses, strict=True)), Fraction(0))
    options = {"sample_weight": weights}
    assert loss_of(name)(y_true, y_pred, reduction="sum", **options) == nearest(total)
    mean = total / sum(map(Fraction, weights.tolist()), Fraction(0))
    assert loss_of(name)(y_true, y_pred, reduction="mean", **options) == nearest(mean)


@every_loss
@pytest.mark.parametrize("shape", [(400,), (200, 3)])
def test_a_weight_is_a_repetition(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> None:
    # In sixteenths, so that the squares too are the same in float64.
    y_true, y_pred = rng.integers(-500, 500, (2, *shape)) / 16
    weights = rng.integers(0, 5, shape[0])
    often = np.repeat(y_true, weights, axis=0), np.repeat(y_pred, weights, axis=0)
    for reduction in ("sum", "mean"):
        expected = loss_of(name)(*often, reduction=reduction)
        assert loss_of(name)(y_true, y_pred, reduction=reduction, sample_weight=weights) == expected
    gradient = gradient_of(name)(y_true, y_pred, reduction="mean", sample_weight=weights)
    each = gradient_of(name)(*often, reduction="mean")
    starts = np.cumsum(weights)[weights > 0] - 1
    times = weights[weights > 0].reshape(-1, *(1,) * (len(shape) - 1))
    np.testing.assert_allclose(gradient[weights > 0], each[starts] * times, rtol=1e-15)
    assert not gradient[weights == 0].any()


@every_loss
def test_weights_multiply_losses_and_gradients(target: str, name: str, rng: np.random.Generator) -> None:
    y_true, y_pred = pairs_of(rng, np.float64, 1300)
    for dtype in ("f8", "f4", "i2", "?"):
        weights = (rng.random(1300) * 3).astype(dtype)
        wide = weights.astype(np.float64)
        found = loss_of(name)(y_true, y_pred, sample_weight=weights)
        assert same_bits(found, expected_of(name, y_true, y_pred) * wide)
        found = gradient_of(name)(y_true, y_pred, sample_weight=weights, reduction="mean")
        slopes = expected_of(name, y_true, y_pred, derivative=True)
        assert same_bits(found, slopes * wide / math.fsum(wide))


@every_loss
def test_the_gradient_of_the_mean_is_divided_by_the_number_of_pairs(target: str, name: str, rng: Any) -> None:
    for shape in ((777,), (37, 21)):
        y_true, y_pred = pairs_of(rng, np.float64, shape)
        slopes = expected_of(name, y_true, y_pred, derivative=True)
        assert same_bits(gradient_of(name)(y_true, y_pred, reduction="mean"), slopes / 777)
        assert same_bits(gradient_of(name)(y_true, y_pred, reduction="sum"), slopes)


@every_loss
@pytest.mark.parametrize("weighted", [False, True])
def test_a_loss_and_its_gradient_are_those_of_the_mean_unless_said_otherwise(
    name: str, weighted: bool, rng: np.random.Generator
) -> None:
    loss, gradient = getattr(squarely, name), getattr(squarely, f"{name}_gradient")
    y_true, y_pred = pairs_of(rng, np.float64, 200)
    options = {"sample_weight": rng.random(200)} if weighted else {}
    assert loss(y_true, y_pred, **options) == loss(y_true, y_pred, reduction="mean", **options)
    found = gradient(y_true, y_pred, **options)
    assert same_bits(found, gradient(y_true, y_pred, reduction="mean", **options))
    # They agree: along the gradient, the loss changes by its square.
    step = 1e-4
    change = loss(y_true, y_pred + step * found, **options) - loss(y_true, y_pred - step * found, **options)
    assert change / (2 * step) == pytest.approx(found @ found, rel=1e-4)


def test_a_place_for_results_needs_losses_of_pairs() -> None:
    words = "The 'out' parameter of squared_error is for reduction='none'. reduction='mean' returns a float."
    with pytest.raises(ValueError, match=re.escape(words)):
        squarely.squared_error(np.ones(2), np.ones(2), out=np.ones(2))


@every_loss
@both
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_targets_and_threads_change_no_bit(name: str, derivative: bool, dtype: np.dtype[Any], rng: Any) -> None:
    y_true, y_pred = pairs_of(rng, dtype, (200, 1001))  # four stretches
    weights = rng.random(200)
    found = set()
    for target in squarely.targets():
        squarely.set_target(target)
        for threads in (1, 3):
            squarely.set_num_threads(threads)
            for options in ({}, {"sample_weight": weights}):
                result = computed(name, y_true, y_pred, derivative=derivative, **options)
                total = loss_of(name)(y_true, y_pred, reduction="mean", **options)
                found.add((bool(options), result.tobytes(), total))
    assert len(found) == 2


CODE = """
import resource, sys, numpy as np, squarely
layout, reduction, threads = sys.argv[1:]
squarely.set_num_threads(int(threads))
y_true, y_pred, weights, out = (np.full((5000, 1000), value, np.float32) for value in (1.0, 0.5, 1.0, 0.0))
if layout == "Fortran":
    y_true, weights = np.asfortranarray(y_true), np.asfortranarray(weights)
if layout == "spaced":
    y_true, y_pred, weights, out = (side[:, ::2] for side in (y_true, y_pred, weights, out))
arguments = {"sample_weight": weights, "reduction": reduction} | ({"out": out} if reduction == "none" else {})
few = {name: value[:100] if hasattr(value, "shape") else value for name, value in arguments.items()}
squarely.huber_loss(y_true[:100], y_pred[:100], **few)  # starts the threads
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = squarely.huber_loss(y_true, y_pred, **arguments)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert np.all(np.asarray(found) == (0.125 if reduction != "sum" else 0.125 * y_true.size))
print(after - before)
"""


@pytest.mark.parametrize("layout", ["C", "Fortran", "spaced"])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_extra_memory_does_not_grow_with_the_arrays(layout: str, reduction: str) -> None:
    command = [sys.executable, "-c", CODE, layout, reduction, "2"]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) < 1024


def test_tables_are_taken(rng: np.random.Generator) -> None:
    pandas = pytest.importorskip("pandas")
    squared_error = loss_of("squared_error")
    y_true, y_pred = pairs_of(rng, np.float64, (50, 2))
    table = pandas.DataFrame({"a": y_true[:, 0], "b": y_true[:, 1]})
    expected = squared_error(y_true, y_pred)
    assert same_bits(squared_error(table, y_pred), expected)
    assert same_bits(squared_error(table["a"], y_pred[:, 0]), expected[:, 0].copy())
    weights = pandas.Series(np.arange(50), dtype="Int64")
    assert same_bits(squared_error(table, y_pred, sample_weight=weights), expected * np.arange(50)[:, None])
    missing = pandas.Series([1, None, 3], dtype="Int64")
    assert np.isnan(squared_error(missing, [1.0, 2.0, 3.0])).tolist() == [False, True, False]


def test_examples_of_the_page_on_training_are_true() -> None:
    page = pathlib.Path(__file__).parents[2] / "docs" / "training.md"
    results = doctest.testfile(str(page), module_relative=False)
    assert results.attempted > 0
    assert results.failed == 0


@every_loss
def test_the_field_names_and_the_order_of_arguments_are_kept(name: str) -> None:
    for function in (getattr(squarely, name), getattr(squarely, f"{name}_gradient")):
        parameters = list(inspect.signature(function).parameters)
        assert parameters[:2] == ["y_true", "y_pred"]
        assert parameters[-3:] == ["reduction", "sample_weight", "out"]
        documentation = inspect.getdoc(function)
        for section in (".. math::", "Parameters\n", "Returns\n", "Raises\n", "Examples\n", "best"):
            assert section in documentation, section


def test_losses_agree_with_scikit_learn(rng: np.random.Generator) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    y_true, y_pred = pairs_of(rng, np.float64, 500)
    weights = rng.random(500)
    for alpha in (0.0, 0.1, 0.5, 1.0):
        found = squarely.pinball_loss(y_true, y_pred, alpha=alpha, reduction="mean", sample_weight=weights)
        expected = metrics.mean_pinball_loss(y_true, y_pred, alpha=alpha, sample_weight=weights)
        assert found == pytest.approx(expected, rel=1e-14)
    found = squarely.absolute_error(y_true, y_pred, reduction="mean", sample_weight=weights)
    assert found == pytest.approx(metrics.mean_absolute_error(y_true, y_pred, sample_weight=weights), rel=1e-14)

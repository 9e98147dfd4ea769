"""The peak signal-to-noise ratio: against 60 digits, against scikit-image, in any layout, and at its edges."""

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest

import squarely
from inputs.element_types import DTYPES
from oracles import rational

DIGITS = mpmath.mp.clone()
DIGITS.dps = 60


def decibels(y_true: npt.NDArray[Any], y_pred: npt.NDArray[Any], data_range: float) -> mpmath.mpf:
    squares = rational.sum_of_squares(y_true.ravel().astype(float), y_pred.ravel().astype(float))
    ratio = Fraction(data_range) ** 2 * y_true.size / squares
    return 10 * DIGITS.log10(DIGITS.mpf(ratio.numerator) / ratio.denominator)


def assert_within_3_ulp(result: float, truth: mpmath.mpf) -> None:
    assert abs(DIGITS.mpf(result) - truth) <= 3 * math.ulp(float(truth)), (result, truth)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-12, 1e-3, 1.0, 1e6, 1e200])
@pytest.mark.parametrize("data_range", [1.0, 255.0, 1e-200, 1e300])
def test_any_ratio_is_within_3_ulp(target: str, scale: float, data_range: float) -> None:
    y_true = np.zeros(64)
    y_pred = scale * np.random.default_rng(41).standard_normal(64)
    result = squarely.peak_signal_noise_ratio(y_true, y_pred, data_range=data_range)
    assert_within_3_ulp(result, decibels(y_true, y_pred, data_range))


@pytest.mark.parametrize("distance", [2.0**-52, 1e-12, 1e-6, 1e-3, 0.1, 0.29, -0.29, -1e-3, -(2.0**-53)])
def test_ratios_near_one_keep_their_digits(target: str, distance: float) -> None:
    y_true, y_pred = np.zeros(1), np.array([1 + distance])
    assert_within_3_ulp(squarely.peak_signal_noise_ratio(y_true, y_pred, data_range=1.0), decibels(y_true, y_pred, 1.0))


@pytest.mark.parametrize("decades", range(-20, 21))
def test_powers_of_ten_are_exact(decades: int) -> None:
    data_range = 10.0 ** max(decades, 0)
    error = 10.0 ** max(-decades, 0)
    assert squarely.peak_signal_noise_ratio([0.0], [error], data_range=data_range) == 20.0 * decades


def test_only_identical_images_are_infinitely_good() -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert squarely.peak_signal_noise_ratio(image, image) == math.inf
    assert squarely.peak_signal_noise_ratio([0.0], [5e-324], data_range=1.7e308) < math.inf


DEFAULT_RANGES: list[tuple[Any, list[float], float]] = [
    (np.bool_, [0, 1], 1.0),
    (np.uint8, [0, 7], 255.0),
    (np.uint16, [0, 7], 65535.0),
    (np.uint32, [0, 7], 2.0**32 - 1),
    (np.int8, [0, 7], 127.0),
    (np.int8, [-1, 7], 255.0),
    (np.int16, [-1, 7], 65535.0),
    (np.int64, [0, 7], 2.0**63),
    (np.float16, [0, 1], 1.0),
    (np.float32, [0, 0.5], 1.0),
    (np.float32, [-0.25, 0.5], 2.0),
    (np.float64, [-1, 1], 2.0),
]


@pytest.mark.parametrize(("dtype", "values", "data_range"), DEFAULT_RANGES)
def test_the_range_is_that_of_the_element_type(dtype: Any, values: list[float], data_range: float) -> None:
    y_true, y_pred = np.array(values, dtype), np.array(values[::-1], dtype)
    wanted = squarely.peak_signal_noise_ratio(y_true, y_pred, data_range=data_range)
    assert squarely.peak_signal_noise_ratio(y_true, y_pred) == wanted
    swapped = y_true.astype(y_true.dtype.newbyteorder())
    assert squarely.peak_signal_noise_ratio(swapped, y_pred) == wanted


SHAPES = [(7,), (32, 48), (16, 20, 3), (2, 8, 8, 3)]


def images_of(dtype: np.dtype, shape: tuple[int, ...]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    rng = np.random.default_rng(42)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5, rng.random(shape) < 0.5
    largest = min(np.iinfo(dtype).max, 2**53) if dtype.kind in "iu" else 1
    y_true, y_pred = ((rng.random(shape) * largest).astype(dtype) for _ in range(2))
    return y_true, y_pred


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_images_of_every_type_are_within_3_ulp(dtype: np.dtype, shape: tuple[int, ...]) -> None:
    y_true, y_pred = images_of(dtype, shape)
    for data_range in (1.0, 100.0):
        result = squarely.peak_signal_noise_ratio(y_true, y_pred, data_range=data_range)
        assert_within_3_ulp(result, decibels(y_true, y_pred, data_range))


# What scikit-image loses, in decibels: 10 / log(10) times the relative error of its mean square. It squares float32
# images in float32, and all others in float64.
LOST_BY_THEM = {"float32": 4.4 * 3 * 2.0**-24, "float64": 4.4 * 16 * 2.0**-53}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_scikit_image_agrees(dtype: str, shape: tuple[int, ...]) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    y_true, y_pred = images_of(np.dtype(dtype), shape)
    lost = LOST_BY_THEM["float32" if dtype == "float32" else "float64"]
    for options in ({}, {"data_range": 100}):
        wanted = metrics.peak_signal_noise_ratio(y_true, y_pred, **options)
        found = squarely.peak_signal_noise_ratio(y_true, y_pred, **options)
        assert found == pytest.approx(wanted, rel=2.0**-50, abs=lost)


LAYOUTS = {
    "transposed": lambda image: image.transpose(2, 0, 1),
    "Fortran order": np.asfortranarray,
    "flipped channels": lambda image: image[..., ::-1],
    "cropped": lambda image: image[3:-2, 1:-4],
    "every other row": lambda image: image[::-2],
    "one row of all": lambda image: image[None],
    "no memory": lambda image: np.broadcast_to(image[:1], image.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_layout_gives_the_value_of_a_copy(layout: str, dtype: np.dtype) -> None:
    rng = np.random.default_rng(43)
    truth, test = (rng.integers(0, 2, (90, 81, 3)).astype(dtype) for _ in range(2))
    y_true, y_pred = LAYOUTS[layout](truth), LAYOUTS[layout](test)
    wanted = squarely.peak_signal_noise_ratio(
        np.ascontiguousarray(y_true).ravel(), np.ascontiguousarray(y_pred).ravel()
    )
    assert squarely.peak_signal_noise_ratio(y_true, y_pred) == wanted
    assert squarely.peak_signal_noise_ratio(np.ascontiguousarray(y_true), y_pred) == wanted


def test_elements_are_left_out_by_masks_and_where() -> None:
    rng = np.random.default_rng(44)
    y_true, y_pred = (rng.integers(0, 256, (40, 30, 3)).astype(np.uint8) for _ in range(2))
    where = rng.random(y_true.shape) < 0.5
    wanted = squarely.peak_signal_noise_ratio(y_true[where], y_pred[where])
    assert squarely.peak_signal_noise_ratio(y_true, y_pred, where=where) == wanted
    assert squarely.peak_signal_noise_ratio(np.ma.array(y_true, mask=~where), y_pred) == wanted
    rows = where[:, 0, 0]
    wanted = squarely.peak_signal_noise_ratio(y_true[rows], y_pred[rows])
    assert squarely.peak_signal_noise_ratio(y_true, y_pred, where=rows) == wanted


def test_what_is_left_out_does_not_tell_the_range() -> None:
    y_true, y_pred = np.array([0.5, 300.0, -1.0]), np.array([0.25, 0.0, 0.0])
    result = squarely.peak_signal_noise_ratio(y_true, y_pred, where=[True, False, False])
    assert result == squarely.peak_signal_noise_ratio([0.5], [0.25], data_range=1.0)


def test_frames_and_lists_are_images_too() -> None:
    pandas = pytest.importorskip("pandas")
    y_true, y_pred = np.random.default_rng(45).random((2, 30, 20))
    wanted = squarely.peak_signal_noise_ratio(y_true, y_pred)
    assert squarely.peak_signal_noise_ratio(pandas.DataFrame(y_true), pandas.DataFrame(y_pred)) == wanted
    assert squarely.peak_signal_noise_ratio(y_true.tolist(), y_pred) == wanted
    with_null = pandas.DataFrame(y_true).convert_dtypes()
    with_null.iloc[3, 4] = pandas.NA
    left = np.ones((30, 20), bool)
    left[3, 4] = False
    wanted = squarely.peak_signal_noise_ratio(y_true, y_pred, where=left)
    assert squarely.peak_signal_noise_ratio(with_null, y_pred, nan_policy="omit") == wanted
    with pytest.raises(ValueError, match="Input contains NaN"):
        squarely.peak_signal_noise_ratio(with_null, y_pred)


def test_bfloat16_images_have_the_range_of_floats() -> None:
    types = pytest.importorskip("ml_dtypes")
    y_true, y_pred = np.array([[0.0, 0.5]], types.bfloat16), np.array([[0.25, 0.5]], types.bfloat16)
    result = squarely.peak_signal_noise_ratio(y_true, y_pred)
    assert result == squarely.peak_signal_noise_ratio([0.0, 0.5], [0.25, 0.5], data_range=1.0)


def test_missing_values_follow_the_policy() -> None:
    y_true, y_pred = np.array([[0.5, math.nan]]), np.array([[0.25, 0.0]])
    with pytest.raises(ValueError, match="Input contains NaN"):
        squarely.peak_signal_noise_ratio(y_true, y_pred)
    assert math.isnan(squarely.peak_signal_noise_ratio(y_true, y_pred, nan_policy="propagate"))
    wanted = squarely.peak_signal_noise_ratio([0.5], [0.25], data_range=1.0)
    assert squarely.peak_signal_noise_ratio(y_true, y_pred, nan_policy="omit") == wanted
    with pytest.raises(ValueError, match="has no pair of two numbers"):
        squarely.peak_signal_noise_ratio(y_true, y_pred, where=np.zeros((1, 2), bool), data_range=1.0)


def test_what_the_type_does_not_tell_is_asked_for() -> None:
    with pytest.raises(ValueError, match="y_true has intensity values outside the range expected for its data type"):
        squarely.peak_signal_noise_ratio([0.0, 255.0], [1.0, 255.0])
    with pytest.warns(UserWarning, match="Inputs have mismatched dtype. Setting data_range based on y_true"):
        squarely.peak_signal_noise_ratio(np.array([3], np.uint8), np.array([1.0]))
    with pytest.raises(ValueError, match="The 'data_range' parameter of peak_signal_noise_ratio must be a float in"):
        squarely.peak_signal_noise_ratio([0.0], [1.0], data_range=0)
    with pytest.raises(ValueError, match="must have the same shape, because nothing is broadcast"):
        squarely.peak_signal_noise_ratio(np.zeros((4, 4, 3)), np.zeros((4, 4, 1)))
    with pytest.raises(ValueError, match="Complex data not supported"):
        squarely.peak_signal_noise_ratio(np.zeros(3, complex), np.zeros(3))


def test_integers_that_would_wrap_do_not() -> None:
    y_true, y_pred = np.array([0, 100], np.int8), np.array([0, -100], np.int8)
    wanted = squarely.peak_signal_noise_ratio([0.0, 100.0], [0.0, -100.0], data_range=127.0)
    assert squarely.peak_signal_noise_ratio(y_true, y_pred) == wanted

"""Metrics of images: every element counts alike, whatever its place, channel or frame."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import NAN_POLICIES, ArrayLike, NanPolicy, check_choice
from squarely.named_metrics import metric, parameter_value
from squarely.policy import data_refused
from squarely.scoring import configuration_of, score, score_at

if TYPE_CHECKING:
    from squarely.pairing import PairedColumns

__all__ = ["peak_signal_noise_ratio"]

FUNCTION = "peak_signal_noise_ratio"
ELEMENTS_AT_ONCE = 2**16

Numbers = npt.NDArray[Any]
Chunk = tuple[Numbers, Numbers, npt.NDArray[np.bool_] | None]


def peak_signal_noise_ratio(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    data_range: float | None = None,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
) -> float:
    r"""Peak signal-to-noise ratio (PSNR) of images, signals or volumes.

    .. math:: 10 \log_{10} \frac{n R^2}{\sum_{i=1}^{n} (y_i - \hat y_i)^2}

    over all n elements, whatever the number of dimensions.

    Parameters
    ----------
    y_true : array-like of any shape
        The true image, as (height, width), (height, width, channels), or with any further axes.
    y_pred : array-like of the same shape
        The image to be judged.
    data_range : float, optional
        R, the distance between the least and the largest value that are possible. From the element type of `y_true` if
        not given, as in scikit-image: of integers the largest there is, 255 for uint8, and where `y_true` has negative
        values the whole range, 255 for int8; of floats, which must lie within -1 and 1, 1 or, with negative values, 2.
        1 for booleans. Pass it for floats of another range, for int64, which Python lists become, and for images of 10
        or 12 bits in wider integers.
    where : array-like of bool of the same shape, or of the first axis, optional
        True where an element counts.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        As in `mean_squared_error`.

    Returns
    -------
    float
        In decibels. From minus infinity to infinity, the best, which identical images have, and no others.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, where `data_range` is not a positive number, and where it is not given and the
        values or the type of `y_true` do not tell it.

    See Also
    --------
    mean_squared_error : What is under the logarithm.

    Notes
    -----
    As `skimage.metrics.peak_signal_noise_ratio`, with its warning where the element types of both images differ. The
    squared errors are summed exactly, also of integers that would wrap in their own type, and the rest is within 3 ulp,
    with the same bits on every machine; a quotient of 10^k gives 10 k exactly. Arrays are read in place, in any layout.
    One element is enough, and the truth may be constant. Under ``nan_policy="propagate"`` an infinity gives minus
    infinity.

    Examples
    --------
    >>> import numpy as np
    >>> import squarely
    >>> image = np.array([[[0, 100, 255], [7, 7, 7]]], np.uint8)
    >>> noisy = np.array([[[3, 98, 255], [7, 9, 5]]], np.uint8)
    >>> squarely.peak_signal_noise_ratio(image, noisy)
    42.690123165176345
    >>> squarely.peak_signal_noise_ratio(image, image)
    inf
    >>> squarely.peak_signal_noise_ratio([0.0, 0.5], [0.1, 0.6], data_range=1.0)
    20.0
    """
    if data_range is not None and getattr(y_true, "ndim", 0) == 1:
        return float(score(FUNCTION, y_true, y_pred, parameter=data_range, where=where, nan_policy=nan_policy))
    from squarely.pairing import pair

    check_choice(nan_policy, NAN_POLICIES, "nan_policy", FUNCTION)
    given = None if data_range is None else parameter_value(FUNCTION, data_range)
    pairs = pair(y_true, y_pred, where, 0, FUNCTION, most_dimensions=None)
    dtype = _type_of_image(pairs) if given is None else None
    state = _core.State(1, configuration_of((metric("mse"),), "uniform_average", nan_policy, "exact"))
    least, largest = np.inf, -np.inf
    for truth, prediction, counts in _flat_chunks(pairs):
        state.update(truth, prediction, counts)
        if dtype is not None and dtype.kind in "if":
            chunk_least, chunk_largest = _extremes(truth, counts)
            least, largest = min(least, chunk_least), max(largest, chunk_largest)
    reach = given
    try:
        # The policy comes first: of what it refuses no range is asked.
        _core.Accumulator(configuration_of((metric("mse"),), "uniform_average", nan_policy, "exact")).add(state, (1,))
        reach = _range_of_type(dtype, least, largest) if dtype is not None else float(given or 0)
        asked = metric(FUNCTION, data_range=reach if reach > 0 else 1.0)
        accumulator = _core.Accumulator(configuration_of((asked,), "uniform_average", nan_policy, "exact"))
        accumulator.add(state, (1,))
    except _core.Refused as refused:
        raise data_refused(refused, nan_policy, pairs.dtype) from None
    value = score_at(accumulator, 0, asked)
    assert isinstance(value, float)
    return value


def _flat_chunks(pairs: PairedColumns) -> Iterator[Chunk]:
    """Yield all elements in chunks of one dimension, which are views where the memory allows that."""
    from squarely.columns import Array
    from squarely.metrics.paired_blocks import blocks_of

    if not isinstance(pairs.truth, Array) or not isinstance(pairs.prediction, Array):
        for block in blocks_of(pairs):
            # Missing values stay, to be counted: what is left out here is what a mask leaves out.
            is_masked = ~(block.counts | np.isnan(block.truth) | np.isnan(block.prediction))
            yield block.truth.reshape(-1), block.prediction.reshape(-1), ~is_masked.reshape(-1)
        return
    truth = pairs.truth.array
    masks = [~mask.reshape(truth.shape) for mask in (pairs.truth.mask, pairs.prediction.mask) if mask is not None]
    if pairs.where is not None:
        is_of_elements = pairs.where.size == truth.size
        masks.append(pairs.where.reshape(truth.shape if is_of_elements else (-1,) + (1,) * (truth.ndim - 1)))
    operands = [truth, pairs.prediction.array.reshape(truth.shape), *masks]
    with np.nditer(
        operands,
        flags=["external_loop", "buffered", "growinner"],
        op_flags=[["readonly"]] * len(operands),
        buffersize=ELEMENTS_AT_ONCE,
    ) as chunks:
        for chunk in chunks:
            counts = functools.reduce(np.logical_and, chunk[2:]) if masks else None
            yield chunk[0], chunk[1], counts


def _type_of_image(pairs: PairedColumns) -> np.dtype[Any]:
    """Return the element type of the true image, if it is of one type."""
    types = {dtype.newbyteorder("=") for dtype in pairs.truth.dtypes}
    if len(types) > 1:
        raise ValueError("The columns of y_true have several element types, which do not tell one data_range. Pass it.")
    if types != {dtype.newbyteorder("=") for dtype in pairs.prediction.dtypes}:
        warnings.warn(
            "Inputs have mismatched dtype. Setting data_range based on y_true; pass it to be sure.",
            UserWarning,
            stacklevel=3,
        )
    return types.pop()


def _extremes(truth: Numbers, counts: npt.NDArray[np.bool_] | None) -> tuple[float, float]:
    values = truth if counts is None else truth[counts]
    if values.size == 0:
        return np.inf, -np.inf
    # fmin and fmax pass over NaN, which the policy deals with.
    return float(np.fmin.reduce(values)), float(np.fmax.reduce(values))


def _range_of_type(dtype: np.dtype[Any], least: float, largest: float) -> float:
    if dtype.kind == "b":
        return 1.0
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return float(limits.max - limits.min if least < 0 else limits.max)
    if largest > 1 or least < -1:
        raise ValueError(
            f"y_true has intensity values outside the range expected for its data type, from {least:g} to {largest:g}: "
            "floats must lie within -1 and 1. Pass the data_range, such as 255.0."
        )
    return 2.0 if least < 0 else 1.0

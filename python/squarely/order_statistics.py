"""Order statistics of paired columns, one value an output: every row kept in memory once, as a float64."""

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.columns import Array
from squarely.pairing import PairedColumns
from squarely.policy import check_counts, check_some_pairs

__all__ = ["against_quantiles", "median_of_absolute_errors", "quantiles_of_truth", "trimmed_mean_of_squares"]

Weights = npt.NDArray[np.float64]


def median_of_absolute_errors(
    pairs: PairedColumns, weights: Weights | None, nan_policy: str, *, is_raw: bool = False
) -> list[float]:
    """Return the median of the absolute errors of each output, each error rounded once.

    Between two middle values it is their mean. Weights are those of the rows; a value of weight zero is not there, and
    the median is NaN where all weights of an output are zero.
    """
    in_one_pass = pairs.quantile_of_errors_in_one_pass(0.5) if weights is None else None
    if in_one_pass is not None:
        return [in_one_pass]
    statistics = _checked(pairs, "absolute_error", nan_policy, is_raw)
    return _known(statistics.quantiles(0.5, weights), statistics, nan_policy)


def quantiles_of_truth(pairs: PairedColumns, alpha: float, weights: Weights | None, nan_policy: str) -> list[float]:
    """Return the quantile of the truth of each output, among the pairs that count.

    That is the smallest value whose share of values not above it reaches alpha, or the mean of it and the next one
    where it meets alpha: what NumPy calls "averaged_inverted_cdf", here without rounding the share.
    """
    statistics = _checked(pairs, "truth", nan_policy)
    return _known(statistics.quantiles(alpha, weights), statistics, nan_policy)


def against_quantiles(pairs: PairedColumns, alpha: float, weights: Weights | None, nan_policy: str) -> PairedColumns:
    """Return the pairs with each prediction replaced by that quantile of the truth. The same rows count."""
    statistics = _checked(pairs, "truth", nan_policy)
    quantiles = _known(statistics.quantiles(alpha, weights), statistics, nan_policy)
    shape, axis = pairs.truth.shape, pairs.axis
    of_outputs = shape[:axis] + shape[axis + 1 :]
    constant = np.broadcast_to(np.expand_dims(np.array(quantiles).reshape(of_outputs), axis), shape)
    where = pairs.where
    if any(count < pairs.rows for count in statistics.pairs):
        where = np.moveaxis(~np.isnan(statistics.values).reshape(*of_outputs, pairs.rows), -1, axis)
    return PairedColumns(pairs.truth, Array(constant), where, pairs.axis, pairs.weights)


def trimmed_mean_of_squares(
    pairs: PairedColumns, proportion: float, nan_policy: str, *, is_raw: bool = False
) -> list[float]:
    """Return the mean of the squared errors of each output without the largest floor(proportion * n) of them."""
    statistics = _checked(pairs, "absolute_error", nan_policy, is_raw)
    return _known(statistics.trimmed_mean_squares(proportion), statistics, nan_policy)


def _checked(pairs: PairedColumns, quantity: str, nan_policy: str, is_raw: bool = False) -> _core.OrderStatistics:
    if pairs.is_complex:
        raise ValueError("Complex numbers have no order. Pass their absolute values, or their parts one by one.")
    statistics = pairs.order(quantity)
    check_counts(statistics, nan_policy, pairs.dtype)
    # Among raw values an output without pairs is NaN, and the others have theirs.
    if nan_policy != "propagate" and not (is_raw and any(statistics.pairs)):
        check_some_pairs(statistics.pairs, pairs.output_shape)
    return statistics


def _known(values: list[float], statistics: _core.OrderStatistics, nan_policy: str) -> list[float]:
    """Return the values, but NaN where a pair has none and the policy propagates that."""
    if nan_policy != "propagate":
        return values
    without = zip(statistics.missing_true, statistics.missing_pred, statistics.undefined, strict=True)
    return [float("nan") if any(counts) else value for counts, value in zip(without, values, strict=True)]

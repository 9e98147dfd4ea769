"""Squared errors as a share of how large the truth is, or how much it varies."""

from __future__ import annotations

from typing import Literal

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["normalized_mean_squared_error", "normalized_root_mean_squared_error"]


@averages_outputs
def normalized_mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean squared error as a share of the variance of the truth, correctly rounded.

    .. math:: \frac{\sum_{i=1}^{n} w_i (y_i - \hat y_i)^2}{\sum_{i=1}^{n} w_i (y_i - \bar y)^2}

    The squared errors as a share of those of the best constant prediction, the mean of the truth: 1 - R².

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without unit. From 0, the best, to infinity; 1 is as good as the mean of the truth.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    r2_score : One minus this.
    normalized_root_mean_squared_error : Its root with ``normalization="std"``.

    Notes
    -----
    The same number is known as relative squared error (RSE), in torchmetrics for one; sktime calls NMSE what is its
    root. Where the truth is constant, which one pair is, it is infinity, and NaN for a perfect prediction. It does not
    change where truth and prediction are multiplied with the same number or moved by the same amount. Under
    ``nan_policy="propagate"`` an infinite prediction gives infinity, and an infinite truth NaN.

    Examples
    --------
    >>> import squarely
    >>> squarely.normalized_mean_squared_error([1.0, 2.0, 3.0, 4.0], [1.5, 2.0, 3.0, 4.5])
    0.1
    >>> squarely.normalized_mean_squared_error([2.0, 2.0], [2.0, 3.0])
    inf
    """
    return score(
        "normalized_mean_squared_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def normalized_root_mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    normalization: Literal["range", "mean", "std", "euclidean"] = "range",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Root mean squared error as a share of the size of the truth, correctly rounded.

    .. math:: \frac{1}{s} \sqrt{\frac{\sum_{i=1}^{n} w_i (y_i - \hat y_i)^2}{\sum_{i=1}^{n} w_i}}

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.
    normalization : {"range", "mean", "std", "euclidean"}, default="range"
        What s is, of the truth of an output: its largest value minus its least; its mean; its standard deviation, with
        divisor n; the root of its mean square, so that the score is ‖y - ŷ‖ / ‖y‖.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without unit. From 0, the best, to infinity. Where the mean of the truth is negative and divided by, from 0
        to minus infinity, as in torchmetrics and scikit-image.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where `normalization` is none of the words.

    See Also
    --------
    normalized_mean_squared_error : The square of that by the standard deviation.
    root_mean_squared_error : In the unit of y.

    Notes
    -----
    scikit-image divides by the Euclidean norm unless told otherwise and calls the range "min-max"; torchmetrics divides
    by the mean, and its "l2" lacks the factor √n. Root and quotient are taken of exact numbers, and rounded once. Where
    s is zero, as the range and the standard deviation of constant truth and of one pair are, the score is infinity, and
    NaN for a perfect prediction. Under ``nan_policy="propagate"`` an infinite prediction gives infinity, but NaN where
    the mean divides, whose sign is not known then; an infinite truth gives NaN.

    Examples
    --------
    >>> import squarely
    >>> squarely.normalized_root_mean_squared_error([0.0, 2.0, 4.0], [1.0, 1.0, 5.0])
    0.25
    >>> squarely.normalized_root_mean_squared_error([0.0, 2.0, 4.0], [1.0, 1.0, 5.0], normalization="mean")
    0.5
    >>> squarely.normalized_root_mean_squared_error([3.0, 4.0], [3.0, 9.0], normalization="euclidean")
    1.0
    """
    return score(
        "normalized_root_mean_squared_error",
        y_true,
        y_pred,
        parameter=normalization,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

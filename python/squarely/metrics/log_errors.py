"""Metrics of differences of logarithms."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["mean_squared_log_error", "root_mean_squared_log_error"]


@averages_outputs
def mean_squared_log_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean squared difference of logarithms, of truth and prediction each plus one.

    .. math:: \frac{1}{\sum_i w_i} \sum_{i=1}^{n} w_i \left(\log(1 + y_i) - \log(1 + \hat y_i)\right)^2

    For counts and other targets that grow by factors. A prediction too small by a factor costs more than one too large
    by the same difference.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`. Every value that counts is greater than -1.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without unit. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where a value is -1 or less.

    Notes
    -----
    As `sklearn.metrics.mean_squared_log_error`. Each square is within 8 ulp, the same on every machine, as the
    logarithms are our own; their sum and mean are not rounded.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_squared_log_error([3, 5, 2.5, 7], [2.5, 5, 4, 8])  # doctest: +ELLIPSIS
    0.0397...
    >>> squarely.mean_squared_log_error([0.0, 0.0], [0.0, 0.0])
    0.0
    """
    return score(
        "mean_squared_log_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def root_mean_squared_log_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Root of the mean squared difference of logarithms.

    .. math:: \sqrt{\frac{1}{\sum_i w_i} \sum_{i=1}^{n} w_i \left(\log(1 + y_i) - \log(1 + \hat y_i)\right)^2}

    Small values can be read as relative errors: 0.05 is about five percent of :math:`1 + y`.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_log_error`. Of several outputs the roots are averaged, not the means.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without unit. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_log_error`.

    Notes
    -----
    As `sklearn.metrics.root_mean_squared_log_error`.

    Examples
    --------
    >>> import squarely
    >>> squarely.root_mean_squared_log_error([3, 5, 2.5, 7], [2.5, 5, 4, 8])  # doctest: +ELLIPSIS
    0.199...
    """
    return score(
        "root_mean_squared_log_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

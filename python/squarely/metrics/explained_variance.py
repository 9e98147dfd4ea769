"""Metrics of the share of the variance of the truth that is explained."""

from __future__ import annotations

from squarely.arguments import ArrayLike, NanPolicy, Summation, VarianceMultioutput
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["explained_variance_score", "r2_score"]


@averages_outputs
def r2_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: VarianceMultioutput = "uniform_average",
    force_finite: bool = True,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Coefficient of determination: the share of the squared deviation of the truth that the predictions remove.

    .. math:: 1 - \frac{\sum_i w_i (y_i - \hat y_i)^2}{\sum_i w_i (y_i - \bar y)^2}

    where :math:`\bar y` is the weighted mean of the truth. Both sums are exact, and the score is rounded once: also
    where the truth is nearly constant, or far from zero.

    Parameters
    ----------
    y_true, y_pred, sample_weight, where, nan_policy, summation
        As in `mean_squared_error`.
    multioutput : {"uniform_average", "raw_values", "variance_weighted"}, array-like or None, default="uniform_average"
        As in `mean_squared_error`, and "variance_weighted" averages the outputs by the variance of their truth. None is
        "uniform_average".
    force_finite : bool, default=True
        What a constant truth gives: with True, 1.0 for perfect predictions and 0.0 for any others; with False, NaN and
        minus infinity.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        From minus infinity to 1, the best. Predicting the mean of the truth has 0.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    Warns
    -----
    UndefinedMetricWarning
        Where there are fewer than two pairs; the score is NaN. The warning is scikit-learn's where that is imported,
        and a UserWarning otherwise.

    See Also
    --------
    explained_variance_score : Which forgives predictions that are off by a constant.

    Notes
    -----
    As `sklearn.metrics.r2_score`, except that it is exact: a truth is constant where all its values are equal, and not
    where a rounded mean says so.

    Examples
    --------
    >>> import squarely
    >>> squarely.r2_score([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])  # doctest: +ELLIPSIS
    0.948...
    >>> y_true, y_pred = [[0.5, 1.0], [-1.0, 1.0], [7.0, -6.0]], [[0.0, 2.0], [-1.0, 2.0], [8.0, -5.0]]
    >>> squarely.r2_score(y_true, y_pred, multioutput="variance_weighted")
    0.9382566585956417
    >>> squarely.r2_score([1, 2, 3], [2, 2, 2]), squarely.r2_score([1, 2, 3], [3, 2, 1])
    (0.0, -3.0)
    >>> squarely.r2_score([5.0, 5.0], [5.0, 6.0]), squarely.r2_score([5.0, 5.0], [5.0, 6.0], force_finite=False)
    (0.0, -inf)
    """
    if multioutput is None:
        multioutput = "uniform_average"
    return score(
        "r2_score",
        y_true,
        y_pred,
        parameter=force_finite,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def explained_variance_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: VarianceMultioutput = "uniform_average",
    force_finite: bool = True,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Share of the variance of the truth that is not left in the errors.

    .. math:: 1 - \frac{\operatorname{Var}(y - \hat y)}{\operatorname{Var}(y)}

    with weighted variances. It is `r2_score` after the mean error has been taken off, so it does not see a bias.

    Parameters
    ----------
    y_true, y_pred, sample_weight, where, nan_policy, summation
        As in `mean_squared_error`.
    multioutput : {"uniform_average", "raw_values", "variance_weighted"} or array-like, default="uniform_average"
        As in `r2_score`.
    force_finite : bool, default=True
        As in `r2_score`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        From minus infinity to 1, the best.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    r2_score : Which counts a bias as an error.

    Notes
    -----
    As `sklearn.metrics.explained_variance_score`, except that it is exact, and NaN with a warning for one pair, which
    has no variance; there it is 1.

    Examples
    --------
    >>> import squarely
    >>> squarely.explained_variance_score([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])  # doctest: +ELLIPSIS
    0.957...
    >>> squarely.explained_variance_score([1.0, 2.0, 3.0], [11.0, 12.0, 13.0])
    1.0
    """
    return score(
        "explained_variance_score",
        y_true,
        y_pred,
        parameter=force_finite,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

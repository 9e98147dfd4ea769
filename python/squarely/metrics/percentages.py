"""Percentage errors whose denominator is more than the truth of one pair."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["symmetric_mean_absolute_percentage_error", "weighted_absolute_percentage_error"]


@averages_outputs
def symmetric_mean_absolute_percentage_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    scale: float = 2.0,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Symmetric mean absolute percentage error (sMAPE).

    .. math:: \frac{s}{n} \sum_{i=1}^{n} \frac{|y_i - \hat y_i|}{|y_i| + |\hat y_i|}

    The share of an error is taken of the mean of \|y\| and \|ŷ\|. A pair of zeros has no error and counts as 0.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.
    scale : float, default=2.0
        The factor s, which is the largest value there is: 2 as in torchmetrics and sktime, 200 as in river, 1 as in
        xskillscore and utilsforecast. From above 0 to infinity.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        A share, without unit. From 0, the best, to `scale`, which a prediction of the wrong sign gets.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where `scale` is not a positive number.

    See Also
    --------
    weighted_absolute_percentage_error : One share of all, which small truths do not dominate.
    mean_absolute_percentage_error : Shares of the truth.

    Notes
    -----
    Every share is the quotient of a difference and a sum, each of the three rounded: off by at most 3 ulp. Their sum is
    exact and the mean is rounded once. Where the truth is 0 any other prediction has the largest share, however small
    it is. One pair is enough. Under ``nan_policy="propagate"`` an infinity gives NaN.

    References
    ----------
    .. [1] S. Makridakis (1993), "Accuracy measures: theoretical and practical concerns", International Journal of
       Forecasting 9, 527-529.

    Examples
    --------
    >>> import squarely
    >>> squarely.symmetric_mean_absolute_percentage_error([1.0, 3.0, 0.0], [3.0, 1.0, 0.0])
    0.6666666666666666
    >>> squarely.symmetric_mean_absolute_percentage_error([1.0, 3.0, 0.0], [3.0, 1.0, 1.0], scale=200.0)
    133.33333333333334
    """
    return score(
        "symmetric_mean_absolute_percentage_error",
        y_true,
        y_pred,
        parameter=scale,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def weighted_absolute_percentage_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Weighted absolute percentage error (WAPE), correctly rounded.

    .. math:: \frac{\sum_{i=1}^{n} w_i |y_i - \hat y_i|}{\sum_{i=1}^{n} w_i |y_i|}

    The sum of the absolute errors as a share of the sum of the absolute truth: every percentage error weighted with
    the size of its truth.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        A share, without unit. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    symmetric_mean_absolute_percentage_error : The mean of shares, one a pair.

    Notes
    -----
    Known as normalized deviation (ND) too, and as MAD/mean ratio. Where all truth is zero it is infinity, and NaN where
    all errors are zero too; torchmetrics replaces a small denominator by 1.17e-6 instead. One pair is enough, and
    single truths of zero do no harm. Under ``nan_policy="propagate"`` an infinite prediction gives infinity, and an
    infinite truth NaN.

    References
    ----------
    .. [1] S. Kolassa, W. Schütz (2007), "Advantages of the MAD/mean ratio over the MAPE", Foresight 6, 40-43.

    Examples
    --------
    >>> import squarely
    >>> squarely.weighted_absolute_percentage_error([2.0, 0.0, 6.0], [1.0, 1.0, 6.0])
    0.25
    >>> squarely.weighted_absolute_percentage_error([0.0, 0.0], [1.0, 0.0])
    inf
    """
    return score(
        "weighted_absolute_percentage_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

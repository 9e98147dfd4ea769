"""Metrics of quantile predictions."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.named_metrics import Metric, parameter_value
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["d2_absolute_error_score", "d2_pinball_score", "mean_pinball_loss"]


@averages_outputs
def mean_pinball_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    alpha: float = 0.5,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean pinball loss, whose best constant is the alpha-quantile of the truth.

    .. math::
        \frac{1}{\sum_i w_i} \sum_{i=1}^{n} w_i \left(
        \alpha \max(y_i - \hat y_i, 0) + (1 - \alpha) \max(\hat y_i - y_i, 0)\right)

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.
    alpha : float, default=0.5
        From 0 to 1: the quantile that is predicted. At 0.9 a prediction that is too small costs nine times as much as
        one too large by the same.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where alpha is not from 0 to 1.

    See Also
    --------
    d2_pinball_score : Relative to the best constant.
    mean_absolute_error : Twice this at alpha=0.5.

    Notes
    -----
    As `sklearn.metrics.mean_pinball_loss`, except that it is exact: the double alpha and the double 1 - alpha need not
    sum to one, so 1 - alpha is not rounded. Koenker and Bassett, "Regression Quantiles", Econometrica 46 (1978).

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_pinball_loss([1, 2, 3], [0, 2, 3], alpha=0.9)
    0.3
    >>> squarely.mean_pinball_loss([1, 2, 3], [2, 2, 3], alpha=0.75)
    0.08333333333333333
    """
    return score(
        "mean_pinball_loss",
        y_true,
        y_pred,
        parameter=alpha,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def d2_pinball_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    alpha: float = 0.5,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Share of the pinball loss of the best constant that the predictions remove.

    .. math:: 1 - \frac{L_\alpha(y, \hat y)}{L_\alpha(y, q_\alpha(y))}

    where :math:`L_\alpha` is `mean_pinball_loss` and :math:`q_\alpha(y)` the weighted quantile of the truth: the
    smallest truth whose rows, with those of the smaller ones, hold the share alpha of the weight, or the mean of it and
    the next one where they hold exactly that. Both losses are exact, and the score is rounded once.

    Parameters
    ----------
    y_true, y_pred, multioutput, where, nan_policy, summation
        As in `mean_squared_error`. Keeps one double a row while it runs.
    sample_weight : array-like of shape (n,) or float, optional
        Weights of the rows, none of them negative.
    alpha : float, default=0.5
        From 0 to 1: the quantile that is predicted.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        From minus infinity to 1, the best. Predicting that quantile has 0. Where the truth is constant, or the constant
        is perfect otherwise, 1 for perfect predictions and 0 for any others.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, where alpha is not from 0 to 1, and where a weight is negative.

    Warns
    -----
    UndefinedMetricWarning
        Where there are fewer than two pairs, as in `r2_score`; the score is NaN.

    Notes
    -----
    As `sklearn.metrics.d2_pinball_score`. The quantile is a double, so that integers beyond 2**53 are rounded for it.
    Koenker and Machado, "Goodness of Fit and Related Inference Processes for Quantile Regression", Journal of the
    American Statistical Association 94 (1999), equation 7.

    Examples
    --------
    >>> import squarely
    >>> squarely.d2_pinball_score([1, 2, 3], [1, 3, 3])
    0.5
    >>> squarely.d2_pinball_score([1, 2, 3], [1, 3, 3], alpha=0.75)
    0.6666666666666666
    """
    from squarely.order_scores import order_score  # with what is needless for sums

    return order_score(
        Metric("d2_pinball_score", parameter_value("d2_pinball_score", alpha)),
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def d2_absolute_error_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Share of the absolute error from the median that the predictions remove.

    .. math:: 1 - \frac{\sum_i w_i |y_i - \hat y_i|}{\sum_i w_i |y_i - \operatorname{median}(y)|}

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `d2_pinball_score`, of which this is the one at alpha=0.5.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        From minus infinity to 1, the best. Predicting the median of the truth has 0.

    Raises
    ------
    ValueError
        As in `d2_pinball_score`.

    Warns
    -----
    UndefinedMetricWarning
        Where there are fewer than two pairs, as in `r2_score`; the score is NaN.

    Notes
    -----
    As `sklearn.metrics.d2_absolute_error_score`.

    Examples
    --------
    >>> import squarely
    >>> squarely.d2_absolute_error_score([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])  # doctest: +ELLIPSIS
    0.764...
    >>> squarely.d2_absolute_error_score([1, 2, 3], [3, 2, 1])
    -1.0
    """
    from squarely.order_scores import order_score  # with what is needless for sums

    return order_score(
        Metric("d2_absolute_error_score", 0.0),
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

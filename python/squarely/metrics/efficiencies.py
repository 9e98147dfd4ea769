"""The efficiencies of hydrology: how much better than the mean of the truth a model is."""

from __future__ import annotations

from typing import Literal

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["kling_gupta_efficiency", "nash_sutcliffe_efficiency"]


@averages_outputs
def kling_gupta_efficiency(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    version: Literal[2009, 2012] = 2009,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Kling-Gupta efficiency: how far correlation, spread and mean are from those of a perfect model.

    .. math:: 1 - \sqrt{(r - 1)^2 + (s - 1)^2 + (\beta - 1)^2}

    with Pearson's correlation r, the ratio of the means :math:`\beta = \bar{\hat y} / \bar y`, and as s the ratio of
    the standard deviations (2009), or of the coefficients of variation, which is that divided by β (2012).

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.
    version : {2009, 2012}, default=2009
        Which ratio of spreads is taken. With that of 2012 a wrong mean is not counted twice.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without unit. From minus infinity to 1, the best; about -0.41 is as good as the mean of the truth.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where `version` is neither.

    See Also
    --------
    nash_sutcliffe_efficiency : One minus the share of squared errors.

    Notes
    -----
    r and both ratios are correctly rounded, and the rest is a few operations on doubles: the result is within a few ulp
    of the distance under the root or of 1, whichever is larger, and has the same bits on every machine. Constant truth
    or prediction gives NaN; one pair gives NaN and a warning. A truth of mean zero gives minus infinity, and a truth
    near mean zero says little. Under ``nan_policy="propagate"`` an infinite prediction gives minus infinity, and an
    infinite truth NaN.

    References
    ----------
    .. [1] H. V. Gupta, H. Kling, K. K. Yilmaz, G. F. Martinez (2009), "Decomposition of the mean squared error and NSE
       performance criteria", Journal of Hydrology 377, 80-91.
    .. [2] H. Kling, M. Fuchs, M. Paulin (2012), "Runoff conditions in the upper Danube basin under an ensemble of
       climate change scenarios", Journal of Hydrology 424-425, 264-277.
    .. [3] W. J. M. Knoben, J. E. Freer, R. A. Woods (2019), "Inherent benchmark or not? Comparing Nash-Sutcliffe and
       Kling-Gupta efficiency scores", Hydrology and Earth System Sciences 23, 4323-4331.

    Examples
    --------
    >>> import squarely
    >>> squarely.kling_gupta_efficiency([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    1.0
    >>> squarely.kling_gupta_efficiency([1.0, 2.0, 3.0], [2.0, 4.0, 6.0])
    -0.41421356237309515
    >>> squarely.kling_gupta_efficiency([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], version=2012)
    0.0
    """
    return score(
        "kling_gupta_efficiency",
        y_true,
        y_pred,
        parameter=version,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def nash_sutcliffe_efficiency(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Nash-Sutcliffe efficiency of a model, correctly rounded.

    .. math:: 1 - \frac{\sum_{i=1}^{n} w_i (y_i - \hat y_i)^2}{\sum_{i=1}^{n} w_i (y_i - \bar y)^2}

    One minus the squared errors as a share of those of the mean of the truth.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without unit. From minus infinity to 1, the best; 0 is as good as the mean of the truth.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    r2_score : The same formula with scikit-learn's values for constant truth.
    kling_gupta_efficiency : Correlation, spread and mean side by side.

    Notes
    -----
    The name of R² in hydrology, as in scores. Constant truth gives minus infinity, and NaN for a perfect prediction;
    one pair gives NaN and a warning. Under ``nan_policy="propagate"`` an infinite prediction gives minus infinity, and
    an infinite truth NaN.

    References
    ----------
    .. [1] J. E. Nash, J. V. Sutcliffe (1970), "River flow forecasting through conceptual models. Part I: a discussion
       of principles", Journal of Hydrology 10, 282-290.

    Examples
    --------
    >>> import squarely
    >>> squarely.nash_sutcliffe_efficiency([1.0, 2.0, 3.0, 4.0], [1.5, 2.0, 3.0, 4.5])
    0.9
    >>> squarely.nash_sutcliffe_efficiency([1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
    0.0
    """
    return score(
        "nash_sutcliffe_efficiency",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

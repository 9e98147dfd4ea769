"""How well predictions follow the truth: on any line, or on that of perfect predictions."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["concordance_correlation", "pearson_correlation"]


@averages_outputs
def concordance_correlation(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Lin's concordance correlation of truth and prediction, correctly rounded.

    .. math:: \rho_c = \frac{2 s_{y \hat y}}{s_y^2 + s_{\hat y}^2 + (\bar y - \bar{\hat y})^2}

    where s are the covariance and the variances with divisor n.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without unit. From -1 to 1, the best, which only a perfect prediction gets.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    pearson_correlation : Which does not see whether predictions are moved or stretched.

    Notes
    -----
    Over all pairs, with the divisor n of Lin's first paper, as in torchmetrics and Keras; its size is never more than
    that of Pearson's correlation. Truth and prediction may change places. Where one of them is constant it is 0, and
    NaN where both are the same constant; one pair gives NaN and a warning. Under ``nan_policy="propagate"`` an infinity
    gives NaN.

    References
    ----------
    .. [1] L. I. Lin (1989), "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45,
       255-268.

    Examples
    --------
    >>> import squarely
    >>> squarely.concordance_correlation([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    1.0
    >>> squarely.concordance_correlation([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    0.5714285714285714
    """
    return score(
        "concordance_correlation",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def pearson_correlation(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Pearson's correlation of truth and prediction, correctly rounded.

    .. math:: r = \frac{\sum_{i=1}^{n} w_i (y_i - \bar y)(\hat y_i - \bar{\hat y})}
        {\sqrt{\sum_{i=1}^{n} w_i (y_i - \bar y)^2 \sum_{i=1}^{n} w_i (\hat y_i - \bar{\hat y})^2}}

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without unit. From -1 to 1, the best.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    concordance_correlation : Which counts a shift and a stretch as errors.

    Notes
    -----
    Over all pairs, as `scipy.stats.pearsonr`; Keras averages the correlations of batches or rows instead. It does not
    see whether predictions are moved or stretched: 1 says that they lie on some rising line. Truth and prediction may
    change places. Constant truth or prediction gives NaN; one pair gives NaN and a warning. It is never beyond 1, and
    no digits cancel, however far the data lies from zero. Under ``nan_policy="propagate"`` an infinity gives NaN.

    References
    ----------
    .. [1] K. Pearson (1895), "Notes on regression and inheritance in the case of two parents", Proceedings of the Royal
       Society of London 58, 240-242.

    Examples
    --------
    >>> import squarely
    >>> squarely.pearson_correlation([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0])
    0.8
    >>> squarely.pearson_correlation([1e9 + 1, 1e9 + 2, 1e9 + 3], [12.0, 11.0, 10.0])
    -1.0
    """
    return score(
        "pearson_correlation",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

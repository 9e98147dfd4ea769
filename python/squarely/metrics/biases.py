"""How far predictions lie off on the whole, and how much the errors vary around that."""

from __future__ import annotations

from typing import NamedTuple

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.named_metrics import Metric
from squarely.result_types import AnyScore, averages_outputs
from squarely.scoring import Score, accumulated, checked_pairs, configuration_of, score, score_at

__all__ = ["BiasVariance", "bias_variance", "mean_error", "residual_variance", "squared_bias"]


class BiasVariance(NamedTuple):
    """The two parts of a mean squared error. Made by `bias_variance`.

    Examples
    --------
    >>> import squarely
    >>> parts = squarely.bias_variance([1.0, 2.0], [2.0, 5.0])
    >>> parts.squared_bias, parts.variance
    (4.0, 1.0)
    """

    squared_bias: AnyScore
    """The square of the mean error."""
    variance: AnyScore
    """That of the errors around their mean, with divisor n."""


@averages_outputs
def mean_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean error, or bias, correctly rounded.

    .. math:: \frac{\sum_{i=1}^{n} w_i (\hat y_i - y_i)}{\sum_{i=1}^{n} w_i}

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the unit of y. From minus infinity to infinity; 0, the best, says that errors cancel out, not that there are
        none. Positive where predictions are too high on the whole.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    bias_variance : Its square, and what of the mean squared error is left.
    mean_absolute_error : In which errors do not cancel.

    Notes
    -----
    Prediction minus truth, as `me` in xskillscore and `additive_bias` in scores. Residuals in statistics have the other
    sign. One pair is enough, and the truth may be constant. Under ``nan_policy="propagate"`` an infinite error gives
    infinity of its sign, and NaN where others have the other sign.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_error([1.0, 2.0, 3.0], [2.0, 2.0, 3.5])
    0.5
    >>> squarely.mean_error([0.0, 0.0], [-1.0, 1.0])
    0.0
    """
    return score(
        "mean_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


def bias_variance(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> BiasVariance:
    r"""Mean squared error in its two parts: the square of the bias, and the variance of the errors.

    .. math:: \frac{1}{n} \sum_{i=1}^{n} e_i^2 = \bar e^2 + \frac{1}{n} \sum_{i=1}^{n} (e_i - \bar e)^2

    with the error :math:`e_i = \hat y_i - y_i`. Both parts come from one pass over the data.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    BiasVariance
        `squared_bias` and `variance`, each a float or an ndarray of float64 of shape (outputs,), in the square of the
        unit of y. From 0, the best, to the mean squared error. Each is correctly rounded; before that they add up to
        the mean squared error, and what is returned adds up to it within two roundings.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    mean_error : The bias, with its sign.
    squared_bias, residual_variance : Each of the two alone, by a name that accumulators know.

    Notes
    -----
    The bias is that of one model on one data set, the mean of its errors; the decomposition of learning theory, over
    all training sets, shares the algebra. A model with a large squared bias gets better by moving its predictions. The
    variance is 0 for one pair. Under ``nan_policy="propagate"`` an infinity gives what it gives `squared_bias` and
    `residual_variance`.

    Examples
    --------
    >>> import squarely
    >>> squarely.bias_variance([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 5.0, 4.0])
    BiasVariance(squared_bias=1.0, variance=0.5)
    >>> squarely.mean_squared_error([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 5.0, 4.0])
    1.5
    """
    pairs, averaging = checked_pairs(
        "bias_variance",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )
    parts = (Metric("squared_bias", 0.0), Metric("residual_variance", 0.0))
    accumulator = accumulated(pairs, configuration_of(parts, averaging, nan_policy, summation))
    return BiasVariance(*(score_at(accumulator, index, part, pairs) for index, part in enumerate(parts)))


@averages_outputs
def residual_variance(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Variance of the errors around their mean, with divisor n, correctly rounded.

    .. math:: \frac{\sum_{i=1}^{n} w_i (e_i - \bar e)^2}{\sum_{i=1}^{n} w_i}

    with the error :math:`e_i = \hat y_i - y_i`.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the square of the unit of y. From 0, the best, to the mean squared error.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    bias_variance : Together with the squared bias, from one pass over the data.

    Notes
    -----
    What remains of the mean squared error once the predictions are moved by their mean error. It is 0 for one pair, and
    wherever all errors are the same. Under ``nan_policy="propagate"`` an infinite error gives infinity, and NaN where
    all errors are infinite with one sign.

    Examples
    --------
    >>> import squarely
    >>> squarely.residual_variance([1.0, 2.0, 3.0], [2.0, 2.0, 3.5])
    0.16666666666666666
    >>> squarely.residual_variance([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    0.0
    """
    return score(
        "residual_variance",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def squared_bias(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Square of the mean error, correctly rounded.

    .. math:: \left( \frac{\sum_{i=1}^{n} w_i (\hat y_i - y_i)}{\sum_{i=1}^{n} w_i} \right)^2

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the square of the unit of y. From 0, the best, to the mean squared error.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    bias_variance : Together with the variance, from one pass over the data.

    Notes
    -----
    The exact mean is squared, not a rounded one. One pair is enough, and the truth may be constant. Under
    ``nan_policy="propagate"`` an infinite error gives infinity, and NaN where others have the other sign.

    Examples
    --------
    >>> import squarely
    >>> squarely.squared_bias([1.0, 2.0, 3.0], [2.0, 2.0, 3.5])
    0.25
    """
    return score(
        "squared_bias",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

"""Metrics of deviances of Tweedie distributions, Poisson and gamma among them."""

from __future__ import annotations

from squarely.arguments import ArrayLike, NanPolicy, Summation
from squarely.scoring import score

__all__ = ["d2_tweedie_score", "mean_gamma_deviance", "mean_poisson_deviance", "mean_tweedie_deviance"]


def mean_tweedie_deviance(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    power: float = 0,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> float:
    r"""Mean deviance of a Tweedie distribution, whose variance is proportional to a power of its mean.

    .. math:: \frac{1}{\sum_i w_i} \sum_{i=1}^{n} w_i \, 2 \left(
        \frac{\max(y_i, 0)^{2-p}}{(1-p)(2-p)} - \frac{y_i \hat y_i^{1-p}}{1-p} + \frac{\hat y_i^{2-p}}{2-p}\right)

    and its limits at the powers 1, that is :math:`2 (y \log(y / \hat y) - y + \hat y)`, and 2,
    :math:`2 (\log(\hat y / y) + y / \hat y - 1)`. At power 0 it is the squared error. The higher the power, the less an
    error counts where values are large.

    Parameters
    ----------
    y_true, y_pred, sample_weight, where, nan_policy, summation
        As in `mean_squared_error`. Of one output only.
    power : float, default=0
        At most 0, or at least 1; between, there is no such distribution.

        =============== ============================ ======================
        power           distribution                 takes
        =============== ============================ ======================
        below 0         extreme stable               y_pred > 0
        0               normal                       all numbers
        1               Poisson                      y_true >= 0, y_pred > 0
        between 1 and 2 compound Poisson and gamma   y_true >= 0, y_pred > 0
        2               gamma                        y_true > 0, y_pred > 0
        3               inverse Gaussian             y_true > 0, y_pred > 0
        other above 2   positive stable              y_true > 0, y_pred > 0
        =============== ============================ ======================

    Returns
    -------
    float
        In the unit of y to the power 2 - p. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, where there is more than one output, and where a value is none the distribution
        takes.

    See Also
    --------
    d2_tweedie_score : Relative to the best constant.

    Notes
    -----
    As `sklearn.metrics.mean_tweedie_deviance`. Each deviance is within 5 ulp, at power 1 within 16 and at power 2
    within 8, also where powers are close to these or truth and prediction to each other, and the same on every machine;
    their sum and mean are not rounded.
    Jørgensen, "The Theory of Dispersion Models" (1997).

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_tweedie_deviance([2, 0, 1, 4], [0.5, 0.5, 2.0, 2.0], power=1)  # doctest: +ELLIPSIS
    1.426...
    >>> squarely.mean_tweedie_deviance([2, 0, 1, 4], [0.5, 0.5, 2.0, 2.0])
    1.875
    """
    return float(
        score(
            "mean_tweedie_deviance",
            y_true,
            y_pred,
            parameter=power,
            sample_weight=sample_weight,
            where=where,
            nan_policy=nan_policy,
            summation=summation,
        )
    )


def mean_poisson_deviance(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> float:
    r"""Mean deviance of a Poisson distribution.

    .. math:: \frac{1}{\sum_i w_i} \sum_{i=1}^{n} w_i \, 2 \left(y_i \log\frac{y_i}{\hat y_i} - y_i + \hat y_i\right)

    For counts and frequencies. Where the truth is 0, the logarithm's product is 0.

    Parameters
    ----------
    y_true, y_pred, sample_weight, where, nan_policy, summation
        As in `mean_squared_error`. Of one output only, with y_true >= 0 and y_pred > 0.

    Returns
    -------
    float
        In the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_tweedie_deviance`.

    Notes
    -----
    As `sklearn.metrics.mean_poisson_deviance`. It is `mean_tweedie_deviance` at power=1.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_poisson_deviance([2, 0, 1, 4], [0.5, 0.5, 2.0, 2.0])  # doctest: +ELLIPSIS
    1.426...
    """
    return float(
        score(
            "mean_poisson_deviance",
            y_true,
            y_pred,
            sample_weight=sample_weight,
            where=where,
            nan_policy=nan_policy,
            summation=summation,
        )
    )


def mean_gamma_deviance(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> float:
    r"""Mean deviance of a gamma distribution.

    .. math::
        \frac{1}{\sum_i w_i} \sum_{i=1}^{n} w_i \, 2 \left(\log\frac{\hat y_i}{y_i} + \frac{y_i}{\hat y_i} - 1\right)

    For positive targets with errors in proportion to their size: a common factor of truth and prediction does not
    change it.

    Parameters
    ----------
    y_true, y_pred, sample_weight, where, nan_policy, summation
        As in `mean_squared_error`. Of one output only, with y_true > 0 and y_pred > 0.

    Returns
    -------
    float
        Without unit. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_tweedie_deviance`.

    Notes
    -----
    As `sklearn.metrics.mean_gamma_deviance`. It is `mean_tweedie_deviance` at power=2.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_gamma_deviance([2, 0.5, 1, 4], [0.5, 0.5, 2.0, 2.0])  # doctest: +ELLIPSIS
    1.0568...
    """
    return float(
        score(
            "mean_gamma_deviance",
            y_true,
            y_pred,
            sample_weight=sample_weight,
            where=where,
            nan_policy=nan_policy,
            summation=summation,
        )
    )


def d2_tweedie_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    power: float = 0,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> float:
    r"""Share of the Tweedie deviance of the mean that the predictions remove.

    .. math:: 1 - \frac{D_p(y, \hat y)}{D_p(y, \bar y)}

    where :math:`D_p` is `mean_tweedie_deviance` and :math:`\bar y` the weighted mean of the truth. At power 0 it is
    `r2_score`.

    Parameters
    ----------
    y_true, y_pred, sample_weight, where, nan_policy, summation
        As in `mean_squared_error`. Of one output only.
    power : float, default=0
        As in `mean_tweedie_deviance`.

    Returns
    -------
    float
        From minus infinity to 1, the best. Predicting the mean of the truth has 0. Where the truth is constant, 1 for
        perfect predictions and 0 for any others. NaN where that mean is not positive, as it may be below power 0: it is
        then no prediction.

    Raises
    ------
    ValueError
        As in `mean_tweedie_deviance`.

    Warns
    -----
    UndefinedMetricWarning
        Where there are fewer than two pairs, as in `r2_score`; the score is NaN.

    Notes
    -----
    As `sklearn.metrics.d2_tweedie_score`, except where the truth is constant: there that divides by zero, and this is
    finite as `r2_score` is. The deviance from the mean is taken from sums, so that chunks can be merged: where the
    truth is within a thousandth of its mean, a part in a million of it may be lost, and more at powers that are nearly
    but not quite 1 or 2.

    Examples
    --------
    >>> import squarely
    >>> squarely.d2_tweedie_score([0.5, 1, 2.5, 7], [1, 1, 5, 3.5])  # doctest: +ELLIPSIS
    0.285...
    >>> squarely.d2_tweedie_score([0.5, 1, 2.5, 7], [1, 1, 5, 3.5], power=1)  # doctest: +ELLIPSIS
    0.487...
    """
    return float(
        score(
            "d2_tweedie_score",
            y_true,
            y_pred,
            parameter=power,
            sample_weight=sample_weight,
            where=where,
            nan_policy=nan_policy,
            summation=summation,
        )
    )

"""Squared errors of which those of one side count more."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["mean_asymmetric_squared_error"]


@averages_outputs
def mean_asymmetric_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    tau: float = 0.5,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean asymmetric squared error, which expectiles minimize, correctly rounded.

    .. math:: \frac{1}{n} \sum_{i=1}^{n} \begin{cases} \tau (y_i - \hat y_i)^2 & y_i > \hat y_i \\
        (1 - \tau) (y_i - \hat y_i)^2 & y_i \le \hat y_i \end{cases}

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.
    tau : float, default=0.5
        What a prediction below the truth counts; one above it counts ``1 - tau``. From 0 to 1. Half the mean squared
        error by default.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the square of the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where `tau` is not from 0 to 1.

    See Also
    --------
    mean_pinball_loss : Of absolute errors, which quantiles minimize.

    Notes
    -----
    The prediction that minimizes it is the expectile of the truth at `tau`, at 0.5 the mean. With `tau` of 0 or 1
    errors of one side do not count at all. One pair is enough, and the truth may be constant.

    References
    ----------
    .. [1] W. K. Newey, J. L. Powell (1987), "Asymmetric least squares estimation and testing", Econometrica 55,
       819-847.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_asymmetric_squared_error([1.0, 2.0], [0.0, 4.0], tau=0.9)
    0.6499999999999999
    >>> squarely.mean_asymmetric_squared_error([1.0, 2.0], [0.0, 4.0])
    1.25
    """
    return score(
        "mean_asymmetric_squared_error",
        y_true,
        y_pred,
        parameter=tau,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

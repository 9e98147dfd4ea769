"""Losses that large errors do not dominate."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["mean_huber_loss", "mean_log_cosh_loss", "mean_tukey_loss"]


@averages_outputs
def mean_huber_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    delta: float = 1.0,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean of Huber's loss: half the square of small errors, and linear beyond.

    .. math:: \frac{1}{n} \sum_{i=1}^{n}
        \begin{cases} e_i^2 / 2 & |e_i| \le \delta \\ \delta (|e_i| - \delta / 2) & |e_i| > \delta \end{cases}

    with the error :math:`e_i = y_i - \hat y_i`.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.
    delta : float, default=1.0
        Where the square ends, in the unit of y. From above 0 to infinity.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the square of the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where `delta` is not a positive number.

    See Also
    --------
    mean_log_cosh_loss : Smooth, without a parameter.
    mean_tukey_loss : Bounded, so that outliers count no more than a fixed amount.

    Notes
    -----
    As in Keras, optax and PyTorch (`torch.nn.HuberLoss`). With a `delta` no error reaches it is half the mean squared
    error. Losses are formed in two doubles each and added exactly: the result is within 0.51 ulp of the mean of the
    true losses. One pair is enough, and the truth may be constant.

    References
    ----------
    .. [1] P. J. Huber (1964), "Robust estimation of a location parameter", Annals of Mathematical Statistics 35,
       73-101.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_huber_loss([1.0, 2.0, 3.0], [1.5, 2.0, 13.0])
    3.2083333333333335
    >>> squarely.mean_huber_loss([1.0, 2.0, 3.0], [1.5, 2.0, 13.0], delta=5.0)
    12.541666666666666
    """
    return score(
        "mean_huber_loss",
        y_true,
        y_pred,
        parameter=delta,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def mean_log_cosh_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean of the logarithm of the hyperbolic cosine of the error.

    .. math:: \frac{1}{n} \sum_{i=1}^{n} \log \cosh (\hat y_i - y_i)

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without a unit of its own: y must be in the unit in which an error of 1 is neither small nor large.
        From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    mean_huber_loss : The same idea with a unit, the parameter `delta`.

    Notes
    -----
    About half the square of small errors, and \|e\| - log(2) of large ones. As in Keras and torchmetrics, but without
    overflow: the loss of an error of 1e300 is 1e300, where torchmetrics gives infinity from an error of 89 in float32.
    Every loss is within 3 ulp, with the same bits on every machine, and the mean of these is rounded once. One pair is
    enough, and the truth may be constant.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_log_cosh_loss([0.0, 0.0], [0.5, 3.0])
    1.2147215057680314
    >>> squarely.mean_log_cosh_loss([0.0], [1000.0])
    999.3068528194401
    """
    return score(
        "mean_log_cosh_loss",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def mean_tukey_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    c: float = 4.685,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean of Tukey's biweight loss, which outliers beyond `c` leave unmoved.

    .. math:: \frac{1}{n} \sum_{i=1}^{n}
        \begin{cases} \frac{c^2}{6} \left(1 - \left(1 - (e_i / c)^2\right)^3\right) & |e_i| \le c \\
        c^2 / 6 & |e_i| > c \end{cases}

    with the error :math:`e_i = y_i - \hat y_i`.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.
    c : float, default=4.685
        Beyond which all errors count alike, in the unit of y. From above 0 to infinity. The default is made for errors
        divided by their scale: of normal errors it keeps 95 % of the efficiency.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the square of the unit of y. From 0, the best, to c²/6, the worst.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where `c` is not a positive number.

    See Also
    --------
    mean_huber_loss : Grows with outliers, linearly.

    Notes
    -----
    About half the square of small errors. Every loss is within 6 ulp, with the same bits on every machine, and the mean
    of these is rounded once. One pair is enough, and the truth may be constant. Under ``nan_policy="propagate"`` an
    infinity gives NaN.

    References
    ----------
    .. [1] A. E. Beaton, J. W. Tukey (1974), "The fitting of power series, meaning polynomials, illustrated on
       band-spectroscopic data", Technometrics 16, 147-185.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_tukey_loss([0.0, 0.0], [0.5, 1e9])
    1.8908929158123724
    >>> squarely.mean_tukey_loss([0.0, 0.0], [1.0, 5.0], c=2.0)
    0.5260416666666666
    """
    return score(
        "mean_tukey_loss",
        y_true,
        y_pred,
        parameter=c,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

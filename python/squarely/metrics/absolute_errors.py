"""Metrics of absolute errors: their mean, median, quantiles and largest."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.named_metrics import Metric
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["max_error", "mean_absolute_error", "median_absolute_error", "quantile_absolute_error"]


@averages_outputs
def mean_absolute_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean absolute error, correctly rounded.

    .. math:: \frac{\sum_{i=1}^{n} w_i |y_i - \hat y_i|}{\sum_{i=1}^{n} w_i}

    Less swayed by a few large errors than the mean of squares: the best constant is the median of the truth.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    See Also
    --------
    median_absolute_error : Untouched by errors of the larger half.
    mean_pinball_loss : Half of it where alpha is one half; other quantiles otherwise.

    Notes
    -----
    As `sklearn.metrics.mean_absolute_error`, except that it is exact, also for integers: there are none that wrap.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_absolute_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.5
    >>> y_true, y_pred = [[0.5, 1.0], [-1.0, 1.0], [7.0, -6.0]], [[0.0, 2.0], [-1.0, 2.0], [8.0, -5.0]]
    >>> squarely.mean_absolute_error(y_true, y_pred, multioutput=[0.3, 0.7])
    0.85
    >>> squarely.mean_absolute_error([1.0, 2.0], [2.0, 4.0], sample_weight=[3.0, 1.0])
    1.25
    """
    return score(
        "mean_absolute_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )


@averages_outputs
def median_absolute_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
) -> Score:
    r"""Median of the absolute errors.

    .. math:: \operatorname{median}_{i} |y_i - \hat y_i|

    Each error is the exact difference rounded once. With an even number of them, the median is the mean of the middle
    two.

    Parameters
    ----------
    y_true, y_pred, multioutput, where, nan_policy
        As in `mean_squared_error`. Keeps one double a row while it runs.
    sample_weight : array-like of shape (n,) or float, optional
        Weights of the rows, none of them negative. The median is then the smallest error whose rows, with those of the
        smaller errors, hold half of the weight; where they hold exactly half, it is the mean of it and the next error.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where a weight is negative.

    See Also
    --------
    mean_absolute_error : Of which every error has its share.
    quantile_absolute_error : Of streams, within 0.4 %.

    Notes
    -----
    As `sklearn.metrics.median_absolute_error`, except that small integers do not wrap: the error of 100 and -100 is 200
    also where both are of eight bits. No sums over chunks hold a median, so `Accumulator` has none;
    `score_files` reads large files twice, and `quantile_absolute_error` is a sum.

    Examples
    --------
    >>> import squarely
    >>> squarely.median_absolute_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.5
    >>> squarely.median_absolute_error([0.0, 0.0, 0.0], [1.0, 2.0, 900.0])
    2.0
    >>> squarely.median_absolute_error([0.0, 0.0, 0.0], [1.0, 2.0, 900.0], sample_weight=[3, 1, 1])
    1.0
    """
    from squarely.order_scores import order_score  # with what is needless for sums

    return order_score(
        Metric("median_absolute_error", 0.0),
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
    )


@averages_outputs
def quantile_absolute_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    q: float = 0.5,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
) -> Score:
    r"""Quantile of the absolute errors, within 0.4 %: one that streams, chunks and merges have, too.

    .. math:: \min \left\{ t : |\{ i : |y_i - \hat y_i| \le t \}| \ge q n \right\}

    What is kept is how many errors there are of each size, where sizes are numbers with seven bits below the leading
    one. These counts do not depend on chunks, order or threads, and neither does the quantile.

    Parameters
    ----------
    y_true, y_pred, multioutput, where, nan_policy
        As in `mean_squared_error`. There are no weights: pairs are counted.
    q : float, default=0.5
        The share of the errors, from 0 to 1, that are no larger: 0.5 is their median, and 0.95 leaves out the largest
        twentieth.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the unit of y. From 0, the best, to infinity. The middle of the size that holds the quantile: at most
        :math:`2^{-8}`, or 0.4 %, from it, and 0 where it is 0. Below :math:`2^{-1022}`, where doubles have fewer bits,
        at most :math:`2^{-1029}` from it instead.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where q is not between 0 and 1.

    See Also
    --------
    median_absolute_error : To the last bit, with weights, of all pairs at once.
    mean_pinball_loss : What a quantile of the truth, as a prediction, makes least.

    Notes
    -----
    The quantile is that of ``numpy.quantile(abs(y_true - y_pred), q, method="inverted_cdf")``: an error there is, and
    no mean of two. Each error is the difference rounded once, also of integers. Under ``nan_policy="propagate"``
    infinite errors are larger than all others.

    Examples
    --------
    >>> import squarely
    >>> squarely.quantile_absolute_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0], q=0.25)
    0.0
    >>> squarely.quantile_absolute_error([0.0, 0.0, 0.0], [1.0, 2.0, 900.0], q=1.0)
    902.0
    >>> p95 = squarely.metric("quantile_absolute_error", q=0.95)
    >>> stream = squarely.Accumulator(["mae", p95]).update([0.0] * 100, range(100))
    >>> stream["quantile_absolute_error(q=0.95)"]
    94.25
    """
    return score(
        "quantile_absolute_error",
        y_true,
        y_pred,
        parameter=q,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
    )


def max_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
) -> float:
    r"""Largest absolute error, rounded once.

    .. math:: \max_{i} |y_i - \hat y_i|

    Parameters
    ----------
    y_true, y_pred, where, nan_policy
        As in `mean_squared_error`. Of one output only.

    Returns
    -------
    float
        In the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where there is more than one output.

    Notes
    -----
    As `sklearn.metrics.max_error`, except that small integers do not wrap: the error of 0 and 1 is 1 also where both
    are unsigned. `Accumulator` gives the largest error of every output.

    Examples
    --------
    >>> import squarely
    >>> squarely.max_error([3, 2, 7, 1], [4, 2, 7, 1])
    1.0
    >>> squarely.max_error([0.0, 5.0], [0.5, 9.0], where=[True, False])
    0.5
    """
    return float(
        score(
            "max_error",
            y_true,
            y_pred,
            where=where,
            nan_policy=nan_policy,
        )
    )

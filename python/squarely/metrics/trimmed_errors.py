"""Squared errors without the largest of them."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy
from squarely.named_metrics import Metric, parameter_value
from squarely.result_types import averages_outputs
from squarely.scoring import Score

__all__ = ["trimmed_mean_squared_error"]


@averages_outputs
def trimmed_mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    multioutput: Multioutput = "uniform_average",
    proportion: float = 0.1,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
) -> Score:
    r"""Mean squared error without the largest share of the errors.

    .. math:: \frac{1}{h} \sum_{i=1}^{h} e_{(i)}^2, \qquad h = n - \lfloor \text{proportion} \cdot n \rfloor

    with the squared errors in rising order, :math:`e_{(1)}^2 \le \ldots \le e_{(n)}^2`.

    Parameters
    ----------
    y_true, y_pred, multioutput, where, nan_policy
        As in `mean_squared_error`. Every output drops errors of its own, and outputs are not
        averaged by variance.
    proportion : float, default=0.1
        The share of the pairs that is dropped. From 0, which drops none, to below 1.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the square of the unit of y. From 0, the best, to the mean squared error.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where `proportion` is not from 0 to below 1.

    See Also
    --------
    mean_huber_loss : Keeps all errors, and lets large ones count less.
    median_absolute_error : The error in the middle.

    Notes
    -----
    Each error is the exact difference rounded once, and the mean of their squares is correctly rounded: within 2.5 ulp
    of the true one, with the same bits on every machine.

    What least trimmed squares minimizes, divided by the number of errors that stay. Only large errors are dropped, not
    small ones, as a trimmed mean of the squares would. The product of proportion and n is exact before it is cut to an
    integer: of 10 pairs, 0.3 drops 2, because as a double it is a little less than three tenths. All absolute errors
    are kept in memory at once, eight bytes each; the data may come in any order. One pair is enough, and the truth may
    be constant. There are no weights, and no sums over chunks: which errors are large is known at the end only, and
    `score_files` reads files twice.

    References
    ----------
    .. [1] P. J. Rousseeuw (1984), "Least median of squares regression", Journal of the American Statistical Association
       79, 871-880.

    Examples
    --------
    >>> import squarely
    >>> squarely.trimmed_mean_squared_error([1.0, 2.0, 3.0, 4.0], [1.5, 2.0, 2.5, 400.0], proportion=0.25)
    0.16666666666666666
    >>> squarely.trimmed_mean_squared_error([1.0, 2.0], [1.5, 2.0], proportion=0.0)
    0.125
    """
    from squarely.order_scores import order_score  # with what is needless for sums

    function = "trimmed_mean_squared_error"
    return order_score(
        Metric(function, parameter_value(function, proportion)),
        y_true,
        y_pred,
        sample_weight=None,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
    )

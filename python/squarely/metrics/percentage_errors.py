"""Metrics of errors relative to the truth."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["mean_absolute_percentage_error"]


@averages_outputs
def mean_absolute_percentage_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean absolute error relative to the truth, as a fraction: 0.1 is ten percent.

    .. math:: \frac{1}{\sum_i w_i} \sum_{i=1}^{n} w_i \frac{|y_i - \hat y_i|}{\max(|y_i|, 2^{-52})}

    A truth nearer to zero than :math:`2^{-52}` counts as that, so that one zero makes the mean huge instead of
    infinite.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        Without unit. From 0, the best, to infinity; predictions of 0 have 1.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    Notes
    -----
    As `sklearn.metrics.mean_absolute_percentage_error`. Each quotient is rounded; their sum and mean are not. Libraries
    differ in two ways that change the number: some return percent, and some leave out pairs whose truth is zero, which
    here is ``where=y_true != 0``.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_absolute_percentage_error([4.0, -2.0, 8.0], [5.0, -2.0, 6.0])
    0.16666666666666666
    >>> squarely.mean_absolute_percentage_error([1.0, 0.0], [1.5, 1.0])
    2251799813685248.0
    >>> squarely.mean_absolute_percentage_error([1.0, 0.0], [1.5, 1.0], where=[True, False])
    0.5
    """
    return score(
        "mean_absolute_percentage_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )

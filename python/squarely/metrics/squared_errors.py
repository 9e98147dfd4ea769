"""Metrics of squared errors. The formulas over the sums are in the core."""

from __future__ import annotations

from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.result_types import averages_outputs
from squarely.scoring import Score, score

__all__ = ["mean_squared_error", "root_mean_squared_error", "sum_squared_error"]


@averages_outputs
def mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    complex_values: bool = False,
) -> Score:
    r"""Mean squared error, correctly rounded.

    .. math:: \frac{\sum_{i=1}^{n} w_i (y_i - \hat y_i)^2}{\sum_{i=1}^{n} w_i}

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, outputs)
        Truth. Floats of 16 (bfloat16 too), 32 and 64 bits, integers and booleans are read where and as they lie, in
        any layout and byte order, from NumPy, pandas, polars, Arrow, PyTorch, JAX and xarray. Lists, and arrays of
        Python numbers or of text, are converted, and refused where that would round. What a library calls null or NA
        is a missing value, as NaN is. Masked elements of a NumPy masked array are left out.
    y_pred : array-like of the same shape
        Predictions. (n, 1) goes with (n,); nothing is broadcast. Rows and columns are paired by position, whatever
        their index or names; frames with the same columns in another order are refused.
    sample_weight : array-like of shape (n,) or that of y_true, or float, optional
        Weights of the rows, or one for every element. A weight of 2 counts as the same pair twice. One below 0, which
        scikit-learn takes too, takes a pair away: a mean of squares may then be below 0, and its root NaN.
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (outputs,), default="uniform_average"
        Average the outputs, return one value an output, or average with these weights. An average is that of the
        outputs' values, each of them a double already, and is rounded once more. An output of which every pair is left
        out is NaN among raw values, and an error in an average or where there is no other.
    where : array-like of bool of shape (n,) or that of y_true, optional
        True where a pair counts. Where it is False, NaN and infinity are no errors.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a missing value means. "raise": an error. "propagate": a result of NaN. "omit": its pair is left out of its
        output. "omit_true": left out if the truth is missing, and an error if only the prediction is. Infinity is an
        error unless propagated.
    summation : {"exact", "kahan", "pairwise"}, default="exact"
        "exact" gives the double nearest to the real number, the same bits on every machine. The others round as they
        go: compensated in sixteen lanes, or along a binary tree; they too do not depend on threads or instruction set.
    complex_values : bool, default=False
        Accept complex64 and complex128 arrays; the square of an error is then that of its absolute value.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the square of the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        Where shapes differ, an array is empty, holds NaN, infinity or something that is no number, or no pair is left.

    See Also
    --------
    root_mean_squared_error : In the unit of y.
    Accumulator : The same over chunks, files, processes and machines.

    Notes
    -----
    As `sklearn.metrics.mean_squared_error`, except that it is exact: errors near 1e200 give infinity, because the mean
    is beyond the largest double, and errors near 1e-200 give 0.0.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_squared_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.375
    >>> y_true, y_pred = [[0.5, 1.0], [-1.0, 1.0], [7.0, -6.0]], [[0.0, 2.0], [-1.0, 2.0], [8.0, -5.0]]
    >>> squarely.mean_squared_error(y_true, y_pred, multioutput="raw_values")
    array([0.41666667, 1.        ])
    >>> squarely.mean_squared_error([1.0, float("nan")], [1.5, 2.0], nan_policy="omit")
    0.25
    >>> squarely.mean_squared_error([1.0, 5.0], [1.5, 9.0], where=[True, False])
    0.25
    """
    return score(
        "mean_squared_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
        complex_values=complex_values,
    )


@averages_outputs
def root_mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    complex_values: bool = False,
) -> Score:
    r"""Root mean squared error, correctly rounded.

    .. math:: \sqrt{\frac{1}{n} \sum_{i=1}^{n} (y_i - \hat y_i)^2}

    The root is taken of the exact mean, not of a rounded one.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation, complex_values
        As in `mean_squared_error`. Of several outputs the roots are averaged, not the means.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    Notes
    -----
    As `sklearn.metrics.root_mean_squared_error`, except that it is exact: errors near 1e200 have a mean of squares
    beyond the largest double and still a finite root.

    Examples
    --------
    >>> import squarely
    >>> squarely.root_mean_squared_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.6123724356957945
    >>> squarely.root_mean_squared_error([0.0, 0.0], [1e200, -1e200])
    1e+200
    """
    return score(
        "root_mean_squared_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
        complex_values=complex_values,
    )


@averages_outputs
def sum_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
    complex_values: bool = False,
) -> Score:
    r"""Sum of squared errors, correctly rounded.

    .. math:: \sum_{i=1}^{n} (y_i - \hat y_i)^2

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation, complex_values
        As in `mean_squared_error`. Of several outputs the sums are averaged like every metric; pass
        ``multioutput="raw_values"`` for the sum of each.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the square of the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        As in `mean_squared_error`.

    Examples
    --------
    >>> import squarely
    >>> squarely.sum_squared_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    1.5
    """
    return score(
        "sum_squared_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
        complex_values=complex_values,
    )

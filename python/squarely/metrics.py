"""One public function per metric: signature, docstring, multioutput. The formulas over the sums are in the core."""

from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.columns import FloatArray, as_columns
from squarely.validation import (
    NAN_POLICIES,
    SUMMATIONS,
    Multioutput,
    NanPolicy,
    Summation,
    check_choice,
    check_finite,
    check_multioutput,
    check_output_weights,
    check_same_shape,
)

__all__ = [
    "Score",
    "mean_squared_error",
    "metric_names",
    "root_mean_squared_error",
    "sum_squared_error",
]

Score = float | npt.NDArray[np.float64]


def mean_squared_error(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    multioutput: Multioutput = "uniform_average",
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean squared error, correctly rounded.

    .. math:: \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat y_i)^2

    Parameters
    ----------
    y_true : array-like of shape (n,) or (n, outputs)
        Truth. float64 and float32 arrays of any stride are read in place; other numbers are converted, and refused
        where float64 cannot hold them.
    y_pred : array-like of the same shape
        Predictions. (n, 1) goes with (n,); nothing is broadcast.
    multioutput : {"uniform_average", "raw_values"} or array-like of shape (outputs,), default="uniform_average"
        Average the outputs, return one value an output, or average with these weights. An average is that of the
        outputs' values and is rounded once.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        What a NaN means: an error; a result of NaN; the pair is left out of its output; left out if the truth is NaN
        and an error if only the prediction is. Infinity is an error unless propagated.
    summation : {"exact", "kahan", "pairwise"}, default="exact"
        "exact" gives the double nearest to the real number, the same bits on every machine. The others round as they
        go: compensated in sixteen lanes, or along a binary tree; they too do not depend on threads or instruction set.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In the square of the unit of y. From 0, the best, to infinity.

    Raises
    ------
    ValueError
        Where shapes differ, an array is empty, or holds NaN, infinity or something that is no number.

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
    >>> squarely.mean_squared_error([[0.5, 1], [-1, 1], [7, -6]], [[0, 2], [-1, 2], [8, -5]], multioutput="raw_values")
    array([0.41666667, 1.        ])
    >>> squarely.mean_squared_error([1.0, float("nan")], [1.5, 2.0], nan_policy="omit")
    0.25
    """
    if _is_default(multioutput, nan_policy, summation):
        score = _core.quick_mean_squared_error(y_true, y_pred)
        if score is not None:
            return score
    return _score("mean_squared_error", y_true, y_pred, multioutput, nan_policy, summation)


def root_mean_squared_error(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    multioutput: Multioutput = "uniform_average",
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Root mean squared error, correctly rounded.

    .. math:: \sqrt{\frac{1}{n} \sum_{i=1}^{n} (y_i - \hat y_i)^2}

    The root is taken of the exact mean, not of a rounded one.

    Parameters
    ----------
    y_true, y_pred, multioutput, nan_policy, summation
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
    if _is_default(multioutput, nan_policy, summation):
        score = _core.quick_root_mean_squared_error(y_true, y_pred)
        if score is not None:
            return score
    return _score("root_mean_squared_error", y_true, y_pred, multioutput, nan_policy, summation)


def sum_squared_error(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    multioutput: Multioutput = "uniform_average",
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Sum of squared errors, correctly rounded.

    .. math:: \sum_{i=1}^{n} (y_i - \hat y_i)^2

    Parameters
    ----------
    y_true, y_pred, multioutput, nan_policy, summation
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
    if _is_default(multioutput, nan_policy, summation):
        score = _core.quick_sum_squared_error(y_true, y_pred)
        if score is not None:
            return score
    return _score("sum_squared_error", y_true, y_pred, multioutput, nan_policy, summation)


def metric_names() -> tuple[str, ...]:
    """Return the name of every metric.

    Examples
    --------
    >>> import squarely
    >>> "mean_squared_error" in squarely.metric_names()
    True
    """
    return _core.metric_names


def _is_default(multioutput: object, nan_policy: object, summation: object) -> bool:
    # multioutput may be an array, which has no truth value when compared.
    return type(multioutput) is str and (multioutput, nan_policy, summation) == ("uniform_average", "raise", "exact")


def _score(
    name: str, y_true: object, y_pred: object, multioutput: object, nan_policy: object, summation: object
) -> Score:
    check_choice(nan_policy, NAN_POLICIES, "nan_policy", name)
    check_choice(summation, SUMMATIONS, "summation", name)
    averaging = check_multioutput(multioutput, name)
    state = state_of(y_true, y_pred, str(nan_policy), str(summation), name)
    check_output_weights(averaging, state.outputs)
    return score_of(state, name, averaging, str(nan_policy))


def state_of(y_true: object, y_pred: object, nan_policy: str, summation: str, function: str) -> _core.State:
    """Return the sums of one pass over the arrays, or raise what the policy refuses."""
    truth: FloatArray = as_columns(y_true, "y_true", function)
    prediction: FloatArray = as_columns(y_pred, "y_pred", function)
    state = _core.State(check_same_shape(truth, prediction), summation)
    state.update(truth, prediction)
    check_finite(state, nan_policy, np.result_type(truth, prediction))
    return state


def score_of(state: _core.State, name: str, averaging: str | list[float], nan_policy: str) -> Score:
    """Return the value of a metric over the sums, averaged over the outputs as asked."""
    if nan_policy != "propagate" and 0 in state.pairs:
        raise ValueError(
            f"Found array with 0 sample(s) while a minimum of 1 is required: output {state.pairs.index(0)} "
            "has no pair of two numbers."
        )
    values = state.values(name)
    if nan_policy == "propagate":
        missing: list[Any] = [a + b for a, b in zip(state.missing_true, state.missing_pred, strict=True)]
        values = [float("nan") if count else value for count, value in zip(missing, values, strict=True)]
    if averaging == "raw_values":
        return np.array(values)
    weights = [1.0] * len(values) if isinstance(averaging, str) else averaging
    return values[0] if len(values) == 1 else _core.average(values, weights)

"""Losses of pairs, their means and sums, and their gradients, in one pass and in the arrays' own dtype.

One public function per loss and per gradient. The formulas are in the core, cpp/kernels/losses.hpp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import ArrayLike, InvalidParameterError, check_choice
from squarely.result_types import reduces_pairs

if TYPE_CHECKING:
    from squarely.loss_arrays import LossArrays

__all__ = [
    "absolute_error",
    "absolute_error_gradient",
    "huber_loss",
    "huber_loss_gradient",
    "log_cosh_loss",
    "log_cosh_loss_gradient",
    "pinball_loss",
    "pinball_loss_gradient",
    "squared_error",
    "squared_error_gradient",
]

Floats = npt.NDArray[Any]
Reduction = Literal["none", "sum", "mean"]

REDUCTIONS = ("none", "sum", "mean")


@reduces_pairs
def squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> float | Floats:
    r"""Exact mean of the squared errors, their sum, or the squared error of every pair.

    .. math:: \ell(y, \hat y) = (y - \hat y)^2

    Parameters
    ----------
    y_true : array-like of any shape
        Truth, of any type and in any layout that `mean_squared_error` takes. Tables of several columns are copied.
    y_pred : array-like of the same shape
        Predictions. Nothing is broadcast.
    reduction : {"none", "sum", "mean"}, default="mean"
        The loss of every pair, their sum, or their mean; with weights, the weighted mean: the sum divided by that of
        the weights. The mean is the default, as in PyTorch.
    sample_weight : array-like of that shape or of shape (n,), one a row along the first axis, optional
        What each loss is multiplied by: finite and not negative. A weight of zero does not hide NaN.
    out : ndarray of that shape and of the dtype of the result, optional
        Where the losses of ``reduction="none"`` go. It may be y_true, y_pred or the weights, and must not overlap them
        in any other way.

    Returns
    -------
    float, or ndarray of that shape
        From 0, the best, to infinity. Sums and means are floats. Losses of pairs are in the type NumPy promotes both
        arrays to, float64 for integers and booleans: computed in float64 and rounded once to narrower types.

    Raises
    ------
    ValueError
        Where shapes differ, something is no number, `out` does not fit or has no losses of pairs to hold, or there is
        nothing to sum.
    ZeroDivisionError
        Where a mean is asked for and the weights sum to zero.

    See Also
    --------
    squared_error_gradient : The derivative, by default of the mean as well.
    mean_squared_error : The mean over rows, with several outputs, missing values and masks.

    Notes
    -----
    NaN and infinity are no errors here, as nowhere in the middle of training: they give NaN and infinity, in sums too.
    Without weights, the sum and the mean are those of the exact squares, and rounded once. With weights, and for every
    other loss, they are those of the losses in float64: nothing is rounded after a loss is.

    Examples
    --------
    >>> import numpy as np
    >>> import squarely
    >>> y_true = np.array([3.0, -0.5, 2.0, 7.0], np.float32)
    >>> y_pred = np.array([2.5, 0.0, 2.0, 8.0], np.float32)
    >>> squarely.squared_error(y_true, y_pred)
    0.375
    >>> squarely.squared_error(y_true, y_pred, sample_weight=[3, 1, 1, 0])
    0.2
    >>> squarely.squared_error(y_true, y_pred, reduction="none")
    array([0.25, 0.25, 0.  , 1.  ], dtype=float32)
    """
    return _loss("squared_error", y_true, y_pred, 0.0, reduction, sample_weight, out)


def squared_error_gradient(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> Floats:
    r"""Gradient of the mean squared error with respect to the predictions, or of the sum.

    .. math:: \frac{\partial \ell}{\partial \hat y} = 2 (\hat y - y)

    for one pair; by default divided by their number.

    Parameters
    ----------
    y_true, y_pred, sample_weight
        As in `squared_error`.
    reduction : {"none", "sum", "mean"}, default="mean"
        Of which loss this is the gradient: by default of what `squared_error` returns by default, the mean. "none" and
        "sum" give the derivative of every pair, times its weight; "mean" divides it by the number of pairs, or by the
        sum of the weights.
    out : ndarray of that shape and of the dtype of the result, optional
        Where the gradient goes, whatever the reduction; otherwise as in `squared_error`.

    Returns
    -------
    ndarray of that shape
        From minus infinity to infinity, and 0 where a prediction is best. The type is that of the losses.

    Raises
    ------
    ValueError, ZeroDivisionError
        As in `squared_error`, except that empty arrays have an empty gradient.

    Examples
    --------
    >>> import squarely
    >>> squarely.squared_error_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    array([-0.25,  0.25,  0.  ,  0.5 ])
    >>> squarely.squared_error_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0], reduction="sum")
    array([-1.,  1.,  0.,  2.])
    """
    return _gradient("squared_error", y_true, y_pred, 0.0, reduction, sample_weight, out)


@reduces_pairs
def absolute_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> float | Floats:
    r"""Mean of the absolute errors, their sum, or the absolute error of every pair.

    .. math:: \ell(y, \hat y) = |y - \hat y|

    Parameters
    ----------
    y_true, y_pred, reduction, sample_weight, out
        As in `squared_error`.

    Returns
    -------
    float, or ndarray of that shape
        From 0, the best, to infinity. As in `squared_error`.

    Raises
    ------
    ValueError, ZeroDivisionError
        As in `squared_error`.

    Examples
    --------
    >>> import squarely
    >>> squarely.absolute_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.5
    >>> squarely.absolute_error([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0], reduction="none")
    array([0.5, 0.5, 0. , 1. ])
    """
    return _loss("absolute_error", y_true, y_pred, 0.0, reduction, sample_weight, out)


def absolute_error_gradient(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> Floats:
    r"""Gradient of the mean absolute error with respect to the predictions, or of the sum.

    .. math:: \frac{\partial \ell}{\partial \hat y} = \operatorname{sign}(\hat y - y)

    for one pair; by default divided by their number. At the kink, where a prediction is best and there is no
    derivative, this is the subgradient 0.

    Parameters
    ----------
    y_true, y_pred, reduction, sample_weight, out
        As in `squared_error_gradient`.

    Returns
    -------
    ndarray of that shape
        Of one pair from -1 to 1, and 0 where a prediction is best; as in `squared_error_gradient`.

    Raises
    ------
    ValueError, ZeroDivisionError
        As in `squared_error_gradient`.

    Examples
    --------
    >>> import squarely
    >>> squarely.absolute_error_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    array([-0.25,  0.25,  0.  ,  0.25])
    >>> squarely.absolute_error_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0], reduction="sum")
    array([-1.,  1.,  0.,  1.])
    """
    return _gradient("absolute_error", y_true, y_pred, 0.0, reduction, sample_weight, out)


@reduces_pairs
def huber_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    delta: float = 1.0,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> float | Floats:
    r"""Mean of the Huber losses, their sum, or each: half the square of small errors, linear in large ones.

    .. math:: \ell(y, \hat y) = \begin{cases}
        \frac{1}{2} (y - \hat y)^2 & |y - \hat y| \le \delta \\
        \delta \left(|y - \hat y| - \frac{1}{2} \delta\right) & \text{otherwise} \end{cases}

    Parameters
    ----------
    y_true, y_pred, reduction, sample_weight, out
        As in `squared_error`.
    delta : float, default=1.0
        The largest error that is small: positive and finite.

    Returns
    -------
    float, or ndarray of that shape
        From 0, the best, to infinity. As in `squared_error`.

    Raises
    ------
    ValueError, ZeroDivisionError
        As in `squared_error`, and where delta is not positive and finite.

    Examples
    --------
    >>> import squarely
    >>> squarely.huber_loss([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 10.0])
    0.6875
    >>> squarely.huber_loss([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 10.0], reduction="none")
    array([0.125, 0.125, 0.   , 2.5  ])
    >>> squarely.huber_loss([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 10.0], delta=4.0, reduction="sum")
    4.75
    """
    return _loss("huber_loss", y_true, y_pred, _delta(delta, "huber_loss"), reduction, sample_weight, out)


def huber_loss_gradient(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    delta: float = 1.0,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> Floats:
    r"""Gradient of the mean Huber loss with respect to the predictions, or of the sum: the errors, clipped.

    .. math:: \frac{\partial \ell}{\partial \hat y} = \max(-\delta, \min(\delta, \hat y - y))

    for one pair; by default divided by their number.

    Parameters
    ----------
    y_true, y_pred, reduction, sample_weight, out
        As in `squared_error_gradient`.
    delta : float, default=1.0
        As in `huber_loss`.

    Returns
    -------
    ndarray of that shape
        Of one pair from -delta to delta, and 0 where a prediction is best; as in `squared_error_gradient`.

    Raises
    ------
    ValueError, ZeroDivisionError
        As in `squared_error_gradient`, and where delta is not positive and finite.

    Examples
    --------
    >>> import squarely
    >>> squarely.huber_loss_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 10.0])
    array([-0.125,  0.125,  0.   ,  0.25 ])
    >>> squarely.huber_loss_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 10.0], reduction="sum")
    array([-0.5,  0.5,  0. ,  1. ])
    """
    checked = _delta(delta, "huber_loss_gradient")
    return _gradient("huber_loss", y_true, y_pred, checked, reduction, sample_weight, out)


@reduces_pairs
def log_cosh_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> float | Floats:
    r"""Mean of the logarithms of the hyperbolic cosines of errors, their sum, or each: smooth everywhere.

    .. math:: \ell(y, \hat y) = \log \cosh(y - \hat y)

    About half the square of small errors, and about the size of large ones, less log(2).

    Parameters
    ----------
    y_true, y_pred, reduction, sample_weight, out
        As in `squared_error`.

    Returns
    -------
    float, or ndarray of that shape
        From 0, the best, to infinity. As in `squared_error`.

    Raises
    ------
    ValueError, ZeroDivisionError
        As in `squared_error`.

    Notes
    -----
    The hyperbolic cosine is never formed: it would overflow from errors of 711 on, and lose the digits of small ones.
    The bits are the same on every machine, because the logarithm and the exponential are our own.

    Examples
    --------
    >>> import squarely
    >>> squarely.log_cosh_loss([1000.0], [0.0])
    999.3068528194401
    >>> squarely.log_cosh_loss([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 10.0], reduction="none").round(6)
    array([0.120115, 0.120115, 0.      , 2.309329])
    """
    return _loss("log_cosh_loss", y_true, y_pred, 0.0, reduction, sample_weight, out)


def log_cosh_loss_gradient(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> Floats:
    r"""Gradient of the mean log-cosh loss with respect to the predictions, or of the sum.

    .. math:: \frac{\partial \ell}{\partial \hat y} = \tanh(\hat y - y)

    for one pair; by default divided by their number.

    Parameters
    ----------
    y_true, y_pred, reduction, sample_weight, out
        As in `squared_error_gradient`.

    Returns
    -------
    ndarray of that shape
        Of one pair from -1 to 1, and 0 where a prediction is best; as in `squared_error_gradient`.

    Raises
    ------
    ValueError, ZeroDivisionError
        As in `squared_error_gradient`.

    Examples
    --------
    >>> import squarely
    >>> squarely.log_cosh_loss_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 1007.0]).round(6)
    array([-0.115529,  0.115529,  0.      ,  0.25    ])
    >>> squarely.log_cosh_loss_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 1007.0], reduction="sum").round(6)
    array([-0.462117,  0.462117,  0.      ,  1.      ])
    """
    return _gradient("log_cosh_loss", y_true, y_pred, 0.0, reduction, sample_weight, out)


@reduces_pairs
def pinball_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    alpha: float = 0.5,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> float | Floats:
    r"""Mean of the pinball losses, their sum, or each: the loss the quantile alpha makes least.

    .. math:: \ell(y, \hat y) = \alpha \max(y - \hat y, 0) + (1 - \alpha) \max(\hat y - y, 0)

    Parameters
    ----------
    y_true, y_pred, reduction, sample_weight, out
        As in `squared_error`.
    alpha : float, default=0.5
        The quantile that is predicted, from 0 to 1. At 0.5 the loss is half the absolute error.

    Returns
    -------
    float, or ndarray of that shape
        From 0, the best, to infinity. As in `squared_error`.

    Raises
    ------
    ValueError, ZeroDivisionError
        As in `squared_error`, and where alpha is not from 0 to 1.

    Notes
    -----
    The mean is `sklearn.metrics.mean_pinball_loss`.

    Examples
    --------
    >>> import squarely
    >>> squarely.pinball_loss([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0])
    0.25
    >>> squarely.pinball_loss([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0], alpha=0.75, reduction="none")
    array([0.375, 0.125, 0.   , 0.25 ])
    """
    return _loss("pinball_loss", y_true, y_pred, _alpha(alpha, "pinball_loss"), reduction, sample_weight, out)


def pinball_loss_gradient(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    alpha: float = 0.5,
    reduction: Reduction = "mean",
    sample_weight: ArrayLike | None = None,
    out: Floats | None = None,
) -> Floats:
    r"""Gradient of the mean pinball loss with respect to the predictions, or of the sum.

    .. math:: \frac{\partial \ell}{\partial \hat y} = \begin{cases}
        -\alpha & \hat y < y \\ 1 - \alpha & \hat y > y \end{cases}

    for one pair; by default divided by their number. At the kink, where a prediction is best and there is no
    derivative, this is the subgradient 0.

    Parameters
    ----------
    y_true, y_pred, reduction, sample_weight, out
        As in `squared_error_gradient`.
    alpha : float, default=0.5
        As in `pinball_loss`.

    Returns
    -------
    ndarray of that shape
        Of one pair -alpha, 0 or 1 - alpha; as in `squared_error_gradient`.

    Raises
    ------
    ValueError, ZeroDivisionError
        As in `squared_error_gradient`, and where alpha is not from 0 to 1.

    Examples
    --------
    >>> import squarely
    >>> squarely.pinball_loss_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0], alpha=0.75)
    array([-0.1875,  0.0625,  0.    ,  0.0625])
    >>> squarely.pinball_loss_gradient([3.0, -0.5, 2.0, 7.0], [2.5, 0.0, 2.0, 8.0], alpha=0.75, reduction="sum")
    array([-0.75,  0.25,  0.  ,  0.25])
    """
    checked = _alpha(alpha, "pinball_loss_gradient")
    return _gradient("pinball_loss", y_true, y_pred, checked, reduction, sample_weight, out)


def _loss(
    loss: str,
    y_true: object,
    y_pred: object,
    parameter: float,
    reduction: object,
    sample_weight: object,
    out: object,
) -> float | Floats:
    check_choice(reduction, REDUCTIONS, "reduction", loss)
    if sample_weight is None:
        quick = _quick_loss(loss, y_true, y_pred, parameter, reduction, out)
        if quick is not None:
            return quick
    from squarely.loss_arrays import check_no_out, loss_arrays

    arrays = loss_arrays(y_true, y_pred, sample_weight, loss)
    if reduction == "none":
        arrays.check_weights()
        return _filled(loss, arrays, parameter, 1.0, out, is_derivative=False)
    check_no_out(out, str(reduction), loss)
    return arrays.reduced(parameter, str(reduction))


def _gradient(
    loss: str,
    y_true: object,
    y_pred: object,
    parameter: float,
    reduction: object,
    sample_weight: object,
    out: object,
) -> Floats:
    function = f"{loss}_gradient"
    check_choice(reduction, REDUCTIONS, "reduction", function)
    if sample_weight is None:
        quick = _core.quick_fill_losses(loss, True, y_true, y_pred, parameter, reduction == "mean", out)
        if quick is not None:
            return quick
    from squarely.loss_arrays import loss_arrays

    arrays = loss_arrays(y_true, y_pred, sample_weight, function)
    divisor = 1.0
    if reduction == "mean":
        divisor = arrays.divisor()
    else:
        arrays.check_weights()
    return _filled(loss, arrays, parameter, divisor, out, is_derivative=True)


def _quick_loss(
    loss: str, y_true: object, y_pred: object, parameter: float, reduction: object, out: object
) -> float | Floats | None:
    if reduction == "none":
        return _core.quick_fill_losses(loss, False, y_true, y_pred, parameter, False, out)
    return _core.quick_sum_losses(loss, y_true, y_pred, parameter, reduction == "mean") if out is None else None


def _filled(
    loss: str, arrays: LossArrays, parameter: float, divisor: float, out: object, *, is_derivative: bool
) -> Floats:
    results = arrays.results(out)
    _core.fill_losses(loss, is_derivative, arrays.y_true, arrays.y_pred, arrays.weights, parameter, divisor, results)
    return results


def _delta(delta: object, function: str) -> float:
    number = _number(delta)
    if not 0 < number < np.inf:
        raise InvalidParameterError(
            f"The 'delta' parameter of {function} must be a positive and finite float. Got {delta!r} instead."
        )
    return number


def _alpha(alpha: object, function: str) -> float:
    number = _number(alpha)
    if not 0 <= number <= 1:
        raise InvalidParameterError(
            f"The 'alpha' parameter of {function} must be a float in the range [0, 1]. Got {alpha!r} instead."
        )
    return number


def _number(value: object) -> float:
    """Return a float, NaN for what is no number."""
    no_number = (bool, np.timedelta64)  # to NumPy a duration is an integer
    is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, no_number)
    return float(value) if is_number else np.nan  # type: ignore[arg-type]

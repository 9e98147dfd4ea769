"""Squared errors of outputs that vary together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import ArrayLike, NanPolicy, Summation
from squarely.named_metrics import metric
from squarely.policy import no_weight
from squarely.scoring import accumulated, checked_pairs, configuration_of, score_at

if TYPE_CHECKING:
    from squarely.pairing import PairedColumns

__all__ = ["generalized_squared_error"]

Doubles = npt.NDArray[np.float64]

# Of the largest element: as far as covariances and inverses come out asymmetric by rounding alone.
MOST_ASYMMETRY = 1e-10


def generalized_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    covariance: ArrayLike,
    sample_weight: ArrayLike | None = None,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> float:
    r"""Mean squared error weighted with the inverse of a covariance: the mean squared Mahalanobis distance.

    .. math:: \frac{\sum_{i=1}^{n} w_i e_i^\mathsf{T} C^{-1} e_i}{\sum_{i=1}^{n} w_i}

    with the errors :math:`e_i = \hat y_i - y_i` of all outputs of a row.

    Parameters
    ----------
    y_true, y_pred, sample_weight, summation
        As in `mean_squared_error`.
    covariance : array-like of shape (outputs, outputs)
        C, symmetric and positive definite, in the product of the units of two outputs. Of one output a matrix of one
        element.
    where : array-like of bool of shape (n,) or that of y_true, optional
        True where a row counts. A row that lacks one output is left out as a whole.
    nan_policy : {"raise", "propagate", "omit", "omit_true"}, default="raise"
        As in `mean_squared_error`, but where a missing value leaves out a pair there, it leaves out the row here.

    Returns
    -------
    float
        Without unit. From 0, the best, to infinity. Of errors that have this covariance and mean zero, the number of
        outputs is expected.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where `covariance` has the wrong shape, is not finite, not symmetric or not
        positive definite, or where no row is left.

    See Also
    --------
    mean_squared_error : Of outputs that are independent and vary alike.

    Notes
    -----
    Errors are whitened by the Cholesky factor of the covariance, a block of rows at a time; C is never inverted. These
    steps round, by operations that give the same bits on every machine; the squares of what they yield are summed
    exactly. The relative error is about 2^-52 times the number of outputs and the condition number of C. Of a diagonal
    covariance it is a few ulp. One row is enough, and the truth may be constant. Integers beyond 2^53 are refused,
    because no double holds them.

    References
    ----------
    .. [1] A. C. Aitken (1936), "On least squares and linear combination of observations", Proceedings of the Royal
       Society of Edinburgh 55, 42-48.
    .. [2] P. C. Mahalanobis (1936), "On the generalised distance in statistics", Proceedings of the National Institute
       of Sciences of India 2, 49-55.

    Examples
    --------
    >>> import squarely
    >>> y_true, y_pred = [[0.0, 0.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 3.0]]
    >>> squarely.generalized_squared_error(y_true, y_pred, covariance=[[1.0, 0.0], [0.0, 4.0]])
    1.125
    >>> squarely.generalized_squared_error(y_true, y_pred, covariance=[[1.0, 0.5], [0.5, 1.0]])
    3.333333333333333
    """
    from squarely.columns import as_columns
    from squarely.columns.labels import check_one_order
    from squarely.metrics.paired_blocks import blocks_of

    pairs, _ = checked_pairs(
        "generalized_squared_error",
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput="uniform_average",
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )
    factor = _cholesky_factor(_checked_covariance(covariance, pairs.outputs))
    names = as_columns(covariance, "covariance", "generalized_squared_error").labels
    check_one_order({"y_true": pairs.truth.labels, "covariance": names}, 0)
    weights = _weights_of_rows(pairs)
    seen = accumulated(pairs, configuration_of((metric("bias"),), "raw_values", nan_policy, "kahan")).state()
    if seen is None:
        raise _no_rows()
    if nan_policy == "propagate" and any(map(sum, (seen.missing_true, seen.missing_pred, seen.undefined))):
        return float("nan")
    configuration = configuration_of((metric("mse"),), "uniform_average", "propagate", summation)
    state = _core.State(1, configuration, weights is not None)
    for block in blocks_of(pairs):
        rows = block.counts.all(axis=1)
        with np.errstate(all="ignore"):
            whitened = _whitened(block.prediction[rows] - block.truth[rows], factor).reshape(-1)
        own = None if weights is None else weights[block.rows][rows].repeat(pairs.outputs)
        if whitened.size:
            state.update(whitened, np.broadcast_to(np.zeros(1), whitened.shape), None, 0, own)
    if any(seen.infinite):
        return float("inf")
    if state.pairs == [0] and state.infinite == [0]:
        raise no_weight() if pairs.has_no_weight() else _no_rows()
    accumulator = _core.Accumulator(configuration)
    accumulator.add(state, (1,))
    return float(pairs.outputs * score_at(accumulator, 0, metric("mse"), pairs))


def _no_rows() -> ValueError:
    return ValueError(
        "Found array with 0 sample(s) while a minimum of 1 is required: no row has a pair of two numbers in every "
        "output."
    )


def _weights_of_rows(pairs: PairedColumns) -> npt.NDArray[np.generic] | None:
    if pairs.weights is None:
        return None
    if len(pairs.weights.shape) > 1 and pairs.outputs > 1:
        raise ValueError(
            "generalized_squared_error weighs whole rows, whose outputs belong together. Pass sample_weight of the "
            f"shape of the rows. Got shape {pairs.weights.shape}."
        )
    from squarely.columns.beside import array_of

    return array_of(pairs.weights).reshape(-1)


def _checked_covariance(covariance: object, outputs: int) -> Doubles:
    try:
        matrix = np.array(covariance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"covariance must be a matrix of numbers: {error}.") from error
    if matrix.shape != (outputs, outputs):
        raise ValueError(
            f"covariance must have a row and a column for each of the {outputs} output(s) of y_true, that is shape "
            f"{(outputs, outputs)}. Got shape {matrix.shape}."
        )
    if not np.isfinite(matrix).all():
        raise ValueError("covariance must hold finite numbers. Got NaN or infinity.")
    difference = float(np.abs(matrix - matrix.T).max())
    if difference > MOST_ASYMMETRY * float(np.abs(matrix).max()):
        raise ValueError(
            f"covariance must be symmetric. Elements on both sides of the diagonal differ by up to {difference:g}; "
            "pass (C + C.T) / 2 if that is meant."
        )
    return matrix


def _cholesky_factor(matrix: Doubles) -> Doubles:
    """Return the lower factor, by elementwise operations: those of LAPACK give other bits on other machines."""
    factor = np.tril(matrix)
    for i in range(len(factor)):
        if not factor[i, i] > 0:
            raise ValueError(
                "covariance must be positive definite, so that every combination of outputs varies. Its leading "
                f"{i + 1} x {i + 1} part is not: outputs depend on each other, or the matrix is no covariance."
            )
        factor[i:, i] /= np.sqrt(factor[i, i])
        rest = factor[i + 1 :, i]
        factor[i + 1 :, i + 1 :] -= np.tril(rest[:, None] * rest)
    return factor


def _whitened(errors: Doubles, factor: Doubles) -> Doubles:
    """Solve for every row z of ``factor @ z = errors``, in place, which is forward substitution."""
    for i in range(len(factor)):
        errors[:, i] /= factor[i, i]
        errors[:, i + 1 :] -= errors[:, i, None] * factor[i + 1 :, i]
    return errors

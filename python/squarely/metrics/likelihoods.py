"""How likely the truth is where a prediction is a distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import ArrayLike, Multioutput, NanPolicy, Summation
from squarely.named_metrics import Metric
from squarely.policy import check_some_pairs
from squarely.result_types import averages_outputs
from squarely.scoring import Score, accumulated, averaged, checked_pairs, configuration_of, score

__all__ = ["mean_gaussian_nll"]


@averages_outputs
def mean_gaussian_nll(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
    variance: ArrayLike = 1.0,
    where: ArrayLike | None = None,
    nan_policy: NanPolicy = "raise",
    summation: Summation = "exact",
) -> Score:
    r"""Mean negative log-likelihood of normal distributions, without its constant.

    .. math:: \frac{1}{n} \sum_{i=1}^{n} \frac12 \left( \log v_i + \frac{(y_i - \hat y_i)^2}{v_i} \right)

    with the predictions as means and :math:`v_i` as variances. The constant left out is log(2π)/2, 0.9189.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput, where, nan_policy, summation
        As in `mean_squared_error`.
    variance : float, or array-like of shape (n,) or that of y_true, default=1.0
        In the square of the unit of y: one for all pairs, one a row, or one a pair. Positive and finite wherever a pair
        counts.

    Returns
    -------
    float or ndarray of float64 of shape (outputs,)
        In nats. From minus infinity to infinity, lower is better; of given variances log(v)/2 on average is the best,
        for a perfect prediction.

    Raises
    ------
    ValueError
        As in `mean_squared_error`, and where a variance is not positive and finite or has another shape.

    See Also
    --------
    mean_squared_error : Twice this with a variance of 1.

    Notes
    -----
    As `torch.nn.GaussianNLLLoss` with ``full=False``, which replaces variances below 1e-6 where this refuses those of
    zero. Of one variance the squared errors are summed exactly, and the result is within 2 ulp of the larger of its two
    parts. Of several, every pair's loss is a double within 3 ulp of the larger of its two parts, with the same bits on
    every machine, and these are summed exactly. One pair is enough, and the truth may be constant. Integers beyond 2^53
    beside an array of variances are refused, because no double holds them.

    References
    ----------
    .. [1] D. A. Nix, A. S. Weigend (1994), "Estimating the mean and variance of the target probability distribution",
       Proceedings of the IEEE International Conference on Neural Networks, 55-60.

    Examples
    --------
    >>> import squarely
    >>> squarely.mean_gaussian_nll([1.0, 2.0], [1.0, 4.0])
    1.0
    >>> squarely.mean_gaussian_nll([1.0, 2.0], [1.0, 4.0], variance=[0.25, 4.0])
    0.25000000000000006
    """
    function = "mean_gaussian_nll"
    if _is_one_number(variance):
        return score(
            function,
            y_true,
            y_pred,
            parameter=variance,
            sample_weight=sample_weight,
            multioutput=multioutput,
            where=where,
            nan_policy=nan_policy,
            summation=summation,
        )
    pairs, averaging = checked_pairs(
        function,
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )
    # Counts what the policy refuses; the losses could not tell a missing prediction from a missing truth.
    of_truth = (Metric("mean_of_truth", 0.0),)
    state = accumulated(pairs, configuration_of(of_truth, "raw_values", nan_policy, summation)).state()
    assert state is not None
    if nan_policy != "propagate" and not (averaging == "raw_values" and any(state.pairs)):
        check_some_pairs(state.pairs, pairs.output_shape)
    losses = _sums_of_losses(pairs, variance, summation)
    return averaged(_means(losses, state, nan_policy), averaging, pairs.output_shape)


def _is_one_number(variance: Any) -> bool:
    return isinstance(variance, (int, float, str)) or getattr(variance, "ndim", None) == 0


def _sums_of_losses(pairs: Any, variance: object, summation: str) -> _core.Accumulator:
    """Return the sums of the losses, which stand as truth of predictions of zero."""
    from squarely.columns import as_columns
    from squarely.columns.labels import check_one_order
    from squarely.metrics.paired_blocks import blocks_of, floats_of

    variances = as_columns(variance, "variance", "mean_gaussian_nll")
    _check_shape(variances.shape, pairs.truth.shape)
    check_one_order({"y_true": pairs.truth.labels, "variance": variances.labels}, 0)
    configuration = configuration_of((Metric("mean_of_truth", 0.0),), "raw_values", "propagate", summation)
    state = _core.State(pairs.outputs, configuration, pairs.weights is not None)
    for block in blocks_of(pairs, variances):
        of_pairs = np.broadcast_to(floats_of(variances, block.rows, "variance"), block.truth.shape)
        _check_positive(of_pairs, block.counts, block.rows.start)
        with np.errstate(all="ignore"):
            difference = block.prediction - block.truth
            losses = 0.5 * (_core.elementary("logarithm", of_pairs) + difference / of_pairs * difference)
        weights = pairs.weights_piece(block.rows.start, block.rows.stop)
        state.update(losses, np.broadcast_to(np.zeros(1), losses.shape), block.counts, 0, weights)
    accumulator = _core.Accumulator(configuration)
    accumulator.add(state, pairs.output_shape)
    return accumulator


def _check_shape(shape: tuple[int, ...], truth: tuple[int, ...]) -> None:
    if shape not in {truth, truth[:1], (*truth[:1], 1)}:
        raise ValueError(
            f"variance has shape {shape}, and must be a number, or have the shape of the rows, {truth[:1]}, or of "
            f"y_true, {truth}."
        )


def _check_positive(variances: npt.NDArray[np.float64], counts: npt.NDArray[np.bool_], first_row: int) -> None:
    is_wrong = counts & ~((variances > 0) & np.isfinite(variances))
    if is_wrong.any():
        row, output = (int(index) for index in np.argwhere(is_wrong)[0])
        raise ValueError(
            "variance must be positive and finite wherever a pair counts. Got "
            f"{float(variances[row, output])!r} in row {first_row + row}; leave such pairs out with "
            "where=variance > 0, or add a floor to the variances."
        )


def _means(losses: _core.Accumulator, state: _core.State, nan_policy: str) -> list[float]:
    sums = losses.state()
    assert sums is not None
    means = [
        float("inf") if infinite else mean
        for mean, infinite in zip(losses.values_where_defined(0), sums.infinite, strict=True)
    ]
    if nan_policy != "propagate":
        return means
    without = zip(state.missing_true, state.missing_pred, state.undefined, strict=True)
    return [float("nan") if any(counts) else mean for mean, counts in zip(means, without, strict=True)]

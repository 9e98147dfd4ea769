"""Scores over order statistics, which need all pairs at once."""

import math

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.order_statistics import against_quantiles, median_of_absolute_errors
from squarely.scoring import Score, averaged, checked_pairs, checked_sums, values_of_enough, warn_of_too_few
from squarely.validation import SUMMATIONS, check_choice, check_some_pairs

__all__ = ["median_score", "pinball_score"]


def median_score(
    y_true: object,
    y_pred: object,
    *,
    sample_weight: object,
    multioutput: object,
    where: object,
    nan_policy: object,
    function: str,
) -> Score:
    """Return the median of the absolute errors. The whole body of the public function."""
    pairs, averaging = checked_pairs(
        function,
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        function=function,
    )
    weights = weights_in_order(pairs.sample_weight, function)
    values = median_of_absolute_errors(pairs, weights, str(nan_policy))
    if weights is not None and nan_policy != "propagate" and any(map(math.isnan, values)):
        raise ZeroDivisionError("Weights sum to zero: none of the pairs that count has a weight in sample_weight.")
    return averaged(values, averaging, pairs.output_shape)


def pinball_score(
    y_true: object,
    y_pred: object,
    *,
    alpha: float,
    sample_weight: object,
    multioutput: object,
    where: object,
    nan_policy: object,
    summation: object,
    function: str,
) -> Score:
    """Return the share of the pinball loss of a constant quantile that the predictions explain."""
    check_choice(summation, SUMMATIONS, "summation", function)
    pairs, averaging = checked_pairs(
        function,
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        function=function,
    )
    policy, how = str(nan_policy), str(summation)
    weights = weights_in_order(pairs.sample_weight, function)
    loss = [("mean_pinball_loss", alpha)]
    model = checked_sums(pairs, loss, policy, how)
    if policy != "propagate":
        check_some_pairs(model, pairs.output_shape)
    if max(model.pairs) < 2:
        warn_of_too_few(function)
        return math.nan
    baseline = against_quantiles(pairs, alpha, weights, policy).sums(how, loss)
    values = _core.explained_pinball_loss(model, baseline, alpha)
    return averaged(values_of_enough(values, model, function), averaging, pairs.output_shape)


def weights_in_order(weights: npt.NDArray[np.number] | None, function: str) -> npt.NDArray[np.float64] | None:
    """Return the weights as shares of an order, or raise why they are none."""
    if weights is None:
        return None
    if weights.min() < 0:
        raise ValueError(
            f"The 'sample_weight' of {function} must not be negative: a share of the weights ranks values."
        )
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return np.ascontiguousarray(weights, dtype=np.float64)

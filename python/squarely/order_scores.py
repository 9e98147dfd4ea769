"""Scores over order statistics, which need all pairs at once."""

import math

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.arguments import check_finite_weights
from squarely.columns.beside import array_of
from squarely.named_metrics import Metric, metric
from squarely.order_statistics import against_quantiles, median_of_absolute_errors, trimmed_mean_of_squares
from squarely.pairing import PairedColumns
from squarely.policy import check_some_pairs, no_weight, told_of_too_few, warn_of
from squarely.scoring import Score, accumulated, averaged, checked_pairs, configuration_of, score_at

__all__ = ["check_weights_in_order", "median_at_once", "order_score", "pinball_level", "score_of_order"]


def order_score(
    asked: Metric,
    y_true: object,
    y_pred: object,
    *,
    sample_weight: object,
    multioutput: object,
    where: object,
    nan_policy: object,
    summation: object = "exact",
) -> Score:
    """Return a metric over order statistics. The whole body of the public functions."""
    pairs, averaging = checked_pairs(
        asked.name,
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
    )
    return score_of_order(asked, pairs, averaging, str(nan_policy), str(summation), warns=True)


def score_of_order(
    asked: Metric,
    pairs: PairedColumns,
    averaging: str | list[float],
    nan_policy: str,
    summation: str,
    *,
    warns: bool = False,
) -> Score:
    """Return the value of such a metric of pairs, averaged over the outputs as asked."""
    pairs = pairs.of_weight()
    if asked.name == "median_absolute_error":
        values = _medians(pairs, nan_policy, is_raw=averaging == "raw_values")
    elif asked.name == "trimmed_mean_squared_error":
        values = _trimmed(pairs, asked.parameter, nan_policy, is_raw=averaging == "raw_values")
    else:
        values = _explained_pinball_losses(asked, pairs, nan_policy, summation, warns=warns)
    # The variance of the truth says nothing about an order: as scikit-learn, only scores of variance are weighed by it.
    return averaged(values, "uniform_average" if averaging == "variance_weighted" else averaging, pairs.output_shape)


def median_at_once(pairs: PairedColumns, averaging: str | list[float]) -> Score | None:
    """Return the median of the absolute errors of one output where one pass finds it: then every pair counts."""
    found = pairs.quantile_of_errors_in_one_pass(0.5) if pairs.weights is None else None
    return None if found is None else averaged([found], averaging, pairs.output_shape)


def _medians(pairs: PairedColumns, nan_policy: str, *, is_raw: bool) -> list[float]:
    weights = _weights_in_order(pairs, "median_absolute_error")
    values = median_of_absolute_errors(pairs, weights, nan_policy, is_raw=is_raw)
    if weights is not None and nan_policy != "propagate" and not is_raw and any(map(math.isnan, values)):
        raise ZeroDivisionError("Weights sum to zero: none of the pairs that count has a weight in sample_weight.")
    return values


def _trimmed(pairs: PairedColumns, proportion: float, nan_policy: str, *, is_raw: bool) -> list[float]:
    if pairs.weights is not None:
        raise ValueError(
            "trimmed_mean_squared_error leaves out a share of the pairs, and takes no sample_weight. Pass None."
        )
    return trimmed_mean_of_squares(pairs, proportion, nan_policy, is_raw=is_raw)


def pinball_level(asked: Metric) -> float:
    """Return which quantile a share of the pinball loss is measured against."""
    return asked.parameter if asked.name == "d2_pinball_score" else 0.5


def _explained_pinball_losses(
    asked: Metric, pairs: PairedColumns, nan_policy: str, summation: str, *, warns: bool
) -> list[float]:
    alpha = pinball_level(asked)
    weights = _weights_in_order(pairs, asked.name)
    loss = metric("mean_pinball_loss", alpha=alpha)
    configuration = configuration_of((loss,), "raw_values", nan_policy, summation)
    model = accumulated(pairs, configuration)
    if nan_policy != "propagate":
        check_some_pairs(model.pairs, pairs.output_shape)
        score_at(model, 0, loss, pairs)  # weights that sum to zero are refused
    if warns and min(model.pairs) < asked.row.least_pairs:
        warn_of(told_of_too_few(asked))
    if max(model.pairs) < asked.row.least_pairs:
        return [math.nan] * pairs.outputs
    baseline = against_quantiles(pairs, alpha, weights, nan_policy).sums(configuration)
    sums = model.state()
    assert sums is not None
    values = _core.explained_pinball_loss(sums, baseline, alpha)
    return [
        value if count >= asked.row.least_pairs else math.nan for value, count in zip(values, model.pairs, strict=True)
    ]


def check_weights_in_order(pairs: PairedColumns, function: str) -> None:
    """Refuse weights that are no shares."""
    weights = None if pairs.weights is None else array_of(pairs.weights)
    if weights is None or weights.size == 0:
        return
    check_finite_weights(weights)
    if weights.min() < 0:
        raise ValueError(
            f"The 'sample_weight' of {function} must not be negative: a share of the weights ranks values."
        )


def _weights_in_order(pairs: PairedColumns, function: str) -> npt.NDArray[np.float64] | None:
    """Return the weights as shares of an order, of the rows or a row an output, or raise why they are none."""
    if pairs.weights is None:
        return None
    check_weights_in_order(pairs, function)
    weights = array_of(pairs.weights)
    if not weights.any():
        raise no_weight()
    if weights.ndim > 1:
        weights = np.moveaxis(weights, pairs.axis, -1).reshape(pairs.outputs, pairs.rows)
    return np.ascontiguousarray(weights, dtype=np.float64)

"""States of the core, updated once, and the exact sums they hold."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from inputs.metric_parameters import EVERY
from oracles.state_bytes import terms_held_by
from squarely import _core

Array = npt.NDArray[np.float64]

# A metric, and its parameter, whose sums hold each term.
METRIC_OF: dict[str, tuple[str, float]] = {
    "squared_error": ("mean_squared_error", 0.0),
    "error": ("mean_error", 0.0),
    "absolute_error": ("mean_absolute_error", 0.0),
    "truth": ("variance_of_truth", 0.0),
    "squared_truth": ("variance_of_truth", 0.0),
    "prediction": ("pearson_correlation", 0.0),
    "squared_prediction": ("pearson_correlation", 0.0),
    "absolute_truth": ("weighted_absolute_percentage_error", 0.0),
    "squared_underprediction": ("mean_asymmetric_squared_error", 0.5),
}


def state_of(
    metrics: list[tuple[str, float]],
    y_true: npt.NDArray[np.generic],
    y_pred: npt.NDArray[np.generic],
    weights: npt.NDArray[np.generic] | None = None,
    *,
    summation: str = "exact",
    where: npt.NDArray[np.bool_] | None = None,
) -> _core.State:
    outputs = y_true.shape[1] if y_true.ndim == 2 else 1
    state = _core.State(outputs, summation, metrics, weights is not None)
    state.update(y_true, y_pred, where, sample_weight=weights)
    return state


def held(
    metric: tuple[str, float],
    y_true: npt.NDArray[np.generic],
    y_pred: npt.NDArray[np.generic],
    weights: npt.NDArray[np.generic] | None = None,
) -> dict[str, Fraction]:
    """Return the exact sums of one output."""
    return terms_held_by(state_of([metric], y_true, y_pred, weights).to_bytes())[0]


def of_single_pairs(metric: tuple[str, float], term: str, y_true: Array, y_pred: Array) -> list[Fraction]:
    """Return the term of each pair, by a state in which every pair is an output of its own."""
    state = state_of([metric], y_true.reshape(1, -1), y_pred.reshape(1, -1))
    return [of_output[term] for of_output in terms_held_by(state.to_bytes())]


def value_of(asked: tuple[str, float], y_true: Array, y_pred: Array, weights: Array | None = None, **how: str) -> float:
    return state_of([asked], y_true, y_pred, weights, **how).values(*asked)[0]


def state_of_everything(
    y_true: Array, y_pred: Array, weights: Array | None = None, summation: str = "exact"
) -> _core.State:
    return state_of(EVERY, y_true, y_pred, weights, summation=summation)

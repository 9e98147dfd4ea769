"""From the sums of one pass to scores: what a policy refuses, what is undefined, how outputs are averaged."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.metric import Metric
from squarely.validation import (
    NAN_POLICIES,
    SUMMATIONS,
    check_choice,
    check_finite,
    check_multioutput,
    check_output_weights,
    check_some_pairs,
    check_weight_sum,
)

if TYPE_CHECKING:
    from squarely.pairing import PairedColumns

__all__ = [
    "Score",
    "UndefinedMetricError",
    "checked_sums",
    "needed_by",
    "score",
    "score_of",
    "told_of_too_few",
    "warn_of_undefined",
]

Score = float | npt.NDArray[np.float64]

# Metrics that say nothing about fewer than two pairs, and the words of scikit-learn for it.
NEED_TWO_PAIRS = {
    "r2_score": "R^2 score",
    "d2_tweedie_score": "D^2 score",
    "d2_pinball_score": "D^2 score",
    "d2_absolute_error_score": "D^2 score",
    "pearson_correlation": "Pearson correlation",
    "concordance_correlation": "Concordance correlation",
    "nash_sutcliffe_efficiency": "Nash-Sutcliffe efficiency",
    "kling_gupta_efficiency": "Kling-Gupta efficiency",
}

LOG_ERROR = "Mean Squared Logarithmic Error cannot be used when targets contain values less than or equal to -1."
DEVIANCE = "Mean Tweedie deviance error with power={power} can only be used on {domain}."


class UndefinedMetricError(ValueError):
    """A metric that has no value on this data, though others may have one."""


def score(
    name: str,
    y_true: object,
    y_pred: object,
    *,
    parameter: float = 0.0,
    sample_weight: object = None,
    multioutput: object = "uniform_average",
    where: object = None,
    nan_policy: object = "raise",
    summation: object = "exact",
    complex_values: object = False,
    function: str = "",
) -> Score:
    """Return a metric of one pass over the data. The public functions are this one with a name and a docstring."""
    from squarely.pairing import pair  # a quarter of the time of our import, and needless for the everyday call

    function = function or name
    check_choice(nan_policy, NAN_POLICIES, "nan_policy", function)
    check_choice(summation, SUMMATIONS, "summation", function)
    averaging = check_multioutput(multioutput, function)
    pairs = pair(
        y_true,
        y_pred,
        where,
        0,
        function,
        most_dimensions=2,
        complex_values=bool(complex_values),
        sample_weight=sample_weight,
    )
    check_output_weights(averaging, pairs.outputs)
    asked = Metric(name, parameter)
    state = checked_sums(pairs, needed_by((asked,), averaging), str(nan_policy), str(summation))
    return score_of(state, asked, averaging, str(nan_policy), pairs.output_shape)


def needed_by(metrics: Sequence[Metric], averaging: str | list[float]) -> list[tuple[str, float]]:
    """Return what the core is asked to sum."""
    asked = [(metric.name, metric.parameter) for metric in metrics if not metric.is_of_order]
    return [*asked, ("variance_of_truth", 0.0)] if averaging == "variance_weighted" else asked


def checked_sums(
    pairs: "PairedColumns", metrics: Sequence[tuple[str, float]], nan_policy: str, summation: str
) -> _core.State:
    """Return the sums of one pass over the pairs, or raise what the policy refuses."""
    if pairs.is_complex:
        from squarely.complex_squares import sums_of_complex

        state = sums_of_complex(pairs, metrics, nan_policy, summation)
    else:
        state = pairs.sums(summation, metrics)
        check_finite(state, nan_policy, pairs.dtype)
    check_weight_sum(state, pairs.sample_weight)
    return state


def score_of(
    state: _core.State, metric: Metric, averaging: str | list[float], nan_policy: str, output_shape: tuple[int, ...]
) -> Score:
    """Return the value of a metric over the sums, averaged over the outputs as asked."""
    # An ocean cell of a land mask has no score, and the others have theirs.
    if nan_policy != "propagate" and not (averaging == "raw_values" and any(state.pairs)):
        check_some_pairs(state, output_shape)
    check_defined(state, metric)
    if too_few := told_of_too_few(state, metric):
        warn_of_undefined(too_few)
        return float("nan")
    values = state.values(metric.name, metric.parameter)
    if nan_policy == "propagate":
        missing: list[Any] = [a + b for a, b in zip(state.missing_true, state.missing_pred, strict=True)]
        values = [float("nan") if count else value for count, value in zip(missing, values, strict=True)]
    if averaging == "raw_values":
        return np.array(values).reshape(output_shape)
    return values[0] if len(values) == 1 else _core.average(values, _weights_of_outputs(state, averaging))


def _weights_of_outputs(state: _core.State, averaging: str | list[float]) -> list[float]:
    if not isinstance(averaging, str):
        return averaging
    if averaging == "variance_weighted":
        variances = state.values("variance_of_truth")
        # All truth constant: as scikit-learn, every output counts alike.
        if any(variances):
            return variances
    return [1.0] * len(state.pairs)


def check_defined(state: _core.State, metric: Metric) -> None:
    """Refuse data outside the domain of a metric, in the words of scikit-learn."""
    if not any(state.outside(metric.name, metric.parameter)):
        return
    if metric.name in {"mean_squared_log_error", "root_mean_squared_log_error"}:
        root = "Root " if metric.name.startswith("root") else ""
        raise UndefinedMetricError(root + LOG_ERROR)
    power = {"mean_poisson_deviance": 1.0, "mean_gamma_deviance": 2.0}.get(metric.name, metric.parameter)
    domain = (
        "strictly positive y_pred"
        if power < 0
        else "non-negative y and strictly positive y_pred"
        if power < 2
        else "strictly positive y and y_pred"
    )
    raise UndefinedMetricError(DEVIANCE.format(power=f"{power:g}", domain=domain))


def told_of_too_few(state: _core.State, metric: Metric) -> str:
    """Return that a metric needs two pairs where there are fewer, in the words of scikit-learn, or nothing."""
    if metric.name not in NEED_TWO_PAIRS or min(state.pairs) >= 2:
        return ""
    return f"{NEED_TWO_PAIRS[metric.name]} is not well-defined with less than two samples."


def warn_of_undefined(reason: str) -> None:
    """Warn with the category of scikit-learn where that is imported."""
    import sys

    exceptions = sys.modules.get("sklearn.exceptions")
    category = getattr(exceptions, "UndefinedMetricWarning", UserWarning)
    warnings.warn(reason, category, stacklevel=4)

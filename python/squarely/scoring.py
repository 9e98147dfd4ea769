"""From the sums of one pass to scores: what a policy refuses, what is undefined, how outputs are averaged."""

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from squarely import _core
from squarely.named_metrics import Metric
from squarely.validation import (
    MULTIOUTPUTS,
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
    "averaged",
    "checked_pairs",
    "checked_sums",
    "needed_by",
    "score",
    "score_of",
    "told_of_too_few",
    "values_of_enough",
    "values_where_defined",
    "warn_of",
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

# Functions of scikit-learn that take one output only.
OF_ONE_OUTPUT = frozenset(
    {"max_error", "mean_tweedie_deviance", "mean_poisson_deviance", "mean_gamma_deviance", "d2_tweedie_score"}
)

# Shares of a variance, which may be averaged over the outputs by that variance.
OF_VARIANCE = frozenset({"r2_score", "explained_variance_score", "nash_sutcliffe_efficiency"})

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
    pairs, averaging = checked_pairs(
        name,
        y_true,
        y_pred,
        sample_weight=sample_weight,
        multioutput=multioutput,
        where=where,
        nan_policy=nan_policy,
        summation=summation,
        complex_values=complex_values,
        function=function,
    )
    asked = Metric(name, parameter)
    state = checked_sums(pairs, needed_by((asked,), averaging), str(nan_policy), str(summation))
    check_weight_sum(state, pairs.sample_weight)
    warn_of(told_of_too_few(state, asked))
    return score_of(state, asked, averaging, str(nan_policy), pairs.output_shape)


def checked_pairs(
    name: str,
    y_true: object,
    y_pred: object,
    *,
    sample_weight: object,
    multioutput: object,
    where: object,
    nan_policy: object,
    summation: object = "exact",
    complex_values: object = False,
    function: str = "",
) -> "tuple[PairedColumns, str | list[float]]":
    """Return the pairs, and how to average their outputs, or raise what a public function refuses."""
    from squarely.pairing import pair  # a quarter of the time of our import, and needless for the everyday call

    function = function or name
    check_choice(nan_policy, NAN_POLICIES, "nan_policy", function)
    check_choice(summation, SUMMATIONS, "summation", function)
    choices = MULTIOUTPUTS if name in OF_VARIANCE else MULTIOUTPUTS[:2]
    averaging = check_multioutput(multioutput, function, choices)
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
    if name in OF_ONE_OUTPUT and pairs.outputs > 1:
        raise ValueError(
            f"Multioutput not supported in {function}. Pass the {pairs.outputs} columns one by one, or all of them to "
            "Accumulator.update."
        )
    return pairs, averaging


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
    return state


def score_of(
    state: _core.State, metric: Metric, averaging: str | list[float], nan_policy: str, output_shape: tuple[int, ...]
) -> Score:
    """Return the value of a metric over the sums, averaged over the outputs as asked."""
    # An ocean cell of a land mask has no score, and the others have theirs.
    if nan_policy != "propagate" and not (averaging == "raw_values" and any(state.pairs)):
        check_some_pairs(state, output_shape)
    check_defined(state, metric)
    values = _values(state, metric, nan_policy)
    if averaging != "variance_weighted":
        return averaged(values, averaging, output_shape)
    variances = _core.relative_variances_of_truth(state)
    # All truth constant: as scikit-learn, every output counts alike.
    return averaged(values, variances if any(variances) else "uniform_average", output_shape)


def values_where_defined(state: _core.State, metric: Metric, nan_policy: str) -> list[float]:
    """Return the value of a metric for every output, NaN where the output has none."""
    outside = state.outside(metric.name, metric.parameter)
    values = _values(state, metric, nan_policy)
    return [math.nan if count else value for count, value in zip(outside, values, strict=True)]


def _values(state: _core.State, metric: Metric, nan_policy: str) -> list[float]:
    values = state.values(metric.name, metric.parameter)
    if metric.name in NEED_TWO_PAIRS:
        values = values_of_enough(values, state)
    if nan_policy == "propagate":
        missing: list[Any] = [a + b for a, b in zip(state.missing_true, state.missing_pred, strict=True)]
        values = [math.nan if count else value for count, value in zip(missing, values, strict=True)]
    return values


def values_of_enough(values: list[float], state: _core.State) -> list[float]:
    """Return the values, but NaN where an output has fewer than two pairs."""
    return [value if pairs >= 2 else math.nan for value, pairs in zip(values, state.pairs, strict=True)]


def averaged(values: list[float], averaging: str | list[float], output_shape: tuple[int, ...]) -> Score:
    """Return the values of the outputs as one, or as an array."""
    if averaging == "raw_values":
        return np.array(values).reshape(output_shape)
    if len(values) == 1:
        return values[0]
    return _core.average(values, [1.0] * len(values) if isinstance(averaging, str) else averaging)


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
    raise UndefinedMetricError(DEVIANCE.format(power=int(power) if power.is_integer() else power, domain=domain))


def told_of_too_few(state: _core.State, metric: Metric) -> str:
    """Return that a metric needs two pairs where there are fewer, in the words of scikit-learn, or nothing."""
    if metric.name not in NEED_TWO_PAIRS or min(state.pairs) >= 2:
        return ""
    return f"{NEED_TWO_PAIRS[metric.name]} is not well-defined with less than two samples."


def warn_of(reason: str) -> None:
    """Warn, if there is a reason, with the category of scikit-learn where that is imported."""
    import os
    import sys

    exceptions = sys.modules.get("sklearn.exceptions")
    category = getattr(exceptions, "UndefinedMetricWarning", UserWarning)
    if not reason:
        return
    frame, depth = sys._getframe(), 1
    # The line to point at is that of whoever called the public function.
    while frame.f_back is not None and frame.f_code.co_filename.startswith(os.path.dirname(__file__) + os.sep):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(reason, category, depth)

"""Whether greater or lower values of a metric are better: what early stopping and model selection must know."""

from typing import Any, Literal

from squarely.named_metrics import Metric, metric, metric_names
from squarely.validation import InvalidParameterError, check_choice

__all__ = ["BETTER", "directed_metric", "greater_is_better"]

# One row a metric of `metric_names()`. Nothing can be selected by a metric that is best at zero, between two bad sides.
BETTER: dict[str, Literal["greater", "lower", "zero"]] = {
    "mean_squared_error": "lower",
    "root_mean_squared_error": "lower",
    "sum_squared_error": "lower",
    "mean_absolute_error": "lower",
    "mean_error": "zero",
    "max_error": "lower",
    "r2_score": "greater",
    "explained_variance_score": "greater",
    "mean_absolute_percentage_error": "lower",
    "symmetric_mean_absolute_percentage_error": "lower",
    "weighted_absolute_percentage_error": "lower",
    "mean_squared_log_error": "lower",
    "root_mean_squared_log_error": "lower",
    "mean_pinball_loss": "lower",
    "mean_huber_loss": "lower",
    "mean_log_cosh_loss": "lower",
    "mean_tukey_loss": "lower",
    "mean_asymmetric_squared_error": "lower",
    "mean_gaussian_nll": "lower",
    "mean_tweedie_deviance": "lower",
    "mean_poisson_deviance": "lower",
    "mean_gamma_deviance": "lower",
    "d2_tweedie_score": "greater",
    "normalized_mean_squared_error": "lower",
    "normalized_root_mean_squared_error": "lower",
    "peak_signal_noise_ratio": "greater",
    "nash_sutcliffe_efficiency": "greater",
    "pearson_correlation": "greater",
    "concordance_correlation": "greater",
    "kling_gupta_efficiency": "greater",
    "squared_bias": "lower",
    "residual_variance": "lower",
    "median_absolute_error": "lower",
    "trimmed_mean_squared_error": "lower",
    "d2_pinball_score": "greater",
    "d2_absolute_error_score": "greater",
}


def greater_is_better(name: str) -> bool:
    """Return whether greater values are better, or refuse a metric of which neither greater nor lower ones are."""
    if BETTER[name] == "zero":
        raise ValueError(
            f"The metric {name!r} is best at 0, so neither greater nor lower values are better, and nothing can be "
            "selected by it. Take 'squared_bias' for the mean error without its sign, or 'mean_absolute_error'."
        )
    return BETTER[name] == "greater"


def directed_metric(given: str | Metric, parameters: dict[str, Any], function: str) -> Metric:
    """Return a metric from its name and parameter, or as it is given, if things can be selected by it."""
    if not isinstance(given, Metric):
        check_choice(given, metric_names(), "metric", function)
        given = metric(given, **parameters)
    elif parameters:
        raise InvalidParameterError(
            f"{function} got a metric with its parameter set, and {', '.join(map(repr, parameters))} beside it. "
            "Pass the metric by name, or set the parameter in squarely.metric only."
        )
    greater_is_better(given.name)
    return given

"""Whether greater or lower values of a metric are better: what early stopping and model selection must know."""

from typing import Any

from squarely import _core
from squarely.arguments import InvalidParameterError
from squarely.named_metrics import Metric, MetricLike, as_metric_name, metric

__all__ = ["directed_metric", "greater_is_better"]


def greater_is_better(name: str) -> bool:
    """Return whether greater values are better, or refuse a metric of which neither greater nor lower ones are."""
    better = _core.metrics[name].better
    # Nothing can be selected by a metric that is best at zero, between two bad sides.
    if better == "zero":
        raise ValueError(
            f"The metric {name!r} is best at 0, so neither greater nor lower values are better, and nothing can be "
            "selected by it. Take 'squared_bias' for the mean error without its sign, or 'mean_absolute_error'."
        )
    return better == "greater"


def directed_metric(given: MetricLike, parameters: dict[str, Any], function: str) -> Metric:
    """Return a metric from its name and parameter, or as it is given, if things can be selected by it."""
    if not isinstance(given, Metric):
        given = metric(as_metric_name(given, "metric", function), **parameters)
    elif parameters:
        raise InvalidParameterError(
            f"{function} got a metric with its parameter set, and {', '.join(map(repr, parameters))} beside it. "
            "Pass the metric by name, or set the parameter in squarely.metric only."
        )
    greater_is_better(given.name)
    return given

"""Exact, reproducible, mergeable regression metrics at memory speed."""

from squarely._core import version as __version__
from squarely.accumulator import Accumulator
from squarely.build import show_config
from squarely.metric import metric, metric_names
from squarely.metrics import (
    BiasVariance,
    bias_variance,
    concordance_correlation,
    kling_gupta_efficiency,
    mean_asymmetric_squared_error,
    mean_error,
    mean_huber_loss,
    mean_log_cosh_loss,
    mean_squared_error,
    mean_tukey_loss,
    nash_sutcliffe_efficiency,
    normalized_mean_squared_error,
    normalized_root_mean_squared_error,
    pearson_correlation,
    residual_variance,
    root_mean_squared_error,
    squared_bias,
    sum_squared_error,
    symmetric_mean_absolute_percentage_error,
    weighted_absolute_percentage_error,
)
from squarely.settings import get_num_threads, get_target, set_num_threads, set_target, targets

__all__ = [
    "Accumulator",
    "BiasVariance",
    "__version__",
    "bias_variance",
    "concordance_correlation",
    "get_num_threads",
    "get_target",
    "kling_gupta_efficiency",
    "mean_asymmetric_squared_error",
    "mean_error",
    "mean_huber_loss",
    "mean_log_cosh_loss",
    "mean_squared_error",
    "mean_tukey_loss",
    "metric",
    "metric_names",
    "nash_sutcliffe_efficiency",
    "normalized_mean_squared_error",
    "normalized_root_mean_squared_error",
    "pearson_correlation",
    "residual_variance",
    "root_mean_squared_error",
    "set_num_threads",
    "set_target",
    "show_config",
    "squared_bias",
    "sum_squared_error",
    "symmetric_mean_absolute_percentage_error",
    "targets",
    "weighted_absolute_percentage_error",
]

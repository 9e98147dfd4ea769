"""Exact, reproducible, mergeable regression metrics at memory speed."""

from squarely._core import version as __version__
from squarely.accumulator import Accumulator
from squarely.build import show_config
from squarely.metric import metric, metric_names
from squarely.metrics import (
    d2_absolute_error_score,
    d2_pinball_score,
    d2_tweedie_score,
    explained_variance_score,
    max_error,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    mean_squared_log_error,
    mean_tweedie_deviance,
    median_absolute_error,
    r2_score,
    root_mean_squared_error,
    root_mean_squared_log_error,
    sum_squared_error,
)
from squarely.settings import get_num_threads, get_target, set_num_threads, set_target, targets

__all__ = [
    "Accumulator",
    "__version__",
    "d2_absolute_error_score",
    "d2_pinball_score",
    "d2_tweedie_score",
    "explained_variance_score",
    "get_num_threads",
    "get_target",
    "max_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_gamma_deviance",
    "mean_pinball_loss",
    "mean_poisson_deviance",
    "mean_squared_error",
    "mean_squared_log_error",
    "mean_tweedie_deviance",
    "median_absolute_error",
    "metric",
    "metric_names",
    "r2_score",
    "root_mean_squared_error",
    "root_mean_squared_log_error",
    "set_num_threads",
    "set_target",
    "show_config",
    "sum_squared_error",
    "targets",
]

"""Exact, reproducible, mergeable regression metrics at memory speed."""

from squarely._core import version as __version__
from squarely.accumulator import Accumulator
from squarely.build import show_config
from squarely.evaluate import evaluate
from squarely.losses import (
    absolute_error,
    absolute_error_gradient,
    huber_loss,
    huber_loss_gradient,
    log_cosh_loss,
    log_cosh_loss_gradient,
    pinball_loss,
    pinball_loss_gradient,
    squared_error,
    squared_error_gradient,
)
from squarely.metric import metric, metric_names
from squarely.metrics import (
    mean_squared_error,
    root_mean_squared_error,
    sum_squared_error,
)
from squarely.settings import get_num_threads, get_target, set_num_threads, set_target, targets

__all__ = [
    "Accumulator",
    "__version__",
    "absolute_error",
    "absolute_error_gradient",
    "evaluate",
    "get_num_threads",
    "get_target",
    "huber_loss",
    "huber_loss_gradient",
    "log_cosh_loss",
    "log_cosh_loss_gradient",
    "mean_squared_error",
    "metric",
    "metric_names",
    "pinball_loss",
    "pinball_loss_gradient",
    "root_mean_squared_error",
    "set_num_threads",
    "set_target",
    "show_config",
    "squared_error",
    "squared_error_gradient",
    "sum_squared_error",
    "targets",
]

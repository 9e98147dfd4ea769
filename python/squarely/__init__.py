"""Exact, reproducible, mergeable regression metrics at memory speed."""

from squarely._core import version as __version__
from squarely.accumulator import Accumulator
from squarely.build import show_config
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
    "get_num_threads",
    "get_target",
    "mean_squared_error",
    "metric",
    "metric_names",
    "root_mean_squared_error",
    "set_num_threads",
    "set_target",
    "show_config",
    "sum_squared_error",
    "targets",
]

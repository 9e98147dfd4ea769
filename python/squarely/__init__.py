"""Exact, reproducible, mergeable regression metrics at memory speed."""

from typing import TYPE_CHECKING

from squarely import metrics
from squarely._core import version as __version__
from squarely.accumulator import Accumulator
from squarely.build import get_cmake_dir, get_include, get_library, show_config
from squarely.evaluation import evaluate
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
from squarely.metrics import *
from squarely.named_metrics import metric, metric_names
from squarely.rolling import RollingAccumulator
from squarely.settings import get_num_threads, get_target, set_num_threads, set_target, targets

if TYPE_CHECKING:
    from squarely import boosting as boosting
    from squarely import dask as dask
    from squarely import scorers as scorers
    from squarely import xarray as xarray
    from squarely.files import score_files as score_files

__all__ = [
    "Accumulator",
    "RollingAccumulator",
    "__version__",
    "absolute_error",
    "absolute_error_gradient",
    "evaluate",
    "get_cmake_dir",
    "get_include",
    "get_library",
    "get_num_threads",
    "get_target",
    "huber_loss",
    "huber_loss_gradient",
    "log_cosh_loss",
    "log_cosh_loss_gradient",
    "metric",
    "metric_names",
    "pinball_loss",
    "pinball_loss_gradient",
    "score_files",
    "set_num_threads",
    "set_target",
    "show_config",
    "squared_error",
    "squared_error_gradient",
    "targets",
]
__all__ += metrics.__all__

# What stands beside other libraries, and where it is; imported when it is first asked for.
_LATER = {"boosting": "", "dask": "", "score_files": "files", "scorers": "", "xarray": ""}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        import importlib

        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f"{__name__}.{_LATER[name] or name}")
        return getattr(module, name) if _LATER[name] else module


def __dir__() -> list[str]:
    return sorted({*__all__, *_LATER})

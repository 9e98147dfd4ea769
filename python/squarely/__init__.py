"""Exact, reproducible, mergeable regression metrics at memory speed."""

from typing import TYPE_CHECKING

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
from squarely.metrics import (
    BiasVariance,
    bias_variance,
    concordance_correlation,
    d2_absolute_error_score,
    d2_pinball_score,
    d2_tweedie_score,
    explained_variance_score,
    generalized_squared_error,
    kling_gupta_efficiency,
    max_error,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_asymmetric_squared_error,
    mean_error,
    mean_gamma_deviance,
    mean_gaussian_nll,
    mean_huber_loss,
    mean_log_cosh_loss,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    mean_squared_log_error,
    mean_tukey_loss,
    mean_tweedie_deviance,
    median_absolute_error,
    nash_sutcliffe_efficiency,
    normalized_mean_squared_error,
    normalized_root_mean_squared_error,
    peak_signal_noise_ratio,
    pearson_correlation,
    r2_score,
    residual_variance,
    root_mean_squared_error,
    root_mean_squared_log_error,
    squared_bias,
    sum_squared_error,
    symmetric_mean_absolute_percentage_error,
    trimmed_mean_squared_error,
    weighted_absolute_percentage_error,
)
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
    "BiasVariance",
    "RollingAccumulator",
    "__version__",
    "absolute_error",
    "absolute_error_gradient",
    "bias_variance",
    "concordance_correlation",
    "d2_absolute_error_score",
    "d2_pinball_score",
    "d2_tweedie_score",
    "evaluate",
    "explained_variance_score",
    "generalized_squared_error",
    "get_cmake_dir",
    "get_include",
    "get_library",
    "get_num_threads",
    "get_target",
    "huber_loss",
    "huber_loss_gradient",
    "kling_gupta_efficiency",
    "log_cosh_loss",
    "log_cosh_loss_gradient",
    "max_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_asymmetric_squared_error",
    "mean_error",
    "mean_gamma_deviance",
    "mean_gaussian_nll",
    "mean_huber_loss",
    "mean_log_cosh_loss",
    "mean_pinball_loss",
    "mean_poisson_deviance",
    "mean_squared_error",
    "mean_squared_log_error",
    "mean_tukey_loss",
    "mean_tweedie_deviance",
    "median_absolute_error",
    "metric",
    "metric_names",
    "nash_sutcliffe_efficiency",
    "normalized_mean_squared_error",
    "normalized_root_mean_squared_error",
    "peak_signal_noise_ratio",
    "pearson_correlation",
    "pinball_loss",
    "pinball_loss_gradient",
    "r2_score",
    "residual_variance",
    "root_mean_squared_error",
    "root_mean_squared_log_error",
    "score_files",
    "set_num_threads",
    "set_target",
    "show_config",
    "squared_bias",
    "squared_error",
    "squared_error_gradient",
    "sum_squared_error",
    "symmetric_mean_absolute_percentage_error",
    "targets",
    "trimmed_mean_squared_error",
    "weighted_absolute_percentage_error",
]

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
    return sorted({*globals(), *__all__})

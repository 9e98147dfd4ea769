"""One public function per metric, by family: signature, docstring, and one call of `squarely.scoring.score`."""

from squarely.metrics.absolute_errors import max_error, mean_absolute_error, median_absolute_error
from squarely.metrics.biases import BiasVariance, bias_variance, mean_error, residual_variance, squared_bias
from squarely.metrics.correlations import concordance_correlation, pearson_correlation
from squarely.metrics.deviances import (
    d2_tweedie_score,
    mean_gamma_deviance,
    mean_poisson_deviance,
    mean_tweedie_deviance,
)
from squarely.metrics.efficiencies import kling_gupta_efficiency, nash_sutcliffe_efficiency
from squarely.metrics.expectiles import mean_asymmetric_squared_error
from squarely.metrics.explained_variance import explained_variance_score, r2_score
from squarely.metrics.generalized_errors import generalized_squared_error
from squarely.metrics.images import peak_signal_noise_ratio
from squarely.metrics.likelihoods import mean_gaussian_nll
from squarely.metrics.log_errors import mean_squared_log_error, root_mean_squared_log_error
from squarely.metrics.normalized_errors import normalized_mean_squared_error, normalized_root_mean_squared_error
from squarely.metrics.percentage_errors import mean_absolute_percentage_error
from squarely.metrics.percentages import symmetric_mean_absolute_percentage_error, weighted_absolute_percentage_error
from squarely.metrics.pinball import d2_absolute_error_score, d2_pinball_score, mean_pinball_loss
from squarely.metrics.robust_losses import mean_huber_loss, mean_log_cosh_loss, mean_tukey_loss
from squarely.metrics.squared_errors import mean_squared_error, root_mean_squared_error, sum_squared_error
from squarely.metrics.trimmed_errors import trimmed_mean_squared_error

__all__ = [
    "BiasVariance",
    "bias_variance",
    "concordance_correlation",
    "d2_absolute_error_score",
    "d2_pinball_score",
    "d2_tweedie_score",
    "explained_variance_score",
    "generalized_squared_error",
    "kling_gupta_efficiency",
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
    "nash_sutcliffe_efficiency",
    "normalized_mean_squared_error",
    "normalized_root_mean_squared_error",
    "peak_signal_noise_ratio",
    "pearson_correlation",
    "r2_score",
    "residual_variance",
    "root_mean_squared_error",
    "root_mean_squared_log_error",
    "squared_bias",
    "sum_squared_error",
    "symmetric_mean_absolute_percentage_error",
    "trimmed_mean_squared_error",
    "weighted_absolute_percentage_error",
]

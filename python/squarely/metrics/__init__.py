"""One public function per metric, by family: signature, docstring, and one call of `squarely.scoring.score`."""

from squarely.metrics.biases import BiasVariance, bias_variance, mean_error, residual_variance, squared_bias
from squarely.metrics.correlations import concordance_correlation, pearson_correlation
from squarely.metrics.efficiencies import kling_gupta_efficiency, nash_sutcliffe_efficiency
from squarely.metrics.expectiles import mean_asymmetric_squared_error
from squarely.metrics.generalized_errors import generalized_squared_error
from squarely.metrics.images import peak_signal_noise_ratio
from squarely.metrics.likelihoods import mean_gaussian_nll
from squarely.metrics.normalized_errors import normalized_mean_squared_error, normalized_root_mean_squared_error
from squarely.metrics.percentages import symmetric_mean_absolute_percentage_error, weighted_absolute_percentage_error
from squarely.metrics.robust_losses import mean_huber_loss, mean_log_cosh_loss, mean_tukey_loss
from squarely.metrics.squared_errors import mean_squared_error, root_mean_squared_error, sum_squared_error

__all__ = [
    "BiasVariance",
    "bias_variance",
    "concordance_correlation",
    "generalized_squared_error",
    "kling_gupta_efficiency",
    "mean_asymmetric_squared_error",
    "mean_error",
    "mean_gaussian_nll",
    "mean_huber_loss",
    "mean_log_cosh_loss",
    "mean_squared_error",
    "mean_tukey_loss",
    "nash_sutcliffe_efficiency",
    "normalized_mean_squared_error",
    "normalized_root_mean_squared_error",
    "peak_signal_noise_ratio",
    "pearson_correlation",
    "residual_variance",
    "root_mean_squared_error",
    "squared_bias",
    "sum_squared_error",
    "symmetric_mean_absolute_percentage_error",
    "weighted_absolute_percentage_error",
]

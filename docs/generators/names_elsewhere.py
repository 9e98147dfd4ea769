"""What others call a metric. The conventions of single ones differ, as in zeros, scales and averages of outputs.

Read from scikit-learn 1.9, torchmetrics 1.9, Keras 3.15, xskillscore 0.0.29, scores 2.7 and scikit-image 0.26.
"""

NAMES_ELSEWHERE: dict[str, dict[str, str]] = {
    "mean_squared_error": {
        "scikit-learn": "mean_squared_error",
        "torchmetrics": "MeanSquaredError",
        "Keras": "MeanSquaredError",
        "xskillscore": "mse",
        "scores": "mse",
        "scikit-image": "mean_squared_error",
    },
    "root_mean_squared_error": {
        "scikit-learn": "root_mean_squared_error",
        "torchmetrics": "MeanSquaredError(squared=False)",
        "Keras": "RootMeanSquaredError",
        "xskillscore": "rmse",
        "scores": "rmse",
    },
    "mean_absolute_error": {
        "scikit-learn": "mean_absolute_error",
        "torchmetrics": "MeanAbsoluteError",
        "Keras": "MeanAbsoluteError",
        "xskillscore": "mae",
        "scores": "mae",
    },
    "mean_error": {
        "xskillscore": "me",
        "scores": "mean_error",
    },
    "max_error": {
        "scikit-learn": "max_error",
    },
    "median_absolute_error": {
        "scikit-learn": "median_absolute_error",
        "xskillscore": "median_absolute_error",
    },
    "r2_score": {
        "scikit-learn": "r2_score",
        "torchmetrics": "R2Score",
        "Keras": "R2Score",
        "xskillscore": "r2",
    },
    "explained_variance_score": {
        "scikit-learn": "explained_variance_score",
        "torchmetrics": "ExplainedVariance",
    },
    "mean_absolute_percentage_error": {
        "scikit-learn": "mean_absolute_percentage_error",
        "torchmetrics": "MeanAbsolutePercentageError",
        "Keras": "MeanAbsolutePercentageError",
        "xskillscore": "mape",
    },
    "symmetric_mean_absolute_percentage_error": {
        "torchmetrics": "SymmetricMeanAbsolutePercentageError",
        "xskillscore": "smape",
    },
    "weighted_absolute_percentage_error": {
        "torchmetrics": "WeightedMeanAbsolutePercentageError",
    },
    "mean_squared_log_error": {
        "scikit-learn": "mean_squared_log_error",
        "torchmetrics": "MeanSquaredLogError",
        "Keras": "MeanSquaredLogarithmicError",
    },
    "root_mean_squared_log_error": {
        "scikit-learn": "root_mean_squared_log_error",
    },
    "mean_pinball_loss": {
        "scikit-learn": "mean_pinball_loss",
        "scores": "quantile_score",
    },
    "d2_pinball_score": {
        "scikit-learn": "d2_pinball_score",
    },
    "d2_absolute_error_score": {
        "scikit-learn": "d2_absolute_error_score",
    },
    "mean_huber_loss": {
        "Keras": "Huber",
    },
    "mean_log_cosh_loss": {
        "torchmetrics": "LogCoshError",
        "Keras": "LogCoshError",
    },
    "mean_tweedie_deviance": {
        "scikit-learn": "mean_tweedie_deviance",
        "torchmetrics": "TweedieDevianceScore",
    },
    "mean_poisson_deviance": {
        "scikit-learn": "mean_poisson_deviance",
    },
    "mean_gamma_deviance": {
        "scikit-learn": "mean_gamma_deviance",
    },
    "d2_tweedie_score": {
        "scikit-learn": "d2_tweedie_score",
    },
    "normalized_mean_squared_error": {
        "torchmetrics": "RelativeSquaredError",
    },
    "normalized_root_mean_squared_error": {
        "torchmetrics": "NormalizedRootMeanSquaredError",
        "scikit-image": "normalized_root_mse",
    },
    "peak_signal_noise_ratio": {
        "torchmetrics": "PeakSignalNoiseRatio",
        "scikit-image": "peak_signal_noise_ratio",
    },
    "pearson_correlation": {
        "torchmetrics": "PearsonCorrCoef",
        "Keras": "PearsonCorrelation",
        "xskillscore": "pearson_r",
        "scores": "correlation.pearsonr",
    },
    "concordance_correlation": {
        "torchmetrics": "ConcordanceCorrCoef",
        "Keras": "ConcordanceCorrelation",
    },
    "nash_sutcliffe_efficiency": {
        "scores": "nse",
    },
    "kling_gupta_efficiency": {
        "scores": "kge",
    },
}

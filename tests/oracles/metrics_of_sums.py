"""Metrics as formulas over the exact sums that a state holds, rounded once."""

import math
from collections.abc import Callable
from fractions import Fraction

from oracles.rational import nearest_double, nearest_root

Sums = dict[str, Fraction]


def ratio(numerator: Fraction, denominator: Fraction) -> float:
    if denominator:
        return nearest_double(numerator / denominator)
    return math.nan if not numerator else math.inf if numerator > 0 else -math.inf


def root(numerator: Fraction, denominator: Fraction) -> float:
    if denominator:
        return nearest_root(numerator / denominator)
    return math.nan if not numerator else math.inf


def sign(value: Fraction) -> int:
    return -1 if value < 0 else 1


# Of the weighted squares of errors, whose terms have two words.
ROUNDING = Fraction(1, 2**99)


def spread(sums: Sums, squares: str, values: str) -> Fraction:
    size = sums["weight"] * sums[squares]
    rest = size - sums[values] ** 2
    is_rounded = "sample_weight" in sums and squares == "squared_error"
    return Fraction(0) if is_rounded and abs(rest) < ROUNDING * size else rest


def of_truth(sums: Sums) -> Fraction:
    return spread(sums, "squared_truth", "truth")


def of_prediction(sums: Sums) -> Fraction:
    return spread(sums, "squared_prediction", "prediction")


def joint(sums: Sums) -> Fraction:
    if not of_truth(sums) or not of_prediction(sums):
        return Fraction(0)
    products = (sums["squared_truth"] + sums["squared_prediction"] - sums["squared_error"]) / 2
    return sums["weight"] * products - sums["truth"] * sums["prediction"]


def one_minus(part: Fraction, whole: Fraction, finite: float) -> float:
    if whole:
        return nearest_double(1 - part / whole)
    if finite:
        return 0.0 if part else 1.0
    return -math.inf if part else math.nan


def pinball(sums: Sums, alpha: float) -> float:
    under, over = (sums["absolute_error"] - sums["error"]) / 2, (sums["absolute_error"] + sums["error"]) / 2
    return ratio(Fraction(alpha) * under + (1 - Fraction(alpha)) * over, sums["weight"])


def asymmetric(sums: Sums, tau: float) -> float:
    under = sums["squared_underprediction"]
    return ratio(Fraction(tau) * under + (1 - Fraction(tau)) * (sums["squared_error"] - under), sums["weight"])


def normalized_root(sums: Sums, normalization: float) -> float:
    weight = sums["weight"]
    if normalization == 0:
        return root(sums["squared_error"], weight * (sums["greatest_truth"] - sums["least_truth"]) ** 2)
    if normalization == 1:
        return sign(sums["truth"]) * root(weight * sums["squared_error"], sums["truth"] ** 2)
    if normalization == 2:
        return root(weight * sums["squared_error"], of_truth(sums))
    return root(sums["squared_error"], sums["squared_truth"])


def pearson(sums: Sums, _: float = 0) -> float:
    return sign(joint(sums)) * root(joint(sums) ** 2, of_truth(sums) * of_prediction(sums))


def concordance(sums: Sums, _: float) -> float:
    shift = sums["truth"] - sums["prediction"]
    return ratio(2 * joint(sums), of_truth(sums) + of_prediction(sums) + shift**2)


def deviance(sums: Sums, power: float) -> float:
    names = {0.0: "squared_error", 1.0: "poisson_deviance", 2.0: "gamma_deviance"}
    return ratio(sums[names.get(power, "tweedie_deviance")], sums["weight"])


def mean_of(term: str) -> Callable[[Sums, float], float]:
    return lambda sums, _: ratio(sums[term], sums["weight"])


def root_mean_of(term: str) -> Callable[[Sums, float], float]:
    return lambda sums, _: root(sums[term], sums["weight"])


ALGEBRAIC: dict[str, Callable[[Sums, float], float]] = {
    "mean_squared_error": mean_of("squared_error"),
    "root_mean_squared_error": root_mean_of("squared_error"),
    "sum_squared_error": lambda sums, _: nearest_double(sums["squared_error"]),
    "mean_absolute_error": mean_of("absolute_error"),
    "mean_error": mean_of("error"),
    "max_error": lambda sums, _: nearest_double(sums["largest_error"]),
    "r2_score": lambda sums, finite: one_minus(sums["weight"] * sums["squared_error"], of_truth(sums), finite),
    "explained_variance_score": lambda sums, finite: one_minus(
        spread(sums, "squared_error", "error"), of_truth(sums), finite
    ),
    "mean_absolute_percentage_error": mean_of("absolute_percentage_error"),
    "symmetric_mean_absolute_percentage_error": lambda sums, scale: ratio(
        Fraction(scale) * sums["symmetric_absolute_percentage_error"] / 2, sums["weight"]
    ),
    "weighted_absolute_percentage_error": lambda sums, _: ratio(sums["absolute_error"], sums["absolute_truth"]),
    "mean_squared_log_error": mean_of("squared_log_error"),
    "root_mean_squared_log_error": root_mean_of("squared_log_error"),
    "mean_pinball_loss": pinball,
    "mean_huber_loss": mean_of("huber_loss"),
    "mean_log_cosh_loss": mean_of("log_cosh_loss"),
    "mean_tukey_loss": mean_of("tukey_loss"),
    "mean_asymmetric_squared_error": asymmetric,
    "mean_tweedie_deviance": deviance,
    "mean_poisson_deviance": mean_of("poisson_deviance"),
    "mean_gamma_deviance": mean_of("gamma_deviance"),
    "normalized_mean_squared_error": lambda sums, _: ratio(sums["weight"] * sums["squared_error"], of_truth(sums)),
    "normalized_root_mean_squared_error": normalized_root,
    "nash_sutcliffe_efficiency": lambda sums, _: one_minus(
        sums["weight"] * sums["squared_error"], of_truth(sums), finite=0
    ),
    "pearson_correlation": pearson,
    "concordance_correlation": concordance,
    "squared_bias": lambda sums, _: ratio(sums["error"] ** 2, sums["weight"] ** 2),
    "residual_variance": lambda sums, _: ratio(spread(sums, "squared_error", "error"), sums["weight"] ** 2),
    "variance_of_truth": lambda sums, _: ratio(of_truth(sums), sums["weight"] ** 2),
    "mean_of_truth": mean_of("truth"),
}

# Of other functions than quotients and roots, tested by themselves.
TRANSCENDENTAL = {"mean_gaussian_nll", "d2_tweedie_score", "peak_signal_noise_ratio", "kling_gupta_efficiency"}

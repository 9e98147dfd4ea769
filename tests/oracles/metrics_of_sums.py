"""Metrics as formulas over the exact sums that a state holds, rounded once."""

import math
from collections.abc import Callable
from fractions import Fraction

import mpmath

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


def real(value: Fraction) -> mpmath.mpf:
    return mpmath.mpf(value.numerator) / value.denominator


Near = tuple[mpmath.mpf, mpmath.mpf]


def decibels(sums: Sums, data_range: float) -> Near:
    value = 10 * mpmath.log10(real(Fraction(data_range) ** 2 * sums["weight"] / sums["squared_error"]))
    return value, abs(value)


def gaussian_likelihood(sums: Sums, variance: float) -> Near:
    spread_of_variance = mpmath.log(mpmath.mpf(variance)) / 2
    of_errors = real(sums["squared_error"] / sums["weight"] / Fraction(variance) / 2)
    return spread_of_variance + of_errors, abs(spread_of_variance) + of_errors


def kling_gupta(sums: Sums, version: float) -> Near:
    if not of_truth(sums) or not of_prediction(sums) or not sums["truth"] or not sums["prediction"]:
        return mpmath.nan, mpmath.nan
    correlation = real(joint(sums)) / mpmath.sqrt(real(of_truth(sums) * of_prediction(sums)))
    beta = real(sums["prediction"] / sums["truth"])
    alpha = mpmath.sqrt(real(of_prediction(sums) / of_truth(sums))) / (beta if version == 2012 else 1)
    distances = [share - 1 for share in (correlation, alpha, beta)]
    # One is taken from each share, so that what it is made of counts.
    return 1 - mpmath.norm(distances), 4 + 2 * mpmath.norm(distances)


def deviance_from_mean(sums: Sums, power: float) -> list[mpmath.mpf]:
    """Return the parts that the deviances of the truth from its mean are the sum of."""
    weight, truth = real(sums["weight"]), real(sums["truth"])
    mean, k = truth / weight, mpmath.mpf(power)
    if power == 1:
        return [2 * real(sums["truth_of_poisson_deviance"]), -2 * truth * mpmath.log(mean)]
    if power == 2:
        return [2 * weight * mpmath.log(mean), -2 * real(sums["truth_of_gamma_deviance"])]
    of_mean = weight * mean ** (2 - k) / ((1 - k) * (2 - k))
    return [2 * real(sums["truth_of_tweedie_deviance"]), -2 * of_mean]


DEVIANCES = ("poisson_deviance", "gamma_deviance", "tweedie_deviance")


def explained_deviance(sums: Sums, power: float) -> Near:
    if power == 0:
        whole, size = real(of_truth(sums) / sums["weight"]), mpmath.mpf(0)
    else:
        parts = deviance_from_mean(sums, power)
        whole, size = mpmath.fsum(parts), mpmath.fsum(parts, absolute=True)
    part = real(next(sums[name] for name in ("squared_error", *DEVIANCES) if name in sums))
    return 1 - part / whole, (1 + part / whole) * (1 + size / whole)


# Of other functions than quotients and roots: the value with many digits, the size of what it is made of, and how many
# halves of an ulp of that size a double may be off.
TRANSCENDENTAL: dict[str, tuple[Callable[[Sums, float], Near], int]] = {
    "mean_gaussian_nll": (gaussian_likelihood, 3),
    "d2_tweedie_score": (explained_deviance, 8),
    "peak_signal_noise_ratio": (decibels, 4),
    "kling_gupta_efficiency": (kling_gupta, 3),
}

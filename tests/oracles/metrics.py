"""What metrics are defined as, in rational arithmetic, for the tests that compare with them bit for bit."""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from oracles import rational

Numbers = Sequence[Fraction]


def fractions_of(values: Iterable[float]) -> list[Fraction]:
    return [Fraction(float(value)) for value in values]


def weighted_mean(values: Iterable[Fraction], weights: Numbers) -> Fraction:
    return sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0)) / sum(weights)


class Pairs:
    """Truth, prediction and weights as exact numbers, and their moments."""

    def __init__(
        self, y_true: Iterable[float], y_pred: Iterable[float], sample_weight: Iterable[float] | None = None
    ) -> None:
        self.truth = fractions_of(y_true)
        self.prediction = fractions_of(y_pred)
        self.weights = fractions_of(sample_weight) if sample_weight is not None else [Fraction(1)] * len(self.truth)
        self.errors = [p - y for y, p in zip(self.truth, self.prediction, strict=True)]

    def mean(self, values: Iterable[Fraction]) -> Fraction:
        return weighted_mean(values, self.weights)

    def covariance(self, a: Numbers, b: Numbers) -> Fraction:
        mean_a, mean_b = self.mean(a), self.mean(b)
        return self.mean((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))

    def variance(self, values: Numbers) -> Fraction:
        return self.covariance(values, values)

    @property
    def mean_squared_error(self) -> Fraction:
        return self.mean(error**2 for error in self.errors)


def quotient(numerator: Fraction, denominator: Fraction) -> float:
    """Return the nearest double, with what a denominator of zero gives."""
    if denominator:
        return rational.nearest_double(numerator / denominator)
    if not numerator:
        return math.nan
    return math.inf if numerator > 0 else -math.inf


def root_quotient(numerator: Fraction, denominator: Fraction) -> float:
    if denominator:
        return rational.nearest_root(numerator / denominator)
    return math.inf if numerator else math.nan


def mean_error(pairs: Pairs) -> float:
    return rational.nearest_double(pairs.mean(pairs.errors))


def squared_bias(pairs: Pairs) -> float:
    return rational.nearest_double(pairs.mean(pairs.errors) ** 2)


def residual_variance(pairs: Pairs) -> float:
    return rational.nearest_double(pairs.variance(pairs.errors))


def weighted_absolute_percentage_error(pairs: Pairs) -> float:
    return quotient(pairs.mean(map(abs, pairs.errors)), pairs.mean(map(abs, pairs.truth)))


def symmetric_mean_absolute_percentage_error(pairs: Pairs, scale: float = 2.0) -> float:
    sides = zip(pairs.truth, pairs.prediction, strict=True)
    shares = [abs(y - p) / (abs(y) + abs(p)) if y or p else Fraction(0) for y, p in sides]
    return rational.nearest_double(Fraction(scale) * pairs.mean(shares))


def normalized_mean_squared_error(pairs: Pairs) -> float:
    return quotient(pairs.mean_squared_error, pairs.variance(pairs.truth))


def normalized_root_mean_squared_error(pairs: Pairs, normalization: str = "range") -> float:
    if normalization == "mean":
        mean = pairs.mean(pairs.truth)
        size = root_quotient(pairs.mean_squared_error, mean**2)
        return -size if mean < 0 else size
    scale = {
        "range": (max(pairs.truth) - min(pairs.truth)) ** 2,
        "std": pairs.variance(pairs.truth),
        "euclidean": pairs.mean(y**2 for y in pairs.truth),
    }
    return root_quotient(pairs.mean_squared_error, scale[normalization])


def mean_asymmetric_squared_error(pairs: Pairs, tau: float = 0.5) -> float:
    share = Fraction(tau)
    # An error is prediction minus truth here: below zero, the prediction is too low.
    return rational.nearest_double(pairs.mean((share if e < 0 else 1 - share) * e**2 for e in pairs.errors))


def pearson_correlation(pairs: Pairs) -> float:
    joint = pairs.covariance(pairs.truth, pairs.prediction)
    size = root_quotient(joint**2, pairs.variance(pairs.truth) * pairs.variance(pairs.prediction))
    return -size if joint < 0 else size


def concordance_correlation(pairs: Pairs) -> float:
    shift = pairs.mean(pairs.truth) - pairs.mean(pairs.prediction)
    return quotient(
        2 * pairs.covariance(pairs.truth, pairs.prediction),
        pairs.variance(pairs.truth) + pairs.variance(pairs.prediction) + shift**2,
    )


def nash_sutcliffe_efficiency(pairs: Pairs) -> float:
    variance = pairs.variance(pairs.truth)
    return quotient(variance - pairs.mean_squared_error, variance)


def huber_losses(errors: Iterable[Fraction], delta: float) -> list[Fraction]:
    d = Fraction(delta)
    return [e**2 / 2 if abs(e) <= d else d * (abs(e) - d / 2) for e in errors]


def tukey_losses(errors: Iterable[Fraction], c: float) -> list[Fraction]:
    size = Fraction(c)
    return [size**2 / 6 * (1 - (1 - min(abs(e / size), Fraction(1)) ** 2) ** 3) for e in errors]

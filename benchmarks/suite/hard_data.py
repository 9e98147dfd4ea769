"""Data that leaves the windows of sums, and ways to score it: of `hard.py` and of `bench_hard_data.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import squarely as sq

Pairs = npt.NDArray[Any]
Generator = np.random.Generator
Score = Callable[[Any, Any], Any]

METRICS = ("mse", "mae", "r2")


def normal(rng: Generator, pairs: int) -> Pairs:
    return rng.standard_normal((2, pairs))


def with_outliers(rng: Generator, pairs: int) -> Pairs:
    data = normal(rng, pairs)
    data[1][rng.random(pairs) < 0.01] *= 1e12
    return data


def sorted_decades(rng: Generator, pairs: int) -> Pairs:
    return normal(rng, pairs) * 10.0 ** np.linspace(-10, 10, pairs)


def all_binades(rng: Generator, pairs: int) -> Pairs:
    # One bit of the exponent cleared: no NaN, and no infinity.
    return (rng.integers(0, 2**64, (2, pairs), np.uint64) & ~np.uint64(1 << 62)).view(np.float64)


def with_nan(rng: Generator, pairs: int) -> Pairs:
    data = normal(rng, pairs)
    data[0][rng.random(pairs) < 0.1] = np.nan
    return data


DATA: dict[str, Callable[[Generator, int], Pairs]] = {
    "normal": normal,
    "rain": lambda rng, pairs: np.where(rng.random((2, pairs)) < 0.8, 0.0, rng.gamma(0.5, size=(2, pairs))),
    "Cauchy": lambda rng, pairs: rng.standard_cauchy((2, pairs)),
    "Pareto(1.2)": lambda rng, pairs: rng.pareto(1.2, (2, pairs)),
    "lognormal(3)": lambda rng, pairs: rng.lognormal(0, 3, (2, pairs)),
    "1 % at 1e12": with_outliers,
    "sorted decades": sorted_decades,
    "10 % NaN": with_nan,
    "1e200": lambda rng, pairs: 1e200 * normal(rng, pairs),
    "1e-200": lambda rng, pairs: 1e-200 * normal(rng, pairs),
    "sixty decades": lambda rng, pairs: normal(rng, pairs) * 10.0 ** rng.uniform(-30, 30, (2, pairs)),
    "all binades": all_binades,
    "subnormal": lambda rng, pairs: 1e-310 * normal(rng, pairs),
}


def call_of(metric: str) -> Score:
    function = {"mse": sq.mean_squared_error, "mae": sq.mean_absolute_error, "r2": sq.r2_score}[metric]
    return lambda y_true, y_pred: function(y_true, y_pred, nan_policy="omit")


def state_of(metric: str) -> Score:
    return lambda y_true, y_pred: sq.Accumulator(metrics=[metric], nan_policy="omit").update(y_true, y_pred).compute()


WAYS: dict[str, Callable[[str], Score]] = {"calls": call_of, "states": state_of}

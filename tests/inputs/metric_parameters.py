"""The parameters that every metric of the core is tested with."""

from typing import Any

from oracles.tables import TERMS
from squarely import _core

PARAMETERS: dict[str, tuple[float, ...]] = {
    "r2_score": (0.0, 1.0),
    "explained_variance_score": (0.0, 1.0),
    "symmetric_mean_absolute_percentage_error": (2.0, 1.0, 100.0, 0.1),
    "mean_pinball_loss": (0.0, 0.1, 0.5, 0.9, 1.0),
    "mean_huber_loss": (1.0, 0.1, 1e-3, 1e6),
    "mean_tukey_loss": (4.685, 0.1, 1e6),
    "mean_asymmetric_squared_error": (0.0, 0.1, 0.5, 1.0),
    "mean_gaussian_nll": (1.0, 0.3, 1e-9, 1e9),
    "mean_tweedie_deviance": (0.0, 1.0, 2.0, -1.0, 1.5, 3.0),
    "d2_tweedie_score": (0.0, 1.0, 2.0, 1.5, 3.0, -1.0),
    "normalized_root_mean_squared_error": (0.0, 1.0, 2.0, 3.0),
    "peak_signal_noise_ratio": (1.0, 255.0, 1e200, 1e-200),
    "kling_gupta_efficiency": (2009.0, 2012.0),
}

# What counts pairs by size has no sum that a formula could be written over, and takes no weights: it has tests of its
# own, tests/sums/test_counts_by_size.py.
OF_COUNTS = tuple(name for name, row in _core.metrics.items() if any(TERMS[term].is_by_size for term in row.terms))
OF_SUMS = tuple(name for name, row in _core.metrics.items() if row.kind != "order" and name not in OF_COUNTS)

# With those that only serve others.
EVERY = [(name, parameter) for name in OF_SUMS for parameter in PARAMETERS.get(name, (_core.metrics[name].default,))]

# Where it is the term, and not the metric, that has other ways for them.
OF_TERMS_ALONE: list[tuple[str, float]] = [
    *(("mean_huber_loss", delta) for delta in (1e-200, 1e200)),
    *(("mean_tukey_loss", c) for c in (1e-3, 1e200, 1e-200)),
    *(
        (name, power)
        for name in ("mean_tweedie_deviance", "d2_tweedie_score")
        for power in (-3.0, -0.5, 1.1, 1.9, 2.5, 7.0)
    ),
]

PUBLIC = [(name, parameter) for name, parameter in EVERY if _core.metrics[name].kind == "sums"]


def as_taken(name: str, parameter: float) -> dict[str, Any]:
    """Return a parameter as the one way in takes it, nothing where the metric has none."""
    row = _core.metrics[name]
    words = {number: word for word, number in row.words.items()}
    value = bool(parameter) if row.is_boolean else words.get(parameter, parameter)
    return {"parameter": value} if row.parameter else {}


# Every public one, those of order among them, which have the parameter of their row.
SCORES = [*PUBLIC, *((name, row.default) for name, row in _core.metrics.items() if row.kind == "order")]


def as_keyword(name: str, parameter: float) -> dict[str, Any]:
    """Return a parameter as the public function takes it."""
    taken = as_taken(name, parameter)
    return {_core.metrics[name].parameter: taken["parameter"]} if taken else {}

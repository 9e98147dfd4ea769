"""A metric as a value: its name and its parameter, wherever a name is taken."""

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from squarely import _core
from squarely.validation import InvalidParameterError, check_choice

__all__ = ["EVERYDAY", "Metric", "as_metrics", "metric", "metric_names", "number_of", "sum_names"]

# What most people ask for, and what one fused loop over the data gives.
EVERYDAY = (
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_error",
    "mean_error",
    "max_error",
    "r2_score",
    "explained_variance_score",
    "mean_absolute_percentage_error",
)

# Over order statistics of all pairs, which no sums hold: their parameter and its default.
OF_ORDER: dict[str, tuple[str, float]] = {
    "median_absolute_error": ("", 0.0),
    "trimmed_mean_squared_error": ("proportion", 0.1),
    "d2_pinball_score": ("alpha", 0.5),
    "d2_absolute_error_score": ("", 0.0),
}

# Sums that only serve others.
INTERNAL = frozenset({"variance_of_truth", "mean_of_truth"})

# Words that stand for a number in the core.
WORDS = {"normalization": {"range": 0.0, "mean": 1.0, "std": 2.0, "euclidean": 3.0}}


def _is_share(value: float) -> bool:
    return 0 <= value <= 1


def _is_positive(value: float) -> bool:
    return 0 < value < math.inf


ALLOWED: dict[str, tuple[Callable[[float], bool], str]] = {
    "alpha": (_is_share, "a float in the range [0.0, 1.0]"),
    "tau": (_is_share, "a float in the range [0.0, 1.0]"),
    "proportion": (lambda value: 0 <= value < 1, "a float in the range [0.0, 1.0)"),
    "delta": (_is_positive, "a float in the range (0.0, inf)"),
    "c": (_is_positive, "a float in the range (0.0, inf)"),
    "scale": (_is_positive, "a float in the range (0.0, inf)"),
    "variance": (_is_positive, "a float in the range (0.0, inf)"),
    "data_range": (_is_positive, "a float in the range (0.0, inf)"),
    "power": (
        lambda value: math.isfinite(value) and (value <= 0 or value >= 1),
        "a float in the range (-inf, 0.0] or a float in the range [1.0, inf)",
    ),
    "version": (lambda value: value in (2009, 2012), "2009 or 2012"),
    "force_finite": (lambda value: value in (0, 1), "an instance of 'bool'"),
}


@dataclass(frozen=True)
class Metric:
    """A name from `metric_names()`, and what its parameter is set to. Made by `metric`."""

    name: str
    parameter: float
    """As the core takes it: a number, also where a word stands for it."""

    @property
    def label(self) -> str:
        """The name, with the parameter where it is not the default."""
        known, default = parameter_of(self.name)
        if not known or self.parameter == default:
            return self.name
        return f"{self.name}({known}={_shown(known, self.parameter)})"

    @property
    def is_of_order(self) -> bool:
        """Whether it needs all pairs at once: no sums over chunks hold it."""
        return self.name in OF_ORDER


def parameter_of(name: str) -> tuple[str, float]:
    """Return the name of a metric's parameter, empty where it has none, and its default."""
    return OF_ORDER[name] if name in OF_ORDER else _core.metrics[name]


def _shown(parameter: str, number: float) -> str:
    for word, value in WORDS.get(parameter, {}).items():
        if value == number:
            return repr(word)
    if parameter == "force_finite":
        return str(bool(number))
    short = f"{number:g}"
    # Two parameters are never shown alike: scores are told apart by what is shown.
    return short if float(short) == number else repr(number)


def number_of(name: str, value: Any, function: str) -> float:
    """Return a parameter as the core takes it, or raise what it must be."""
    if name in WORDS:
        check_choice(value, tuple(WORDS[name]), name, function)
        return WORDS[name][value]
    is_allowed, must_be = ALLOWED[name]
    is_number = isinstance(value, (int, float)) or (hasattr(value, "__float__") and getattr(value, "ndim", 1) == 0)
    if not is_number or not is_allowed(float(value)):
        raise InvalidParameterError(f"The {name!r} parameter of {function} must be {must_be}. Got {value!r} instead.")
    return float(value)


@functools.cache
def sum_names() -> tuple[str, ...]:
    """Return the names of the metrics that sums over chunks hold."""
    return tuple(name for name in _core.metrics if name not in INTERNAL)


def metric_names() -> tuple[str, ...]:
    """Return the name of every metric.

    Examples
    --------
    >>> import squarely
    >>> "mean_squared_error" in squarely.metric_names()
    True
    """
    return _all_names()


@functools.cache
def _all_names() -> tuple[str, ...]:
    return sum_names() + tuple(OF_ORDER)


def metric(name: str, **parameters: Any) -> Metric:
    """Return a metric with its parameter set, to be passed wherever a name is.

    Parameters
    ----------
    name : str
        From `metric_names()`.
    **parameters
        As the function of that name takes them: ``alpha`` of mean_pinball_loss, ``delta`` of mean_huber_loss,
        ``power`` of mean_tweedie_deviance, and so on.

    Returns
    -------
    Metric

    Raises
    ------
    ValueError
        Where there is no such metric or parameter, or its value is out of range.

    Examples
    --------
    >>> import squarely
    >>> pinball = squarely.metric("mean_pinball_loss", alpha=0.9)
    >>> squarely.evaluate([1.0, 2.0], [2.0, 4.0], metrics=["mean_error", pinball]).to_dict()
    {'mean_error': 1.5, 'mean_pinball_loss(alpha=0.9)': 0.14999999999999997}
    """
    check_choice(name, metric_names(), "name", "metric")
    known, default = parameter_of(name)
    unknown = [given for given in parameters if given != known]
    if unknown:
        has = f"only {known!r}" if known else "none"
        raise InvalidParameterError(f"The metric {name!r} has no parameter {unknown[0]!r}. It has {has}.")
    return Metric(name, number_of(known, parameters[known], name) if parameters else default)


def as_metrics(metrics: str | Metric | Iterable[str | Metric], function: str) -> tuple[Metric, ...]:
    """Return metrics, each once, from names and metrics."""
    given = (metrics,) if isinstance(metrics, (str, Metric)) else tuple(metrics)
    if not given:
        raise ValueError(f"The 'metrics' parameter of {function} must name at least one metric.")
    found = []
    for one in given:
        if isinstance(one, Metric):
            found.append(_checked(one.name, one.parameter, function))
        else:
            _check_name(one, function)
            found.append(_only(one, parameter_of(one)[1]))
    return tuple(dict.fromkeys(found))


@functools.lru_cache(maxsize=1024)
def _checked(name: str, number: float, function: str) -> Metric:
    """Return a metric that may have been made by hand, or raise what is wrong with it."""
    check_choice(name, metric_names(), "metrics", function)
    known, default = parameter_of(name)
    if number != default and not (known and _is_allowed(known, number)):
        raise InvalidParameterError(
            f"The 'metrics' parameter of {function} holds {name} with the parameter {number!r}, which it cannot have. "
            "Make it by squarely.metric."
        )
    return _only(name, number)


def _is_allowed(parameter: str, number: float) -> bool:
    return number in WORDS[parameter].values() if parameter in WORDS else ALLOWED[parameter][0](number)


def _check_name(name: object, function: str) -> None:
    if name in metric_names():
        return
    import difflib

    close = difflib.get_close_matches(str(name), metric_names(), n=1)
    if isinstance(name, str) and close:
        raise InvalidParameterError(
            f"The 'metrics' parameter of {function} has no metric {name!r}. Did you mean {close[0]!r}? "
            "squarely.metric_names() lists them all."
        )
    check_choice(name, metric_names(), "metrics", function)


@functools.lru_cache(maxsize=1024)
def _only(name: str, parameter: float) -> Metric:
    """Return the one object of a metric: those of ten thousand states are then compared by identity."""
    return Metric(name, parameter + 0.0)  # of two zeros the positive one

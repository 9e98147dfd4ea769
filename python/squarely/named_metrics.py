"""A metric as a value: its name and its parameter, wherever a name is taken."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from squarely import _core
from squarely.arguments import InvalidParameterError, check_choice

__all__ = [
    "EVERYDAY",
    "PICTURES",
    "Metric",
    "MetricLike",
    "as_metric",
    "as_metric_name",
    "as_metrics",
    "closest",
    "full_name",
    "has_default",
    "metric",
    "metric_names",
    "parameter_value",
]

# Names that are less alike are not taken for each other: "all" is no "pinball". Of 1.
LEAST_ALIKE = 0.75
MOST_MEANT = 3  # names that have what was typed as a word

# What is scored where nobody says what: what most people ask for, and what one fused loop over the data gives.
EVERYDAY = tuple(name for name, row in _core.metrics.items() if row.is_everyday)


@dataclass(frozen=True, repr=False)
class Metric:
    """A name from `metric_names()`, and what its parameter is set to. Made by `metric`."""

    name: str
    parameter: float
    """As the core takes it: a number, also where a word stands for it."""

    @property
    def row(self) -> _core.MetricRow:
        """All that is known of the metric."""
        return _core.metrics[self.name]

    @functools.cached_property
    def label(self) -> str:
        """The name, with the parameter where it is not the default."""
        row = self.row
        if not row.parameter or self.parameter == row.default:
            return self.name
        return f"{self.name}({row.parameter}={_shown(row, self.parameter)})"

    def __repr__(self) -> str:
        row = _core.metrics.get(self.name)  # there is none of a metric that was made by hand
        given = f", {row.parameter}={_shown(row, self.parameter)}" if row and row.parameter else ""
        return f"squarely.metric({self.name!r}{given})"

    @functools.cached_property
    def is_of_order(self) -> bool:
        """Whether it needs all pairs at once: no sums over chunks hold it."""
        return self.row.kind == "order"


# What pictures are drawn from, as a metric that is kept beside those that were named.
PICTURES = Metric("pictures", 0.0)

# How a metric is named: as `metric_names()` has it or in short, by the function itself, or with its parameter set.
MetricLike = str | Metric | Callable[..., Any]


def _shown(row: _core.MetricRow, number: float) -> str:
    for word, value in row.words.items():
        if value == number:
            return repr(word)
    if row.is_boolean:
        return str(bool(number))
    short = f"{number:g}"
    # Two parameters are never shown alike: scores are told apart by what is shown.
    return short if float(short) == number else repr(number)


def parameter_value(name: str, value: Any) -> float:
    """Return the parameter of a metric as the core takes it, or raise what it must be."""
    row = _core.metrics[name]
    if row.words:
        check_choice(value, tuple(row.words), row.parameter, name)
        return row.words[value]
    # Of NumPy's a duration too has `__float__`.
    is_array = getattr(value, "ndim", 1) == 0 and getattr(getattr(value, "dtype", None), "kind", "f") in "biuf"
    is_number = isinstance(value, (int, float)) or (is_array and hasattr(value, "__float__"))
    if not is_number or not row.allows(float(value)):
        raise InvalidParameterError(
            f"The {row.parameter!r} parameter of {name} must be {row.must_be}. Got {value!r} instead."
        )
    return float(value)


def metric_names(kind: str = "all") -> tuple[str, ...]:
    """Return the full name of every metric; its page, and ``squarely metrics`` in a shell, have the short ones.

    Parameters
    ----------
    kind : {"all", "sums", "order"}, default="all"
        Only those of sums, which chunks, files and states hold, or only those of the order of all pairs.

    Examples
    --------
    >>> import squarely
    >>> "mean_squared_error" in squarely.metric_names()
    True
    """
    check_choice(kind, ("all", "sums", "order"), "kind", "metric_names")
    return _names(kind)


@functools.cache
def _names(kind: str) -> tuple[str, ...]:
    kinds = ("sums", "order") if kind == "all" else (kind,)
    return tuple(name for name, row in _core.metrics.items() if row.kind in kinds)


@functools.cache
def _full_names() -> dict[str, str]:
    """Return the full names by full and short ones."""
    short = {_core.metrics[name].short_name: name for name in _names("all") if _core.metrics[name].short_name}
    return {**short, **{name: name for name in _names("all")}}


def full_name(name: str) -> str:
    """Return the full name of a metric by a short one, and whatever else it is as it is."""
    return _full_names().get(name, name)


def metric(name: MetricLike, **parameters: Any) -> Metric:
    """Return a metric with its parameter set, to be passed wherever a name is.

    Parameters
    ----------
    name : str or function
        From `metric_names()`, in short (``mse``, ``rmse``, ``mae``, ``r2`` ...), or the function itself.
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
    if isinstance(name, Metric) and not parameters:
        return as_metric(name, "name", "metric")
    full = as_metric_name(name, "name", "metric")
    row = _core.metrics[full]
    unknown = [given for given in parameters if given != row.parameter]
    if unknown:
        has = f"only {row.parameter!r}" if row.parameter else "none"
        raise InvalidParameterError(f"The metric {full!r} has no parameter {unknown[0]!r}. It has {has}.")
    return _only(full, parameter_value(full, parameters[row.parameter])) if parameters else _by_default(full)


def as_metrics(metrics: MetricLike | Iterable[MetricLike] | None, function: str) -> tuple[Metric, ...]:
    """Return metrics, each once, from names, functions and metrics; the everyday ones where there are none."""
    if metrics is None:
        return _everyday()
    given = (metrics,) if isinstance(metrics, (str, Metric)) or callable(metrics) else tuple(metrics)
    if not given:
        raise ValueError(f"The 'metrics' parameter of {function} must name at least one metric.")
    return tuple(dict.fromkeys(as_metric(one, "metrics", function) for one in given))


@functools.cache
def _everyday() -> tuple[Metric, ...]:
    return tuple(_only(name, _core.metrics[name].default) for name in EVERYDAY)


def as_metric(given: object, argument: str, function: str) -> Metric:
    """Return the metric that a name, a function or a metric stands for, or raise why there is none."""
    if isinstance(given, Metric):
        return _checked(given.name, given.parameter, argument, function)
    return _by_default(as_metric_name(given, argument, function))


def as_metric_name(given: object, argument: str, function: str) -> str:
    if isinstance(given, Metric):
        return given.name
    name = _full_names().get(given) if isinstance(given, str) else _name_of_function(given)
    if name is None:
        raise InvalidParameterError(_no_such_metric(given, argument, function))
    return name


def has_default(name: str) -> bool:
    """Whether a metric may be named without its parameter."""
    return _core.metrics[name].has_default


def _by_default(name: str) -> Metric:
    if not has_default(name):
        parameter = _core.metrics[name].parameter
        raise InvalidParameterError(
            f"The metric {name!r} needs its {parameter}, which has no default. Pass "
            f"squarely.metric({name!r}, {parameter}=...)."
        )
    return _only(name, _core.metrics[name].default)


def _name_of_function(given: object) -> str | None:
    name = getattr(given, "__name__", None) if callable(given) else None
    if name is None or name not in _names("all"):
        return None
    from squarely import metrics

    return name if getattr(metrics, name) is given else None


def closest(name: str, known: Iterable[str]) -> str:
    """Return a question with the names that are like this one, in letters of either size, or nothing."""
    import difflib

    known, name = list(known), name.lower()
    close = difflib.get_close_matches(name, known, n=1, cutoff=LEAST_ALIKE)
    with_the_word = [one for one in known if f"_{name}_" in f"_{one}_"]
    meant = close or (with_the_word if len(with_the_word) <= MOST_MEANT else [])
    return f"Did you mean {' or '.join(map(repr, meant))}? " if meant else ""


def _no_such_metric(given: object, argument: str, function: str) -> str:
    # A function of another library has the name of ours, and its scorers have our names behind "neg_".
    name = given if isinstance(given, str) else getattr(given, "__name__", "")
    if written := _written_out(name):
        return f"The {argument!r} parameter of {function} takes no text with a parameter, {given!r}. Pass {written}."
    several = [one.strip() for one in name.split(",")]
    meant = f"Pass several as a list: {several}. " if len(several) > 1 else ""
    return (
        f"The {argument!r} parameter of {function} has no metric {given!r}. "
        f"{meant or closest(name.removeprefix('neg_'), _full_names())}squarely.metric_names() lists them all."
    )


def _written_out(text: str) -> str:
    """Return the call that makes the metric which a report calls so, as huber_loss(delta=2), or nothing."""
    found = re.fullmatch(r"\s*(\w+)\s*\(\s*(\w+)\s*=\s*([^(),]+?)\s*\)\s*", text)
    full = found and _full_names().get(found[1])
    if not found or not full or _core.metrics[full].parameter != found[2]:
        return ""
    value = found[3].strip("'\"")
    return f"squarely.metric({full!r}, {found[2]}={repr(value) if value in _core.metrics[full].words else value})"


@functools.lru_cache(maxsize=1024)
def _checked(name: str, number: float, argument: str, function: str) -> Metric:
    """Return a metric that may have been made by hand, or raise what is wrong with it."""
    if name not in _names("all"):
        raise InvalidParameterError(_no_such_metric(name, argument, function))
    row = _core.metrics[name]
    if number != row.default and not row.allows(number):
        raise InvalidParameterError(
            f"The {argument!r} parameter of {function} holds {name} with the parameter {number!r}, which it cannot "
            "have. Make it by squarely.metric."
        )
    return _only(name, number)


@functools.lru_cache(maxsize=1024)
def _only(name: str, parameter: float) -> Metric:
    """Return the one object of a metric: those of ten thousand states are then compared by identity."""
    return Metric(name, parameter + 0.0)  # of two zeros the positive one

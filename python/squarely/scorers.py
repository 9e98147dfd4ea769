"""Scorers for scikit-learn's model selection: ``scoring=squarely.scorers["neg_mean_squared_error"]``.

The module is a mapping from names to scorers. A scorer is greater where the prediction is better, so metrics of which
lower is better are negated, and ``neg_`` comes before their names, as in scikit-learn, whose names are all here. A
metric itself is no scorer: ``scoring=squarely.r2_score`` is refused where scikit-learn refuses its own, and fails in
every fold where it does not look, as in ``GridSearchCV``.

Examples
--------
>>> import squarely
>>> "r2" in squarely.scorers and "neg_mean_squared_error" in squarely.scorers
True
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from squarely import _core, metrics
from squarely.arguments import (
    MULTIOUTPUTS,
    NAN_POLICIES,
    SUMMATIONS,
    InvalidParameterError,
    check_choice,
    check_multioutput,
)
from squarely.directions import directed_metric, greater_is_better
from squarely.named_metrics import Metric, MetricLike, as_metric_name, closest, full_name, has_default, metric_names

__all__ = ["scorer"]

# scikit-learn's names for scorers do not say "score".
SHORT_NAMES = {"r2": "r2_score", "explained_variance": "explained_variance_score"}

# What a scorer gets with every call, and no option can set for all folds.
OF_EVERY_CALL = frozenset({"y_true", "y_pred", "sample_weight", "where"})


def scorer(metric: MetricLike, **options: Any) -> Any:
    """Return a scorer for ``scoring=`` of ``cross_validate``, ``GridSearchCV`` and their like.

    Parameters
    ----------
    metric : str, function or Metric
        A name from `metric_names()`, the function itself, or what `metric` makes of it.
    **options
        Of the function of that name: its parameter, as ``alpha`` of mean_pinball_loss, and ``multioutput``,
        ``nan_policy`` and ``summation``.

    Returns
    -------
    callable
        What scikit-learn's ``make_scorer`` makes of the function: ``scorer(estimator, X, y, sample_weight=None)``
        predicts and returns a float. Metrics of which lower is better are negated. It can be pickled, so it
        works with any ``n_jobs``; ``set_score_request(sample_weight=True)`` routes weights to it.

    Raises
    ------
    ValueError
        Where there is no such metric or option, or the metric is best at zero, as mean_error is.
    ImportError
        Where scikit-learn is not installed.

    Examples
    --------
    >>> from sklearn.dummy import DummyRegressor
    >>> from sklearn.model_selection import cross_val_score
    >>> import squarely
    >>> pinball = squarely.scorers.scorer("mean_pinball_loss", alpha=0.9)
    >>> cross_val_score(DummyRegressor(), [[0], [0], [0], [0]], [1.0, 2.0, 3.0, 4.0], cv=2, scoring=pinball)
    array([-0.2, -1.8])
    """
    asked = directed_metric(metric, _own_parameter(metric, options), "scorer")
    function: Callable[..., Any] = getattr(metrics, asked.name)
    _check_options(asked.name, function, options)
    try:
        from sklearn.metrics import make_scorer  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError("squarely.scorers needs scikit-learn. Install it: pip install scikit-learn") from error
    keywords = _keyword_of(metric) if isinstance(metric, Metric) else {}
    return make_scorer(function, greater_is_better=greater_is_better(asked.name), **keywords, **options)


def _own_parameter(metric: MetricLike, options: dict[str, Any]) -> dict[str, Any]:
    """Return the option that is the metric's parameter, if it is there."""
    own = _core.metrics[as_metric_name(metric, "metric", "scorer")].parameter
    return {own: options[own]} if own in options else {}


def _keyword_of(metric: Metric) -> dict[str, Any]:
    """Return the parameter as the function takes it, nothing where there is none."""
    row = metric.row
    words = {number: word for word, number in row.words.items()}
    as_taken = bool(metric.parameter) if row.is_boolean else words.get(metric.parameter, metric.parameter)
    return {row.parameter: as_taken} if row.parameter else {}


def _check_options(name: str, function: Callable[..., Any], options: dict[str, Any]) -> None:
    """Refuse at once what every fold would refuse, where scikit-learn makes NaN of an error."""
    known = [option for option in inspect.signature(function).parameters if option not in OF_EVERY_CALL]
    unknown = [option for option in options if option not in known]
    if unknown:
        has = ", ".join(map(repr, known))
        raise InvalidParameterError(f"A scorer of {name!r} has no option {unknown[0]!r}. It has {has}.")
    check_choice(options.get("nan_policy", "raise"), NAN_POLICIES, "nan_policy", "scorer")
    check_choice(options.get("summation", "exact"), SUMMATIONS, "summation", "scorer")
    # A score of several numbers cannot be compared.
    check_multioutput(options.get("multioutput", "uniform_average"), "scorer", MULTIOUTPUTS[1:])


def _names() -> dict[str, str]:
    """Return the metrics by the names of their scorers."""
    prefixes = {"greater": "", "lower": "neg_"}
    better = {name: _core.metrics[name].better for name in metric_names() if has_default(name)}
    own = {prefixes[better[name]] + name: name for name in better if better[name] != "zero"}
    return {**own, **SHORT_NAMES}


def _meant(name: str, names: Mapping[str, str]) -> str:
    """Return what a person may have meant, also by the name of a metric that no scorer has."""
    own = full_name(name.lower().removeprefix("neg_"))
    if own in metric_names() and _core.metrics[own].better == "zero":
        return f"The metric {own!r} is best at zero, which is neither greater nor lower. "
    return closest(f"neg_{own}" if f"neg_{own}" in names else own, names)


class ScorersModule(ModuleType, Mapping[str, Any]):
    """The module itself, so that it can be asked by name."""

    if TYPE_CHECKING:

        @staticmethod
        def scorer(metric: MetricLike, **options: Any) -> Any: ...

    def __getitem__(self, name: str) -> Any:
        names = _names()
        if name in names:
            return scorer(names[name])
        raise KeyError(f"There is no scorer {name!r}. {_meant(name, names)}list(squarely.scorers) has them all.")

    def __iter__(self) -> Iterator[str]:
        return iter(_names())

    def __len__(self) -> int:
        return len(_names())

    # A module, also where it is compared or a key, and not the sum of its contents.
    def __eq__(self, other: object) -> bool:
        return ModuleType.__eq__(self, other)

    def __hash__(self) -> int:
        return ModuleType.__hash__(self)


sys.modules[__name__].__class__ = ScorersModule
